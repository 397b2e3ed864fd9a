"""People who sign in: their roles, their sessions, and the links that let them in once.

All times are Unix milliseconds.
"""

from dataclasses import field
from enum import StrEnum

from bridge.dataclass import dataclass


class Role(StrEnum):
    """What a person may do; each role may do what those before it may."""

    #: see everything but keys, the audit trail and other people
    READER = "reader"
    #: messages, inbox, webhooks, lists: the day's work
    OPERATOR = "operator"
    #: accounts, credits, keys and people too
    OWNER = "owner"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what the other may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in."""

    name: str
    role: Role
    created_at: int
    disabled: bool = False
    #: a one-time code is asked for besides the password
    totp: bool = False
    recovery_codes_left: int = 0
    #: of the last request, to the minute; 0 for never
    seen_at: int = 0


@dataclass(frozen=True, slots=True)
class UserChange:
    """Changes to a user; None leaves a field as it is."""

    role: Role | None = None
    disabled: bool | None = None
    #: the hash of a new password; the user's sessions end
    password: str | None = field(default=None, repr=False)
    #: False: no one-time code is asked for any more
    totp: bool | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in, on one browser."""

    #: to end it by; it opens nothing
    id: str
    user: str
    #: where it began
    address: str
    #: what the browser calls itself
    agent: str
    created_at: int
    #: of the last request, to the minute
    seen_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Link:
    """What a one-time link is for: a new user's first password, or another one for who forgot it."""

    #: "" where the visitor chooses it
    user: str
    role: Role
    expires_at: int
