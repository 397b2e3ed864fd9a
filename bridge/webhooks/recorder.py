"""Writes down what became of deliveries, a handful in one transaction, behind the back of the next attempts."""

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
#: seconds that a record waits for company: a commit each would cost a burst more than its deliveries
GATHERING = 0.025
#: seconds between tries when the store fails
STORE_AGAIN = 1.0


class Records:
    """The outcomes of one courier on their way to the store. None is lost but by a crash."""

    def __init__(self, store: DeliveryStore, tasks: Tasks) -> None:
        self._store = store
        self._tasks = tasks
        self._gathered: list[Delivery] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Task[None]] = set()
        self._unwritten = 0
        self._refused = 0

    def add(self, delivery: Delivery) -> None:
        """Record it soon. One delivery must not be added again before `settled`."""
        self._gathered.append(delivery)
        self._unwritten += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHERING, self._flush)

    async def room(self) -> None:
        """Wait until more may be delivered: not while the store refuses records, for it would be delivered again."""
        while self._refused or self._unwritten >= UNRECORDED:
            self._flush()
            await asyncio.wait(self._writing, return_when=asyncio.FIRST_COMPLETED)

    async def settled(self) -> None:
        """Wait until everything is on disk."""
        self._flush()
        while self._writing:
            await asyncio.wait(self._writing)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._gathered:
            task = self._tasks.start(self._write(self._gathered), f"record {len(self._gathered)} deliveries")
            self._gathered = []
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _write(self, deliveries: Sequence[Delivery]) -> None:
        refused = False
        try:
            while True:
                try:
                    await self._store.record_attempts(deliveries)
                    return
                except StoreUnavailable as error:
                    self._refused += not refused
                    refused = True
                    log.error("the outcomes of %d webhooks are not recorded yet: %s", len(deliveries), error)
                    await asyncio.sleep(STORE_AGAIN)
        finally:
            self._refused -= refused
            self._unwritten -= len(deliveries)
