"""Who calls the native API, for which account, and whether their role lets them."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace

from api.dialect.credential_headers import bearer
from api.dialects.native.cookie import PROOF_HEADER
from api.dialects.native.incoming import Incoming
from bridge.accounts.credentials import OPERATOR
from bridge.accounts.sessions import SignedIn, called
from bridge.dataclass import dataclass
from bridge.errors import NoSuchThing, NotAllowed, UnknownCaller
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account
from bridge.model.scope import ADMIN, EVERYTHING, INBOX, READ, WEBHOOKS, Grant, Needs
from bridge.model.user import Role

#: what an id or a name in a path or header looks like
ID = re.compile(r"[\w.:-]{1,200}", re.ASCII)
#: the command line in the audit trail
COMMANDS = "command line"
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
        return replace(caller, account=await gateway.account(caller.account, name if ID.fullmatch(name) else ""))
    except NoSuchThing:
        raise ForAnother("There is no account of the name in SMS-Bridge-Account.") from None
    except NotAllowed as error:
        raise ForAnother(error.message) from None


async def still_known(caller: Caller, incoming: Incoming, gateway: Gateway, address: str) -> bool:
    """Whether the key or the session of a call that lasts is still good there. Raises StoreUnavailable."""
    if caller.signed_in is not None:
        return await gateway.sessions.stands(caller.signed_in.secret)
    return await gateway.authenticator.stands(_secret(incoming), address, "apikey", "token")


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
    if account.operator and gateway.authenticator.is_command(secret):
        return Caller(account, f"{COMMANDS} ({incoming.user})" if incoming.user else COMMANDS, commands=True)
    return Caller(account, f"{account.name} (key {account.grant.key})" if account.grant.key else account.name)


async def _signed_in(incoming: Incoming, gateway: Gateway, demand: Demand) -> Caller:
    """A person, who acts for the bridge's own account."""
    found = await gateway.sessions.find(incoming.cookie)
    if found is None:
        raise NotAllowed("You are not signed in, or your session has ended: sign in.")
    check(found, incoming, demand)
    account = replace(await gateway.administration.account(OPERATOR), grant=Grant(SCOPES[found.user.role]))
    return Caller(account, called(found.user, incoming.origin), found)


def check(found: SignedIn, incoming: Incoming, demand: Demand) -> None:
    """Raises ForAnother for a role that is too low, and for a write that no page of the bridge's own asked for."""
    if not found.user.role.includes(demand.role):
        article = "a reader" if found.user.role is Role.READER else "an operator"
        raise ForAnother(f"{found.user.name} is {article} here; this takes an {demand.role}.")
    given = incoming.headers.get(PROOF_HEADER, "")
    if demand.writes and not secrets.compare_digest(given.encode(), found.proof.encode()):
        raise ForAnother(f"Send what GET /v1/session says under `csrf` in the header {PROOF_HEADER}.")
