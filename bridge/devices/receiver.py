"""Receives from a link: every SMS, report and call is committed before the device may forget it.

What came in while the last commit was under way shares the next one, in the order in which it came. That a device has
let go of something waits a moment for company: a commit of its own would be one for every SMS and report.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from bridge.errors import LinkError, NotPossible, StoreUnavailable
from bridge.messages.phone_numbers import masked
from bridge.model.line import Channel
from bridge.model.radio import Call, Evidence, Held, Inbound, InboundReport, Typed
from bridge.ports.clock import Clock
from bridge.ports.driver import Link
from bridge.ports.store import ReceivingStore
from bridge.retry import retry_until_stored
from bridge.tasks import Tasks
from bridge.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

#: items that are committed together at most
MOST = 100
#: seconds that a device's having let go of something waits for what shares its commit
COMPANY = 0.05
#: seconds in which a link that is lost ends what it gives out
LATER = 3.0


class Receiver:
    """Receives from one device. `run` ends only by DeviceLost."""

    def __init__(
        self, store: ReceivingStore, link: Link, device: str, clock: Clock, metrics: Metrics | None = None
    ) -> None:
        self._store = store
        self._link = link
        self._device = device
        self._clock = clock
        self._metrics = metrics or Metrics()
        #: what the link gave out, and last what ended it
        self._heard: asyncio.Queue[Inbound | Exception] = asyncio.Queue(MOST)
        self._committed: asyncio.Queue[Inbound] = asyncio.Queue()

    async def run(self) -> None:
        """Receive until the device is lost."""
        lost: asyncio.Future[NoReturn] = asyncio.get_running_loop().create_future()

        def give_up(error: BaseException) -> None:
            if not lost.done():
                lost.set_exception(error)

        tasks = Tasks(f"inbox of {self._device}", on_death=give_up)
        tasks.start(self._listen(), "listen")
        tasks.start(self._take_in(), "take in")
        # deleting from a SIM takes its time; the next SMS is not made to wait for it
        tasks.start(self._forget(), "forget")
        try:
            await lost
        finally:
            await tasks.close()

    async def _listen(self) -> None:
        try:
            async for item in self._link.inbound():
                await self._heard.put(item)
        except Exception as end:
            await self._heard.put(end)

    async def _take_in(self) -> None:
        while True:
            heard = await self._gathered()
            await self._commit_all([item for item in heard if not isinstance(item, Exception)])
            for end in heard:
                if isinstance(end, Exception):
                    raise end

    async def _gathered(self) -> list[Inbound | Exception]:
        """What has been heard by now, at least one item."""
        heard = [await self._heard.get()]
        self._add_waiting(heard)
        if all(isinstance(one, Held) for one in heard):
            with suppress(TimeoutError):
                async with asyncio.timeout(COMPANY):
                    while len(heard) < MOST and all(isinstance(one, Held) for one in heard):
                        heard.append(await self._heard.get())
                        self._add_waiting(heard)
        return heard

    def _add_waiting(self, heard: list[Inbound | Exception]) -> None:
        """Add what is there already."""
        while len(heard) < MOST and not self._heard.empty():
            heard.append(self._heard.get_nowait())

    async def _commit_all(self, items: Sequence[Inbound]) -> None:
        """Commit in one transaction, in this order; retried until the store accepts it."""
        left = list(items)

        async def attempt() -> None:
            # handed over in one turn of the loop, so that they share the transaction: none of them overtakes another
            results = await _outcomes([self._commit(item) for item in left])
            ends = [result for result in results if isinstance(result, BaseException)]
            left[:] = [item for item, end in zip(left, results, strict=True) if isinstance(end, StoreUnavailable)]
            for end in sorted(ends, key=lambda end: isinstance(end, StoreUnavailable)):
                raise end

        await retry_until_stored(attempt)
        for item in items:
            if not isinstance(item, Held):
                self._committed.put_nowait(item)

    async def _commit(self, item: Inbound) -> None:
        now = self._clock.now()
        if isinstance(item, Held):
            await self._store.let_go(item)
            return
        if isinstance(item, InboundReport | Evidence):
            await self._settle(item, now)
            return
        if isinstance(item, Typed | Call):
            await self._store.keep(item, self._device, now)
            return
        received = await self._store.receive(item, self._device, now, self._sim(item.line))
        if received is not None:
            told = {"sms_line": received.line, "sms_device": received.device, "sms_message": received.id}
            what = "a WhatsApp message" if received.channel is Channel.WHATSAPP else "an SMS"
            log.info("received %s from %s on %s", what, masked(received.sender), received.line, extra=told)

    async def _settle(self, item: InboundReport | Evidence, now: int) -> None:
        if isinstance(item, InboundReport):
            self._metrics.reports.add(item.line, item.state)
        try:
            await self._store.settle(item, now, self._sim(item.line))
        except NotPossible as error:  # a report that makes no sense must not come back for ever
            told = {"sms_line": item.line, "sms_device": self._device}
            log.error("%s reported an impossible state of a message: %s", item.line, error.message, extra=told)

    def _sim(self, name: str) -> str:
        return next((line.sim for line in self._link.lines if line.name == name), "")

    async def _forget(self) -> None:
        try:
            while True:
                await self._link.acknowledge(await self._committed.get())
        except LinkError:
            await asyncio.sleep(LATER)  # what the link gave out before it ended is committed meanwhile
            raise


async def _outcomes(commits: Sequence[Coroutine[Any, Any, None]]) -> Sequence[BaseException | None]:
    """Await all; returns what each ended by, None for one that did well. A single one needs no task of its own."""
    if len(commits) != 1:
        results: list[BaseException | None] = await asyncio.gather(*commits, return_exceptions=True)
        return results
    try:
        await commits[0]
    except Exception as error:
        return [error]
    return [None]
