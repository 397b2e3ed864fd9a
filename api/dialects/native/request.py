"""An authenticated request, as handlers receive it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from api.dialect.headers import bearer
from api.dialects.native import body, fields
from api.dialects.native.incoming import Incoming
from api.dialects.native.streams import Streams
from bridge.errors import NoSuchThing, NotAllowed, UnknownCaller
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account

T = TypeVar("T")
_ID = re.compile(r"[\w.:-]{1,200}", re.ASCII)
#: the command line in the audit trail
COMMANDS = "command line"
#: bytes; all bodies but that of a bulk submission are small. The longest is what a driver remembers, in any script
BODY_LIMIT = 512 * 1024


class ForAnother(NotAllowed):
    """This account may not act for another."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request with valid credentials and query string."""

    incoming: Incoming
    gateway: Gateway
    account: Account
    #: what the query string says, by the readers of its route
    query: Mapping[str, Any]
    #: of the dialect's paths
    prefix: str
    #: bytes of the largest body
    body_limit: int
    #: the event streams that are open
    streams: Streams
    #: whose credentials they are, for the audit trail: `account`, or the operator who acts for it
    who: str

    @property
    def id(self) -> str:
        """The last variable part of the path. Raises NoSuchThing for an impossible id."""
        return self.part("id")

    def part(self, name: str) -> str:
        """A variable part of the path. Raises NoSuchThing for an impossible id or name."""
        given = self.incoming.parts[name]
        if not _ID.fullmatch(given):
            raise NoSuchThing
        return given

    def operators_only(self) -> None:
        """Raises ForAnother unless the account is an operator."""
        if not self.account.operator:
            raise ForAnother("Only an operator may do this.")

    async def body(self, meaning: Callable[[Mapping[str, Any]], T]) -> T:
        """Parse the JSON object in the body with `meaning`. Raises BadRequest, NotJson, BodyTooLarge."""
        return await body.read(self.incoming, meaning, min(self.body_limit, BODY_LIMIT))

    async def fields(self, readers: Mapping[str, fields.Reader], *needed: str) -> dict[str, Any]:
        """Read the members of the JSON object in the body; the `needed` ones are required."""

        def meaning(given: Mapping[str, Any]) -> dict[str, Any]:
            taken = fields.take(given, readers)
            fields.need(taken, *needed)
            return taken

        return await self.body(meaning)


async def acting(incoming: Incoming, gateway: Gateway) -> tuple[Account, str]:
    """The account the call is for (the caller's, or one an operator names in a header), and the caller's name.

    Raises NotAllowed, and ForAnother for a name that this caller may not act for.
    """
    caller = await _caller(incoming, gateway)
    who = _named(caller, incoming, gateway)
    name = incoming.headers.get("SMS-Bridge-Account", caller.name)
    if name == caller.name:
        return caller, who
    try:
        return await gateway.account(caller, name if _ID.fullmatch(name) else ""), who
    except NoSuchThing:
        raise ForAnother("There is no account of the name in SMS-Bridge-Account.") from None
    except NotAllowed as error:
        raise ForAnother(error.message) from None


def _named(caller: Account, incoming: Incoming, gateway: Gateway) -> str:
    """The caller's name for the audit trail: account and key, or the command line with a foreign user."""
    if gateway.admission.is_command(_secret(incoming)):
        return f"{COMMANDS} ({incoming.user})" if incoming.user else COMMANDS
    return f"{caller.name} (key {caller.grant.key})" if caller.grant.key else caller.name


async def still_known(call: Call) -> bool:
    """Whether the key of a long-lived call is still valid. Raises StoreUnavailable."""
    return await call.gateway.admission.stands(_secret(call.incoming), "apikey", "token")


def _secret(incoming: Incoming) -> str:
    return bearer(incoming.headers) or incoming.headers.get("X-Api-Key", "")


async def _caller(incoming: Incoming, gateway: Gateway) -> Account:
    secret = _secret(incoming)
    if not secret:
        raise NotAllowed("Send your API key: Authorization: Bearer <key>, or X-Api-Key: <key>.")
    try:
        return await incoming.enter(gateway, secret)
    except UnknownCaller:
        raise NotAllowed("Invalid or expired API key.") from None
