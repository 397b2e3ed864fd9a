"""Credentials of an account: made once for every dialect, printed once, kept as digests.

Not the webhook secret: both sides sign with it, so the bridge keeps it as it is (`Account.webhook_secret`).
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bridge.dataclass import dataclass
from bridge.errors import BadRequest

if TYPE_CHECKING:
    from bridge.ports.store_rows import Credential


@dataclass(frozen=True, slots=True)
class CredentialKind:
    """One kind of credential: what is printed for it, and how a caller proves that it has it."""

    #: what can be renewed on its own (`account rotate NAME KIND`)
    name: str
    #: for people: which callers have it
    about: str
    #: fresh values by the keys that are printed, for an account of this name: the identifier where there is one,
    #: the secret last
    make: Callable[[str], Mapping[str, str]]
    #: the keys of those, in order
    keys: tuple[str, ...]
    #: what a caller sends of the secret
    send: Callable[[str], str] = str
    #: programs may have named keys of it
    for_keys: bool = True
    #: a named key is recognised by how its secret begins, because its identifier is the account's name or there is none
    known_by_secret: bool = False


#: every kind by name; dialects declare theirs (`api.dialects`)
KINDS: dict[str, CredentialKind] = {}


def declare(*kinds: CredentialKind) -> None:
    """Register credential kinds; harmless when repeated. Kinds that authenticate nothing are printed last."""
    KINDS.update((kind.name, kind) for kind in kinds)
    for name in [each.name for each in KINDS.values() if not each.for_keys]:
        KINDS[name] = KINDS.pop(name)


def key_kinds() -> tuple[str, ...]:
    """The kinds that a named key may be of."""
    return tuple(name for name, kind in KINDS.items() if kind.for_keys)


#: the account of the command line; nobody else can have the name
OPERATOR = "operator"
#: what somebody is told who signs in with a wrong name or password: never which of the two
WRONG_LOGIN = "The name or the password is wrong."
#: longest name that fits every dialect's account field
NAME_LENGTH = 32
#: seconds for which an old credential may live beside its successor: a year
LONGEST_OVERLAP = 366 * 86_400
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def digest(secret: str) -> str:
    """The digest kept of a secret. Secrets are long and random, so plain SHA-256 cannot be searched."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_name(name: str) -> bool:
    """Whether this is a valid name for an account or a key."""
    return len(name) <= NAME_LENGTH and _NAME.fullmatch(name) is not None


def checked_name(name: str) -> str:
    """Return the name. Raises BadRequest that says what a name may contain."""
    if name == OPERATOR:
        raise BadRequest(f'the name "{OPERATOR}" is the command line\'s own: choose another', "name")
    if is_name(name):
        return name
    raise BadRequest(
        f'"{name}" cannot be a name here: use letters, digits, - _ and ., at most {NAME_LENGTH} of them', "name"
    )


def new_credentials(name: str) -> tuple[dict[str, str], list["Credential"]]:
    """New credentials of every kind: what to print (once) and what to store."""
    printed = {"account": checked_name(name)}
    for kind in KINDS:
        printed |= new_of_kind(name, kind)
    return printed, kept(printed)


def new_of_kind(name: str, kind: str) -> dict[str, str]:
    """One new credential to print. Raises BadRequest for an unknown kind."""
    if kind not in KINDS:
        raise BadRequest(f'there is no kind of credential "{kind}"; there are: {", ".join(KINDS)}', "kind")
    return dict(KINDS[kind].make(name))


def new_webhook_secret() -> str:
    """A new webhook signing secret in the form of the Standard Webhooks specification."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def kept(printed: Mapping[str, str]) -> list["Credential"]:
    """What is stored of printed credentials: identifiers and digests, no secrets."""
    from bridge.ports.store_rows import Credential

    made = []
    for kind in KINDS.values():
        if not kind.for_keys or kind.keys[0] not in printed:
            continue
        ident = printed[kind.keys[0]] if len(kind.keys) > 1 else ""
        made.append(Credential(kind.name, ident, digest(kind.send(printed[kind.keys[-1]]))))
    return made


declare(
    CredentialKind("apikey", "API key", lambda _: {"apikey": secrets.token_hex(24)}, ("apikey",), known_by_secret=True),
    CredentialKind(
        "client",
        "OAuth2",
        lambda _: {"client_id": secrets.token_hex(16), "client_secret": secrets.token_hex(32)},
        ("client_id", "client_secret"),
    ),
    CredentialKind(
        "webhook",
        "webhooks are signed with",
        lambda _: {"webhook_secret": new_webhook_secret()},
        ("webhook_secret",),
        for_keys=False,
    ),
)
