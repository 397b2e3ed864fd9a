"""Samples every line by the quarter of an hour: its signal, and for how long it could not send.

What was seen is kept in memory and written once an hour, in one transaction for all lines: an SD card must not pay for
an idle bridge. What a crash takes is less than an hour of it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress

from bridge.bus import Bus
from bridge.dataclass import dataclass
from bridge.errors import StoreUnavailable
from bridge.model.event import LINE_CHANGED, Event
from bridge.model.history import QUARTER, Quarter
from bridge.model.line import Line, LineState
from bridge.ports.clock import Clock
from bridge.ports.store import HistoryStore
from bridge.tasks import Tasks

log = logging.getLogger(__name__)

#: for so long it is remembered
KEPT = 31 * 86_400_000  # ms
HOUR = 3_600_000  # ms
#: a level that lasted for less is none of the quarter
LEAST = 1.0  # s
#: quarters of one line that wait for a store that takes nothing
MOST_WAITING = 96


@dataclass(slots=True)
class _Sample:
    """What is seen of a line in the quarter under way."""

    signal_dbm: int | None = None
    away: float = 0.0  # s
    watched: float = 0.0  # s


class Sampler:
    """Watches lines. `on_death` is called when it dies of a bug."""

    def __init__(
        self,
        store: HistoryStore,
        bus: Bus,
        clock: Clock,
        lines: Callable[[], Sequence[Line]],
        on_death: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._lines = lines
        #: of the quarter under way, by line
        self._samples: dict[str, _Sample] = {}
        self._quarter = 0
        #: lines at the last look, and when that was by the loop's clock
        self._seen: Sequence[Line] = ()
        self._looked = 0.0
        #: quarters that are not written yet
        self._waiting: list[Quarter] = []
        self._woken = asyncio.Event()
        self._tasks = Tasks("sampler", on_death)
        self._deaf: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Look from now on."""
        self._quarter, self._looked = self._clock.now() // QUARTER, _time()
        self._deaf = self._bus.subscribe(self._hear, LINE_CHANGED)
        self.look()
        self._tasks.start(self._run(), "lines")

    async def close(self) -> None:
        """Stop, and write what was seen."""
        self._deaf()
        await self._tasks.close()
        self.look()
        self._end_quarter()
        with suppress(StoreUnavailable):
            await self.write()

    def recent(self, line: str) -> list[Quarter]:
        """What is not written yet of a line, oldest first, with the quarter under way."""
        if not self._looked:
            return []
        self.look()
        now = self._samples.get(line)
        waiting = [each for each in self._waiting if each.line == line]
        return [*waiting, _quarter(line, self._quarter, now)] if now is not None else waiting

    def look(self) -> bool:
        """See how the lines are. True when an hour has ended, and with it what is to be written."""
        now, clock = self._clock.now() // QUARTER, _time()
        passed = min(max(0.0, clock - self._looked), QUARTER / 1000)
        for line in self._seen:
            sample = self._samples.setdefault(line.name, _Sample())
            sample.watched += passed
            if line.state is not LineState.READY:
                sample.away += passed
            elif line.signal_dbm is not None and passed >= LEAST:
                sample.signal_dbm = line.signal_dbm
        self._looked, self._seen = clock, tuple(self._lines())
        if now == self._quarter:
            return False
        ended = now * QUARTER // HOUR != self._quarter * QUARTER // HOUR
        self._end_quarter()
        self._quarter = now
        return ended

    async def write(self) -> None:
        """Write what waits. Raises StoreUnavailable, and keeps it for another time."""
        quarters = list(self._waiting)
        if quarters:
            await self._store.keep_quarters(quarters, self._clock.now() - KEPT)
            del self._waiting[: len(quarters)]

    def _end_quarter(self) -> None:
        ended = [_quarter(name, self._quarter, each) for name, each in self._samples.items()]
        self._waiting += [each for each in ended if each.watched]
        del self._waiting[: -MOST_WAITING * max(1, len(self._samples))]
        self._samples.clear()

    def _hear(self, _: Sequence[Event]) -> None:
        self._woken.set()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            if self.look():
                try:
                    await self.write()
                except StoreUnavailable as error:
                    log.error("the lines' history waits for the store: %s", error.message)
            left = (QUARTER - self._clock.now() % QUARTER) / 1000
            with suppress(TimeoutError):
                async with asyncio.timeout(left + 0.001):
                    await self._woken.wait()


def _quarter(line: str, quarter: int, sample: _Sample) -> Quarter:
    return Quarter(line, quarter * QUARTER, sample.signal_dbm, round(sample.away), round(sample.watched))


def _time() -> float:
    return asyncio.get_running_loop().time()
