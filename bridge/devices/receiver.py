"""Receives from a link: every SMS, report and call is committed before the device may forget it."""

import asyncio
import logging
from typing import NoReturn

from bridge.errors import NotPossible
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


class Inbox:
    """Receives from one device. `run` ends only by DeviceLost."""

    def __init__(
        self, store: ReceivingStore, link: Link, device: str, clock: Clock, metrics: Metrics | None = None
    ) -> None:
        self._store = store
        self._link = link
        self._device = device
        self._clock = clock
        self._metrics = metrics or Metrics()
        self._committed: asyncio.Queue[Inbound] = asyncio.Queue()

    async def run(self) -> None:
        """Receive until the device is lost."""
        lost: asyncio.Future[NoReturn] = asyncio.get_running_loop().create_future()

        def give_up(error: BaseException) -> None:
            if not lost.done():
                lost.set_exception(error)

        tasks = Tasks(f"inbox of {self._device}", on_death=give_up)
        tasks.start(self._listen(), "listen")
        # deleting from a SIM takes its time; the next SMS is not made to wait for it
        tasks.start(self._forget(), "forget")
        try:
            await lost
        finally:
            await tasks.close()

    async def _listen(self) -> None:
        async for item in self._link.inbound():
            await retry_until_stored(lambda: self._commit(item))  # noqa: B023 - awaited before the next item
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
        received = await self._store.receive(item, self._device, now)
        if received is not None:
            told = {"sms_line": received.line, "sms_device": received.device, "sms_message": received.id}
            what = "a WhatsApp message" if received.channel is Channel.WHATSAPP else "an SMS"
            log.info("received %s from %s on %s", what, masked(received.sender), received.line, extra=told)

    async def _settle(self, item: InboundReport | Evidence, now: int) -> None:
        if isinstance(item, InboundReport):
            self._metrics.reports.add(item.line, item.state)
        try:
            sim = next((line.sim for line in self._link.lines if line.name == item.line), "")
            await self._store.settle(item, now, sim)
        except NotPossible as error:  # a report that makes no sense must not come back for ever
            told = {"sms_line": item.line, "sms_device": self._device}
            log.error("%s reported an impossible state of a message: %s", item.line, error.message, extra=told)

    async def _forget(self) -> None:
        while True:
            await self._link.acknowledge(await self._committed.get())
