"""The store of events."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.event import Event


class EventStore(Protocol):
    """The log of what happened."""

    async def note(self, event: Event) -> Event:
        """Log an event that goes with no other change (line.changed); returns it with its `seq`."""
        ...

    async def note_together(self, events: Sequence[Event], device: str, key: str, value: str) -> None:
        """Log events and put a value into a memory, in one transaction."""
        ...

    async def events(self, account: str, after: int, limit: int) -> Sequence[Event]:
        """After a position, oldest first; `account` "" reads everybody's."""
        ...

    async def newest_event(self) -> int:
        """The position of the last event; 0 when there is none."""
        ...
