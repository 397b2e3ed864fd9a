"""An authenticated request, as handlers receive it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from api.dialects.native import body, fields
from api.dialects.native.authorization import ID, Caller, Demand, ForAnother, acting, check
from api.dialects.native.incoming import Incoming
from api.dialects.native.open_streams import Streams
from bridge.accounts.sessions import SignedIn
from bridge.dataclass import dataclass
from bridge.errors import NoSuchThing
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account
from bridge.model.user import Role

T = TypeVar("T")
#: bytes; all bodies but that of a bulk submission are small. The longest is what a driver remembers, in any script
BODY_LIMIT = 512 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """A request with valid credentials and query string."""

    incoming: Incoming
    gateway: Gateway
    caller: Caller
    #: what the query string says, by the readers of its route
    query: Mapping[str, Any]
    #: of the dialect's paths
    prefix: str
    #: bytes of the largest body
    body_limit: int
    #: the event streams that are open
    streams: Streams
    #: what the operation asks of its caller
    demand: Demand
    #: how often who may come in had changed before the caller was let in
    changes: int

    @property
    def account(self) -> Account:
        """The one that this call is for."""
        return self.caller.account

    @property
    def who(self) -> str:
        """Who calls, for the audit trail."""
        return self.caller.who

    @property
    def id(self) -> str:
        """The last variable part of the path. Raises NoSuchThing for an impossible id."""
        return self.part("id")

    def part(self, name: str) -> str:
        """A variable part of the path. Raises NoSuchThing for an impossible id or name."""
        given = self.incoming.parts[name]
        if not ID.fullmatch(given):
            raise NoSuchThing
        return given

    def operators_only(self) -> None:
        """Raises ForAnother unless the account is an operator."""
        if not self.account.operator:
            raise ForAnother("Only an operator may do this.")

    def owners_only(self) -> None:
        """Raises ForAnother for every key: people are looked after by people, and on the machine itself."""
        signed_in = self.caller.signed_in
        if not (self.caller.commands or (signed_in is not None and signed_in.user.role is Role.OWNER)):
            raise ForAnother("Only an owner who is signed in, or the command line, may do this.")

    def person(self) -> SignedIn:
        """Who is signed in. Raises ForAnother for a key and for the command line."""
        if self.caller.signed_in is None:
            raise ForAnother("This is for people who are signed in; a key has no session.")
        return self.caller.signed_in

    def writing(self) -> None:
        """For a GET that changes something after all. Raises ForAnother for a person who may not write."""
        if self.caller.signed_in is not None:
            check(self.caller.signed_in, self.incoming, Demand(Role.OPERATOR, writes=True))

    async def renewed(self) -> "Call":
        """The call with its caller let in once more, where that may have changed since: a body may take hours.

        Raises what `acting` does.
        """
        changes = self.gateway.authenticator.changes
        if changes == self.changes:
            return self
        caller = await acting(self.incoming, self.gateway, self.demand)
        return replace(self, caller=caller, changes=changes)

    async def body(self, meaning: Callable[[Mapping[str, Any]], T]) -> T:
        """Parse the JSON object in the body with `meaning`. Raises BadRequest, NotJson, BodyTooLarge."""
        read = await body.read(self.incoming, meaning, min(self.body_limit, BODY_LIMIT))
        await self.renewed()
        return read

    async def file(self, most: int) -> bytes:
        """The file of at most `most` bytes that the body is. Raises NotAFile, BodyTooLarge."""
        read = await body.read_file(self.incoming, min(self.body_limit, most))
        await self.renewed()
        return read

    async def fields(self, readers: Mapping[str, fields.Reader], *needed: str) -> dict[str, Any]:
        """Read the members of the JSON object in the body; the `needed` ones are required."""

        def meaning(given: Mapping[str, Any]) -> dict[str, Any]:
            taken = fields.take(given, readers)
            fields.need(taken, *needed)
            return taken

        return await self.body(meaning)
