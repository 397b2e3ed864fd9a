"""Conversations: what went to a number and came from it; and contacts, who these numbers are.

All times are Unix milliseconds.
"""

from enum import StrEnum

from bridge.dataclass import dataclass
from bridge.model.account import Suppressed
from bridge.model.inbox import Received
from bridge.model.message import Message

#: an unread count goes no further: a page shows "99+"
MOST_UNREAD = 100


class Consent(StrEnum):
    """Whether somebody agreed to get messages."""

    UNKNOWN = "unknown"
    GIVEN = "given"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Contact:
    """Who a number is, for an account."""

    account: str
    number: str
    name: str = ""
    note: str = ""
    groups: tuple[str, ...] = ()
    consent: Consent = Consent.UNKNOWN
    #: how it was given or refused
    consent_note: str = ""
    #: when it was last changed; 0 for never
    consent_at: int = 0
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class ContactQuery:
    """Which contacts of an account, by name."""

    #: part of the number or of the name
    keyword: str = ""
    group: str = ""
    limit: int = 100
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class ConversationQuery:
    """Which conversations, newest first."""

    #: part of the number or of the contact's name
    keyword: str = ""
    unread: bool = False
    limit: int = 100
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One number, and the newest message to it or from it."""

    number: str
    at: int
    last: Message | Received
    #: MOST_UNREAD at most
    unread: int = 0
    contact: Contact | None = None
    suppressed: Suppressed | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A part of a conversation, newest first."""

    number: str
    entries: tuple[Message | Received, ...]
    #: of the entries before these; "" when there are none
    cursor: str = ""
    unread: int = 0
    contact: Contact | None = None
    suppressed: Suppressed | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the rows of a file with contacts."""

    added: int
    changed: int
    #: line of the file, what stands there for a number, and what is wrong with it
    bad: tuple[tuple[int, str, str], ...] = ()
