"""Scopes, the grant of a caller, and named API keys, as data.

All times are Unix milliseconds.
"""

from collections.abc import Iterable
from enum import StrEnum

from bridge.dataclass import dataclass


class Scope(StrEnum):
    """What a key may be used for."""

    #: submit, cancel and resend messages
    SEND = "send"
    #: see sent messages and what became of them, lines, credits and templates
    READ = "read"
    #: see and delete received SMS, and what phones tell: SMS typed on them, and their calls
    INBOX = "inbox"
    #: look after webhooks and their deliveries; a new one also needs `read` and `inbox`, whose contents it carries
    WEBHOOKS = "webhooks"
    #: the account's own things: keys, templates, the list of numbers that get nothing, deleting messages
    ADMIN = "admin"


#: what a call needs: all of these
Needs = frozenset[Scope]

EVERYTHING: Needs = frozenset(Scope)
#: any key will do
ANY: Needs = frozenset()
SEND: Needs = frozenset({Scope.SEND})
READ: Needs = frozenset({Scope.READ})
INBOX: Needs = frozenset({Scope.INBOX})
WEBHOOKS: Needs = frozenset({Scope.WEBHOOKS})
ADMIN: Needs = frozenset({Scope.ADMIN})


@dataclass(frozen=True, slots=True)
class Grant:
    """What the credentials of a call allow."""

    scopes: Needs = EVERYTHING
    #: name of the key; "" for the account's own credentials
    key: str = ""
    #: when they end; 0 for never
    expires_at: int = 0
    #: the day of their last use that is on record, as its first moment in UTC; 0 for none
    used_at: int = 0


#: that of an account's own credentials
FULL = Grant()


@dataclass(frozen=True, slots=True)
class Key:
    """A named key of an account, without its secret."""

    account: str
    name: str
    #: a kind of `bridge.accounts.credentials.KINDS`: in which dialects it is used
    kind: str
    #: to recognise it by: how it begins, or its public half
    hint: str
    scopes: Needs
    created_at: int
    expires_at: int = 0
    #: as in `Grant`
    used_at: int = 0


def written(scopes: Iterable[Scope]) -> str:
    """Write scopes as words: `send read`."""
    given = frozenset(scopes)
    return " ".join(scope.value for scope in Scope if scope in given)


def read(words: str) -> Needs:
    """Parse scopes. Raises ValueError for an unknown word."""
    return frozenset(Scope(word) for word in words.split())
