"""An open modem: the worker thread's asyncio face.

Every question to the modem goes through one worker thread, in order; what the reader thread hears comes to the loop
by `call_soon_threadsafe`. One task minds the modem: it drains the memories when something hints at news and now and
then anyway, asks for a sign of life when it has been quiet, and sets everything up again when it restarted.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TypeVar

from bridge.errors import DeviceLost, LinkError, OutcomeUnknown, Refusal, SendRefused
from bridge.messages import segmentation
from bridge.model.finding import Finding
from bridge.model.line import Line, LineState
from bridge.model.radio import Evidence, Held, Inbound, InboundPart, InboundReport, Outgoing, Sent
from bridge.tasks import Tasks
from device_drivers.gsm_modem import checkup, health, reading
from device_drivers.gsm_modem.answers import Failed, News, Silent
from device_drivers.gsm_modem.bringup import attempt
from device_drivers.gsm_modem.news import Meaning, Told, understand
from device_drivers.gsm_modem.options import Options
from device_drivers.gsm_modem.recovery import Step, Watchdog
from device_drivers.gsm_modem.sending import Sender
from device_drivers.gsm_modem.session import GsmModemException, Session
from device_drivers.gsm_modem.storage import Storage, slot_of
from device_drivers.gsm_modem.transport import PortLost

log = logging.getLogger(__name__)

T = TypeVar("T")

#: places that `acknowledge` answers with AT+CNMA or nothing, because nothing is stored there
_DIRECT = ("CMT:", "CDS:")
_FULL = "The memory for SMS is full"


class ModemLink:
    """Obeys `bridge.ports.Link` and `Examining`. One line, named after its device."""

    def __init__(self, device: str, options: Options, port: str, pin_was_refused: bool = False) -> None:
        self._options = options
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"modem {device}")
        self._session = Session(
            port,
            options.baudrate,
            tell=self._told,
            lost=lambda error: self._from_reader(self._fail, f"the modem on {port} is gone: {error}"),
            rtscts=options.rtscts,
            patience=options.command_timeout,
            smsc=options.smsc,
        )
        self._session.pin_was_refused = pin_was_refused
        self._storage = Storage(self._session, (), options.command_timeout)
        self._sender = Sender(self._session, options.send_timeout)
        self._watchdog = Watchdog(options.watchdog)
        self._tasks = Tasks(f"modem {device}", lambda error: self._fail(f"{type(error).__name__}: {error}"))
        self._line = Line(name=device, device=device, driver="gsm_modem", state=LineState.CONNECTING)
        self._inbound: asyncio.Queue[Inbound | None] = asyncio.Queue()
        self._direct: set[str] = set()
        self._chores = asyncio.Event()
        self._hinted: set[str] = set()
        self._restarted = False
        self._look_again = False
        self._swept_at = 0.0
        self._loss = ""
        self._closed = False

    @property
    def pin_was_refused(self) -> bool:
        """The SIM said no to the configured PIN."""
        return self._session.pin_was_refused

    async def start(self) -> None:
        """Connect and make ready. Raises DeviceLost, SendRefused(LINE), serial.SerialException."""
        await self._run(self._session.begin, self._options.pin, self._options.init)
        self._storage.set_up(self._session.setup.memories)
        identity = await self._run(health.identify, self._session, self._options.number)
        self._line = replace(self._line, **asdict(identity), reports=True)
        self._note(await self._run(health.ask, self._session))
        self._tasks.start(self._mind(), "minding the modem")

    # -- the contract ---------------------------------------------------------------------------
    @property
    def lines(self) -> Sequence[Line]:
        """The one SIM."""
        return (self._line,)

    def split(self, text: str) -> Sequence[str]:
        """Radio parts."""
        return segmentation.split(text)

    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        """One part to the network; see `Sender` for what is believed."""
        if line != self._line.name:
            raise SendRefused(f"there is no line {line} on this device", Refusal.LINE)
        try:
            return await self._run(self._sender.send, outgoing)
        except OutcomeUnknown:
            self._hint(look=True)
            raise
        except SendRefused as refused:
            if refused.cause.lower().endswith(("memory full)", "storage full)", "memory full", "storage full")):
                self._hint("")
            raise
        except DeviceLost as lost:
            await self._let_go(str(lost))
            raise

    async def inbound(self) -> AsyncIterator[Inbound]:
        """What came in, as it is found."""
        while True:
            item = await self._inbound.get()
            if item is None:
                self._inbound.put_nowait(None)
                raise DeviceLost(self._loss)
            yield item

    async def acknowledge(self, item: Inbound) -> None:
        """Forget it on the device; a slot that is not held any more is left alone, whatever lies there now."""
        if isinstance(item, Evidence | Held):
            return
        if not item.slot.startswith(_DIRECT):
            await self._run(self._storage.forget, item.slot)
            self._tell_sights()
            self._note_fill()
        elif item.slot in self._direct:
            self._direct.discard(item.slot)
            self._inbound.put_nowait(Held(self._line.name, item.slot))
            if self._session.setup.must_acknowledge:
                await self._run(attempt, self._session, "AT+CNMA")

    async def refresh(self) -> Sequence[Line]:
        """Ask for registration, signal and operator."""
        try:
            self._note(await self._run(health.ask, self._session))
        except (Silent, GsmModemException) as error:
            self._line = replace(self._line, reason=f"The modem does not answer: {error}.")
            self._hint(look=True)
        return self.lines

    async def ussd(self, code: str) -> str:
        """Dial a USSD code like `*100#`; what the network says. Raises DeviceLost, SendRefused."""
        try:
            return await self._run(self._session.ussd, code)
        except (Silent, GsmModemException) as error:
            raise SendRefused(f"the network gave no answer to {code}: {error}", Refusal.TEMPORARY) from error

    async def service_centre(self) -> str:
        """The number that messages go to first; "" when the SIM has none. Raises DeviceLost."""
        with suppress(Silent, GsmModemException):
            return str(await self._run(lambda: self._session.smsc) or "")
        return ""

    async def fill(self) -> Mapping[str, tuple[int, int]]:
        """Memory → places used and places there, as counted now. Raises DeviceLost."""
        return await self._run(self._storage.count)

    async def examine(self) -> Sequence[Finding]:
        """SIM, registration, signal, service centre and memories, each asked between messages. Raises DeviceLost."""
        subject = f"devices.{self._line.device}"
        await self.refresh()
        found = list(checkup.of_line(subject, self._line))
        if self._line.state is not LineState.PARKED:
            found.append(checkup.service_centre(subject, await self.service_centre()))
            fills = (await self.fill()).items()
            found += [checkup.memory(subject, name, used, total) for name, (used, total) in fills]
        return found

    async def close(self) -> None:
        """Hang up."""
        if self._closed:
            return
        self._closed = True
        self._fail("the link was closed")
        await self._tasks.close()
        with suppress(Exception):
            await self._loop.run_in_executor(self._worker, self._session.close)
        self._worker.shutdown(wait=False)

    # -- the worker thread ----------------------------------------------------------------------
    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        """Do it on the modem's thread. Raises DeviceLost when the port is gone, before or meanwhile."""
        if self._loss:
            raise DeviceLost(self._loss)
        try:
            return await self._loop.run_in_executor(self._worker, work, *arguments)
        except PortLost as error:
            self._fail(f"the modem on {self._port} is gone: {error}")
            raise DeviceLost(self._loss) from error

    def _fail(self, reason: str) -> None:
        """The device is gone: whoever waits is told at once."""
        if self._loss:
            return
        self._loss = reason
        self._line = replace(self._line, state=LineState.ABSENT, reason=f"{reason[:1].upper()}{reason[1:]}.")
        self._session.hang_up()
        self._inbound.put_nowait(None)
        self._chores.set()

    async def _let_go(self, reason: str) -> None:
        """Restart a modem that is past talking to, and give it back."""
        if not self._loss:
            with suppress(LinkError):
                await self._run(self._session.reset)
        self._fail(reason)

    # -- the reader thread ----------------------------------------------------------------------
    def _from_reader(self, call: Callable[..., None], argument: object) -> None:
        with suppress(RuntimeError):  # the loop has ended, so nobody is interested
            self._loop.call_soon_threadsafe(call, argument)

    def _told(self, news: News) -> None:
        """News, still on the reader thread: a late result must find its message before the next one takes its place."""
        told = understand(news)
        if told.meaning is not Meaning.LATE_RESULT:
            self._from_reader(self._heard, told)
        elif evidence := self._sender.late(told, self._line.name):
            self._from_reader(self._inbound.put_nowait, evidence)

    def _heard(self, told: Told) -> None:
        """News, on the loop."""
        match told.meaning:
            case Meaning.ARRIVED:
                self._hint(told.memory)
            case Meaning.DIRECT:
                self._take(told)
            case Meaning.FULL:
                self._storage.announced_full = True
                self._note_fill()
                self._hint("")
            case Meaning.RESTARTED:
                self._restarted = True
                self._hint()
            case Meaning.REGISTRATION | Meaning.SIM_GONE:
                self._hint(look=True)

    def _hint(self, *memories: str, look: bool = False) -> None:
        """Something is to be done; "" stands for all memories."""
        self._hinted.update(memories)
        self._look_again |= look
        self._chores.set()

    def _take(self, told: Told) -> None:
        """An SMS or report that no memory holds."""
        slot = slot_of(told.memory, told.pdu)
        if slot in self._direct:
            return
        item = reading.read(self._line.name, slot, told.pdu)
        if item is not None:
            self._direct.add(slot)
            self._inbound.put_nowait(item)

    # -- minding --------------------------------------------------------------------------------
    async def _mind(self) -> None:
        """Until the device is gone."""
        await self._drain(())
        while not self._loss:
            await self._wait_for_chores()
            with suppress(DeviceLost):
                await self._do_chores()

    async def _wait_for_chores(self) -> None:
        now = time.monotonic()
        wait = min(self._probe_at(now), self._swept_at + self._options.poll_interval) - now
        with suppress(TimeoutError):
            async with asyncio.timeout(max(wait, 0.001)):
                await self._chores.wait()
        self._chores.clear()

    async def _do_chores(self) -> None:
        if self._restarted:
            self._restarted = False
            await self._restore()
        if time.monotonic() - self._swept_at >= self._options.poll_interval:
            self._hinted.add("")
        if self._hinted:
            hinted, self._hinted = self._hinted, set()
            await self._drain(() if "" in hinted else sorted(hinted))
        if self._look_again:
            self._look_again = False
            await self.refresh()
        now = time.monotonic()
        if self._probe_at(now) <= now:
            await self._probe()

    def _probe_at(self, now: float) -> float:
        return self._watchdog.due_at(now, self._session.heard_at, self._session.in_step)

    async def _drain(self, memories: Sequence[str]) -> None:
        """Give out what lies in these memories, all of them by default."""
        if not memories:
            self._swept_at = time.monotonic()
        stored = await self._run(self._storage.look if memories else self._storage.drain, memories)
        items: list[InboundPart | InboundReport] = []
        for one in stored:
            item = reading.read(self._line.name, one.slot, one.pdu)
            if item is not None:
                items.append(item)
        for item in reading.oldest_first(items):
            self._inbound.put_nowait(item)
        self._tell_sights()
        self._note_fill()

    def _tell_sights(self) -> None:
        """What was seen to be gone from the memories, after all that was read there before."""
        for place, slots in self._storage.sights():
            self._inbound.put_nowait(Held(self._line.name, place, slots))

    async def _probe(self) -> None:
        """Ask for a sign of life; three silences and it is restarted and given back."""
        try:
            await self._run(self._session.ask, "AT")
        except Failed:
            pass  # a no is a sign of life too
        except Silent as silent:
            if self._watchdog.missed(time.monotonic()) is Step.RESTART:
                await self._let_go(f"the modem on {self._port} does not answer any more and was restarted")
            else:
                self._line = replace(self._line, reason=f"The modem does not answer: {silent}.")
            return
        self._watchdog.answered()

    async def _restore(self) -> None:
        """After a restart nothing of what was set up is left."""
        try:
            await self._run(self._session.restore, self._options.pin, self._options.init)
        except (Failed, Silent, SendRefused, GsmModemException) as error:
            if self._restarted:
                return  # again, while we were at it: so will we
            self._fail(f"the modem on {self._port} restarted and could not be set up again: {error}")
            return
        self._storage.set_up(self._session.setup.memories)
        self._hint("", look=True)

    # -- the line -------------------------------------------------------------------------------
    def _note(self, found: health.Health) -> None:
        self._line = replace(self._line, **asdict(found), seen_at=time.time_ns() // 1_000_000)
        self._note_fill()

    def _note_fill(self) -> None:
        if full := self._storage.full:
            reason = f"{_FULL} ({full}): it is emptied as messages are committed."
            self._line = replace(self._line, reason=reason)
        elif self._line.reason.startswith(_FULL):
            self._line = replace(self._line, reason="")
