"""What becomes due by the clock alone: scheduled messages, expiry, partial SMS, changes made by other processes."""

import asyncio
import logging
from collections.abc import Callable

from bridge.dispatcher import insist
from bridge.events import Bus
from bridge.ports import Clock, Store
from bridge.tasks import Tasks

log = logging.getLogger(__name__)

#: looks at least this often, in case the wall clock was set
LONGEST_NAP = 30.0  # s
#: news is waited for this long to become more news: one look serves a whole burst
GATHERING = 0.2  # s
#: between looks for what the command line changed in the store
ELSEWHERE_INTERVAL = 1.0  # s


class Clockwork:
    """Moves what waits for its time, and wakes whom it concerns."""

    def __init__(self, store: Store, bus: Bus, clock: Clock, partial_after: int, wake: Callable[[], None]) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        #: ms until an incomplete multipart SMS is given out as it is
        self._partial_after = partial_after
        self._wake = wake
        self._woken = asyncio.Event()
        self._tasks = Tasks("clockwork")

    async def start(self) -> None:
        """Begin to tick."""
        self._unsubscribe = self._bus.subscribe(lambda _: self._woken.set())
        self._tasks.start(self._tick(), "due times")
        self._tasks.start(self._look_elsewhere(), "changes by other processes")

    async def close(self) -> None:
        """Stop ticking."""
        self._unsubscribe()
        await self._tasks.close()

    async def _tick(self) -> None:
        while True:
            self._woken.clear()
            now = self._clock.now()
            due = await insist(lambda: self._store.advance(now))  # noqa: B023 - awaited before `now` changes
            await insist(lambda: self._store.release_partial(now - self._partial_after, now))  # noqa: B023 - as above
            self._wake()
            nap = min(LONGEST_NAP, max(0.0, (due - self._clock.now()) / 1000)) if due else LONGEST_NAP
            try:
                await asyncio.wait_for(self._woken.wait(), nap)
            except TimeoutError:
                continue
            await asyncio.sleep(GATHERING)

    async def _look_elsewhere(self) -> None:
        while True:
            await asyncio.sleep(ELSEWHERE_INTERVAL)
            if await insist(self._store.changed_elsewhere):
                self._bus.publish(())
