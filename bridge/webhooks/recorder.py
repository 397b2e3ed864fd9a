"""Records the results of deliveries while the next attempts are under way, sharing other commits."""

import asyncio
import logging
from collections.abc import Sequence

from bridge.errors import StoreUnavailable
from bridge.model.webhook import Delivery
from bridge.ports.store import DeliveryStore
from bridge.tasks import Tasks

log = logging.getLogger(__name__)

#: deliveries may be ahead of their records by so many; a crash repeats at most these
UNRECORDED = 256
#: seconds that a record waits for others of its endpoint: one statement for each would cost more than its delivery
GATHERING = 0.025
#: seconds that those then wait for any other commit to share: a webhook costs none of its own while there is traffic
SHARING = 0.25
#: seconds between tries when the store fails
STORE_AGAIN = 1.0


class Records:
    """Results on their way to the store; lost only by a crash."""

    def __init__(self, store: DeliveryStore, tasks: Tasks) -> None:
        self._store = store
        self._tasks = tasks
        self._gathered: list[Delivery] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Task[None]] = set()
        self._unwritten = 0
        self._refused = 0

    def add(self, delivery: Delivery) -> None:
        """Record a result soon. Do not add the same delivery again before `settled`."""
        self._gathered.append(delivery)
        self._unwritten += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHERING, self._flush)

    async def room(self) -> None:
        """Wait until more may be delivered: while the store refuses records, deliveries would be repeated."""
        while self._refused or self._unwritten >= UNRECORDED:
            self._flush(within=0.0)
            await asyncio.wait(self._writing, return_when=asyncio.FIRST_COMPLETED)

    async def settled(self) -> None:
        """Wait until everything is on disk."""
        self._flush(within=0.0)
        while self._writing:
            await asyncio.wait(self._writing)

    def _flush(self, within: float = SHARING) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        # with nothing new, an empty record takes those to disk that still wait for a commit to share
        if self._gathered or (self._writing and not within):
            work = self._write(self._gathered, within)
            task = self._tasks.start(work, f"record {len(self._gathered)} deliveries")
            self._gathered = []
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _write(self, deliveries: Sequence[Delivery], within: float) -> None:
        refused = False
        try:
            while True:
                try:
                    await self._store.record_attempts(deliveries, within)
                    return
                except StoreUnavailable as error:
                    self._refused += not refused
                    refused = True
                    log.error("the outcomes of %d webhooks are not recorded yet: %s", len(deliveries), error)
                    await asyncio.sleep(STORE_AGAIN)
        finally:
            self._refused -= refused
            self._unwritten -= len(deliveries)
