"""Store protocol: what is remembered of lines."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.history import HistoryQuery, Latest, PastAlarm, Quarter
from bridge.model.loopback import Trip
from bridge.model.query import Page


class HistoryStore(Protocol):
    """Lines by the quarter of an hour, past alarms and loop-back SMS."""

    async def keep_quarters(self, quarters: Sequence[Quarter], older_than: int) -> None:
        """Add what was seen of lines, to what another run saw in the same quarter; forget what is older (Unix ms)."""
        ...

    async def quarters(self, line: str, since: int, until: int) -> Sequence[Quarter]:
        """A line's quarters that begin in this span (Unix ms, both inclusive), oldest first."""
        ...

    async def latest(self, lines: Sequence[str]) -> Sequence[Latest]:
        """When these lines last sent, of the hundred messages that each took last, and last received."""
        ...

    async def past_alarms(self, query: HistoryQuery) -> Page[PastAlarm]:
        """List alarms, those told last first. Raises BadRequest for an unknown cursor."""
        ...

    async def past_trips(self, query: HistoryQuery) -> Page[Trip]:
        """List loop-back SMS, newest first; those of the last week. Raises BadRequest for an unknown cursor."""
        ...
