"""Filters and pages for queries, the same for every store and dialect."""

from dataclasses import fields
from enum import StrEnum
from typing import Generic, TypeVar

from bridge.dataclass import dataclass
from bridge.model.inbox import CallKind
from bridge.model.line import Channel
from bridge.model.message import State
from bridge.model.webhook import DeliveryState

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows of a page and the cursor of the next one."""

    rows: tuple[T, ...]
    #: give it back as `cursor` for the rows after these; "" when there are none
    cursor: str = ""


#: fields that say how rows are given out, and not which
_PAGING = frozenset({"offset", "limit", "cursor", "mark_read"})


def _chooses(query: "MessageQuery | InboxQuery") -> bool:
    return any(getattr(query, field.name) for field in fields(query) if field.name not in _PAGING)


@dataclass(frozen=True, slots=True)
class MessageQuery:
    """Selects messages of an account, newest first. A field at its default does not filter."""

    states: frozenset[State] = frozenset()
    #: of failed messages only those by this channel; None for both
    failed_by: Channel | None = None
    ids: tuple[str, ...] = ()
    client_ref: str = ""
    recipient: str = ""
    #: part of the recipient or of the text
    keyword: str = ""
    #: Unix ms, both inclusive, of acceptance
    since: int = 0
    until: int = 0
    #: only messages accepted before this one (a message id)
    before_id: str = ""
    line: str = ""
    dialect: str = ""
    #: rows to leave out first
    offset: int = 0
    limit: int = 100
    cursor: str = ""

    @property
    def chooses(self) -> bool:
        """Whether any field filters; deleting requires one."""
        return _chooses(self)


@dataclass(frozen=True, slots=True)
class InboxQuery:
    """Selects received SMS that an account sees, newest first."""

    ids: tuple[str, ...] = ()
    sender: str = ""
    keyword: str = ""
    #: Unix ms, both inclusive, of reception
    since: int = 0
    until: int = 0
    line: str = ""
    #: None for both
    channel: Channel | None = None
    unread: bool = False
    #: mark what is returned as read, in the same transaction
    mark_read: bool = False
    limit: int = 100
    cursor: str = ""

    @property
    def chooses(self) -> bool:
        """Whether any field filters; deleting requires one."""
        return _chooses(self)


@dataclass(frozen=True, slots=True)
class TypedQuery:
    """Selects SMS typed on phones, newest first."""

    recipient: str = ""
    #: part of the recipient or of the text
    keyword: str = ""
    #: Unix ms, both inclusive, of sending
    since: int = 0
    until: int = 0
    line: str = ""
    limit: int = 100
    cursor: str = ""


class CallOrder(StrEnum):
    """Orders in which calls can be listed."""

    AT = "at"
    NUMBER = "number"
    NAME = "name"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class CallQuery:
    """Selects calls, newest first by default; only that order has cursors."""

    kinds: frozenset[CallKind] = frozenset()
    number: str = ""
    #: part of the number or of the name
    keyword: str = ""
    #: Unix ms, both inclusive, of the call
    since: int = 0
    until: int = 0
    line: str = ""
    order: CallOrder = CallOrder.AT
    ascending: bool = False
    #: rows to leave out first
    offset: int = 0
    limit: int = 100
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class LedgerQuery:
    """Selects webhook deliveries of an account, newest first."""

    state: DeliveryState | None = None
    endpoint: str = ""
    event: str = ""
    event_id: str = ""
    since: int = 0
    until: int = 0
    limit: int = 100
    cursor: str = ""
