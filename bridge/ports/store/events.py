"""Store protocol: the event log."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.event import Event
from bridge.model.history import PastAlarm
from bridge.model.notification import Notification, NotificationQuery
from bridge.model.query import Page


class EventStore(Protocol):
    """The log of events."""

    async def note(self, event: Event) -> Event:
        """Log an event that belongs to no other change (line.changed); returns it with its `seq`."""
        ...

    async def note_together(
        self, events: Sequence[Event], device: str, key: str, value: str, alarms: Sequence[PastAlarm] = ()
    ) -> None:
        """Log events, store a driver or alarm value, and remember alarms that begin or end, in one transaction."""
        ...

    async def events(
        self, account: str, after: int, limit: int, reader: str = "", until: int = 1 << 62
    ) -> Sequence[Event]:
        """Events after a position and up to another, oldest first; `account` "" reads all accounts'.

        `reader`: the account that reads, where that is another; received SMS that it deleted are left out.
        """
        ...

    async def notifications(self, account: str, query: NotificationQuery) -> Page[Notification]:
        """List notifications, newest first; `account` "" reads all accounts'. Raises BadRequest for a bad cursor."""
        ...

    async def newest_event(self) -> int:
        """The position of the last event; 0 when there are no events."""
        ...

    async def event_position(self, at: int) -> int:
        """The position after which events are from `at` (Unix ms) on."""
        ...
