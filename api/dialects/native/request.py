"""An authenticated request, as handlers receive it."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from api.dialect.headers import bearer
from api.dialects.native import body, fields
from api.dialects.native.cookie import PROOF_HEADER
from api.dialects.native.incoming import Incoming
from api.dialects.native.streams import Streams
from bridge.accounts.credentials import OPERATOR
from bridge.accounts.sessions import SignedIn, called
from bridge.errors import NoSuchThing, NotAllowed, UnknownCaller
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account
from bridge.model.scope import ADMIN, EVERYTHING, INBOX, READ, WEBHOOKS, Grant, Needs
from bridge.model.user import Role

T = TypeVar("T")
_ID = re.compile(r"[\w.:-]{1,200}", re.ASCII)
#: the command line in the audit trail
COMMANDS = "command line"
#: bytes; all bodies but that of a bulk submission are small. The longest is what a driver remembers, in any script
BODY_LIMIT = 512 * 1024
#: what a person may do, as the scopes of a key
SCOPES: Mapping[Role, Needs] = {
    Role.READER: READ | INBOX | WEBHOOKS,
    Role.OPERATOR: EVERYTHING - ADMIN,
    Role.OWNER: EVERYTHING,
}


class ForAnother(NotAllowed):
    """This account may not act for another."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What an operation asks of its caller, besides the scopes of a key."""

    #: of a person who is signed in
    role: Role
    #: it changes something
    writes: bool
    #: nobody is asked who he is
    public: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and for which account."""

    account: Account
    #: for the audit trail: the account and its key, the person, or the operator who acts for the account
    who: str
    #: None for a key, and for the command line
    signed_in: SignedIn | None = None
    #: the command line calls
    commands: bool = False


NOBODY = Caller(Account(""), "")


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
        if not _ID.fullmatch(given):
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
            _check(self.caller.signed_in, self.incoming, Demand(Role.OPERATOR, writes=True))

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


async def acting(incoming: Incoming, gateway: Gateway, demand: Demand) -> Caller:
    """Who calls, and for which account: the caller's own, or the one that an operator names in a header.

    Raises NotAllowed, and ForAnother for a name that this caller may not act for, and for a person's role.
    """
    if demand.public:
        return NOBODY
    caller = await _caller(incoming, gateway, demand)
    name = incoming.headers.get("SMS-Bridge-Account", caller.account.name)
    if name == caller.account.name:
        return caller
    try:
        return replace(caller, account=await gateway.account(caller.account, name if _ID.fullmatch(name) else ""))
    except NoSuchThing:
        raise ForAnother("There is no account of the name in SMS-Bridge-Account.") from None
    except NotAllowed as error:
        raise ForAnother(error.message) from None


async def still_known(call: Call, address: str) -> bool:
    """Whether the key or the session of a call that lasts is still good there. Raises StoreUnavailable."""
    if call.caller.signed_in is not None:
        return await call.gateway.sessions.stands(call.caller.signed_in.secret)
    return await call.gateway.admission.stands(_secret(call.incoming), address, "apikey", "token")


def _secret(incoming: Incoming) -> str:
    return bearer(incoming.headers) or incoming.headers.get("X-Api-Key", "")


async def _caller(incoming: Incoming, gateway: Gateway, demand: Demand) -> Caller:
    secret = _secret(incoming)
    if not secret and incoming.cookie:
        return await _signed_in(incoming, gateway, demand)
    if not secret:
        raise NotAllowed("Send your API key: Authorization: Bearer <key>, or X-Api-Key: <key>.")
    try:
        account = await incoming.enter(gateway, secret)
    except UnknownCaller:
        raise NotAllowed("Invalid or expired API key.") from None
    if gateway.admission.is_command(secret):
        return Caller(account, f"{COMMANDS} ({incoming.user})" if incoming.user else COMMANDS, commands=True)
    return Caller(account, f"{account.name} (key {account.grant.key})" if account.grant.key else account.name)


async def _signed_in(incoming: Incoming, gateway: Gateway, demand: Demand) -> Caller:
    """A person, who acts for the bridge's own account."""
    found = await gateway.sessions.find(incoming.cookie)
    if found is None:
        raise NotAllowed("You are not signed in, or your session has ended: sign in.")
    _check(found, incoming, demand)
    account = replace(await gateway.desk.account(OPERATOR), grant=Grant(SCOPES[found.user.role]))
    return Caller(account, called(found.user, incoming.origin), found)


def _check(found: SignedIn, incoming: Incoming, demand: Demand) -> None:
    """Raises ForAnother for a role that is too low, and for a write that no page of the bridge's own asked for."""
    if not found.user.role.includes(demand.role):
        article = "a reader" if found.user.role is Role.READER else "an operator"
        raise ForAnother(f"{found.user.name} is {article} here; this takes an {demand.role}.")
    given = incoming.headers.get(PROOF_HEADER, "")
    if demand.writes and not secrets.compare_digest(given.encode(), found.proof.encode()):
        raise ForAnother(f"Send what GET /v1/session says under `csrf` in the header {PROOF_HEADER}.")
