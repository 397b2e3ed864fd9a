"""What is remembered of lines: signal and state by the quarter of an hour, past alarms, loop-back SMS."""

from collections.abc import Awaitable, Callable, Sequence

from bridge.errors import BadRequest, NoSuchThing
from bridge.model.history import QUARTER, HistoryQuery, Latest, PastAlarm, Quarter
from bridge.model.line import Line
from bridge.model.loopback import Trip
from bridge.model.query import Page
from bridge.ports.clock import Clock
from bridge.ports.store import HistoryStore

DAY = 86_400_000  # ms
#: quarters in one answer: a month of them
MOST = 31 * 96


class History:
    """Shows what was (`gateway.history`). `recent` tells what is not written yet of a line."""

    def __init__(
        self,
        store: HistoryStore,
        clock: Clock,
        lines: Callable[[], Sequence[Line]],
        recent: Callable[[str], Sequence[Quarter]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._lines = lines
        self._recent = recent
        self.latest: Callable[[Sequence[str]], Awaitable[Sequence[Latest]]] = store.latest
        #: raise BadRequest for an unknown cursor
        self.alarms: Callable[[HistoryQuery], Awaitable[Page[PastAlarm]]] = store.past_alarms
        self.trips: Callable[[HistoryQuery], Awaitable[Page[Trip]]] = store.past_trips

    async def quarters(self, line: str, since: int = 0, until: int = 0) -> Sequence[Quarter]:
        """A line's quarters of an hour, oldest first: by default those of the last day.

        Raises NoSuchThing for a line that is not configured, BadRequest for a span that is too long.
        """
        if all(line != each.name for each in self._lines()):
            raise NoSuchThing(f"there is no line {line!r}")
        until = until or self._clock.now()
        since = since or until - DAY
        if until < since:
            raise BadRequest("`until` lies before `since`", "until")
        if (until - since) // QUARTER > MOST:
            raise BadRequest("more than 31 days: let it begin later", "since")
        written = await self._store.quarters(line, since, until)
        recent = [each for each in self._recent(line) if since <= each.at <= until]
        return _merged([*written, *recent])


def _merged(quarters: Sequence[Quarter]) -> Sequence[Quarter]:
    """One of each: a run before this one may have seen a part of the same quarter."""
    found: dict[int, Quarter] = {}
    for each in quarters:
        found[each.at] = _together(found[each.at], each) if each.at in found else each
    return [found[at] for at in sorted(found)]


def _together(one: Quarter, later: Quarter) -> Quarter:
    signal = one.signal_dbm if later.signal_dbm is None else later.signal_dbm
    return Quarter(one.line, one.at, signal, one.away + later.away, one.watched + later.watched)
