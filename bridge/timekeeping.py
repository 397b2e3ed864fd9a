"""Notices when the wall clock is set, while the bridge runs or between runs, and shifts stored times.

A Raspberry Pi has no clock of its own: it starts with the time at which it was stopped, or in 1970, until it hears of a
better one. Durations are counted on the monotonic clock all the same: what is left of a message's life, of a token's,
or of a wait before the next try is as long after a step as before it.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bridge.errors import StoreUnavailable
from bridge.ports.clock import SteadyClock
from bridge.ports.store import TimeStore
from bridge.ports.store_rows import ClockState
from bridge.retry import retry_until_stored
from bridge.tasks import Tasks

log = logging.getLogger(__name__)

#: between looks at the two clocks
INTERVAL = 1.0  # s
#: less is the clock being set right in small bits (adjtime), which is followed without a word
LEAST = 1_000  # ms
#: between notes of what time it is, by which a run after a power cut sees a clock that went back
NOTE_INTERVAL = 3600.0  # s
#: a jump ahead that may be a mistake, which somebody corrects before it is too late
FAR, DAY = 30 * 24 * 3600 * 1000, 24 * 3600 * 1000  # ms
#: another one after each start of the machine (random (4)); the monotonic clock begins anew with it
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Timekeeper:
    """Keeps stored times in step with the machine's clock; `stepped` is called after each step."""

    def __init__(
        self,
        store: TimeStore,
        clock: SteadyClock,
        stepped: Callable[[], None] = lambda: None,
        on_death: Callable[[BaseException], None] | None = None,
        *,
        boot: str | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._stepped = stepped
        self._boot = _boot() if boot is None else boot
        #: monotonic ms until which the clock may have been set far too late
        self._doubted_until = 0
        self._tasks = Tasks("timekeeping", on_death)

    def is_trusted(self) -> bool:
        """Whether the clock may be used to expire things: not on the day when it jumped far ahead."""
        return self._clock.monotonic() >= self._doubted_until

    def _doubt(self, step: int) -> None:
        if step > FAR:
            self._doubted_until = self._clock.monotonic() + DAY

    async def begin(self) -> None:
        """Account for clock changes since the last run. Raises StoreUnavailable."""
        known, now = await self._store.clock_state(), self._clock.now()
        step = 0
        self._doubt(now - known.seen_at if known.seen_at else 0)
        if known.boot and known.boot == self._boot:
            step = now - self._clock.monotonic() - known.offset
        elif now < known.seen_at:
            # how long the machine was off nobody knows; it was not less than nothing
            step = now - known.seen_at
        if abs(step) >= LEAST:
            await self._store.shift(step, self._state())
            _say(step, now)
        else:
            await self._note()

    async def start(self) -> None:
        """Start watching the clock."""
        self._tasks.start(self._watch(), "steps")
        self._tasks.start(self._write_down(), "notes")

    async def close(self) -> None:
        """Stop watching; the current time is recorded for the next run."""
        await self._tasks.close()
        try:
            await self._note()
        except StoreUnavailable as error:
            log.warning("what time it is could not be written down: %s", error.message)

    async def look(self) -> None:
        """Check for a step and apply it."""
        step = self._clock.behind()
        self._clock.follow(step)
        if abs(step) < LEAST:
            return
        try:
            # handed to the store in this turn of the loop: whatever was asked of it before has stamps of before
            await self._store.shift(step, self._state())
        except StoreUnavailable as error:
            self._clock.follow(-step)
            log.error("the clock was set, and what was stamped before waits for the store: %s", error.message)
            return
        _say(step, self._clock.now())
        self._doubt(step)
        self._stepped()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            await self.look()

    async def _write_down(self) -> None:
        while True:
            await asyncio.sleep(NOTE_INTERVAL)
            await retry_until_stored(self._note)

    async def _note(self) -> None:
        await self._store.note_clock(self._state())

    def _state(self) -> ClockState:
        now = self._clock.now()
        return ClockState(self._boot, now - self._clock.monotonic(), now)


def _boot() -> str:
    """An identifier of the machine's current boot; "" when unknown."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _say(step: int, now: int) -> None:
    way, distance = "forward" if step > 0 else "back", timedelta(seconds=round(abs(step) / 1000))
    shown = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    log.warning("the clock was set %s by %s, to %s: what waits is moved along with it", way, distance, shown)
