"""An open modem: the worker thread's asyncio face.

Every question to the modem goes through one worker thread, in order; what the reader thread hears comes to the loop
by `call_soon_threadsafe`. One task minds the modem: it drains the memories when something hints at news and now and
then anyway, asks for a sign of life when it has been quiet, and sets everything up again when it restarted.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TypeVar

from bridge.errors import DeviceLost, LinkError, OutcomeUnknown, Refusal, SendRefused
from bridge.messages import segmentation
from bridge.model.finding import Finding
from bridge.model.line import Line, LineState
from bridge.model.radio import Evidence, Held, Inbound, Outgoing, Sent
from bridge.tasks import Tasks
from device_drivers.gsm_modem import checkup, health
from device_drivers.gsm_modem.answers import Failed, News, Silent
from device_drivers.gsm_modem.bringup import attempt
from device_drivers.gsm_modem.intake import Intake
from device_drivers.gsm_modem.memories import Memories, Stored
from device_drivers.gsm_modem.news import Meaning, Told, understand
from device_drivers.gsm_modem.options import Options
from device_drivers.gsm_modem.recovery import Step, Watchdog
from device_drivers.gsm_modem.sending import Sender
from device_drivers.gsm_modem.session import GsmModemException, Session
from device_drivers.gsm_modem.settings import NotAsSetUp
from device_drivers.gsm_modem.storage import Hint, Storage
from device_drivers.gsm_modem.worker import Worker

log = logging.getLogger(__name__)

T = TypeVar("T")

#: places that `acknowledge` answers with AT+CNMA or nothing, because nothing is stored there
_DIRECT = ("CMT:", "CDS:")
#: seconds between two set-ups, and between two looks at the registration, that news ask for: some modems never stop
NEWS_EVERY = 1.0
#: in all memories
EVERYWHERE = Hint()


class ModemLink:
    """Obeys `bridge.ports.Link` and `Examining`. One line, named after its device."""

    def __init__(self, device: str, options: Options, port: str, pin_was_refused: bool = False) -> None:
        self._options = options
        self._port = port
        self._worker = Worker(device, port, self._lost)
        self._session = Session(
            port,
            options.baudrate,
            tell=self._told,
            lost=lambda error: self._worker.post(self._worker.fail, self._worker.words_for(error)),
            rtscts=options.rtscts,
            patience=options.command_timeout,
            smsc=options.smsc,
        )
        self._session.pin_was_refused = pin_was_refused
        self._storage = Storage(Memories(self._session, self._session.settings, options.command_timeout))
        self._sender = Sender(
            self._session,
            self._session.settings,
            device,
            options.send_timeout,
            tell=lambda evidence: self._worker.post(self._intake.tell, evidence),
        )
        self._watchdog = Watchdog(options.watchdog)
        self._tasks = Tasks(f"modem {device}", lambda error: self._worker.fail(f"{type(error).__name__}: {error}"))
        self._line = Line(name=device, device=device, driver="gsm_modem", state=LineState.CONNECTING)
        self._intake = Intake(device, lambda: self._worker.loss)
        self._chores = asyncio.Event()
        self._hinted: set[Hint] = set()
        self._restarted = False
        self._setting_up = asyncio.Lock()
        self._set_up_at = 0.0
        self._look_again = False
        self._looked_at = 0.0
        self._swept_at = 0.0
        self._memory_trouble = ""
        self._closed = False

    @property
    def pin_was_refused(self) -> bool:
        """The SIM said no to the configured PIN."""
        return self._session.pin_was_refused

    async def start(self) -> None:
        """Connect and make ready. Raises DeviceLost, SendRefused(LINE), serial.SerialException."""
        await self._run(self._session.begin, self._options.pin, self._options.init)
        self._storage.set_up(self._session.setup)
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
            return await self._as_set_up(self._sender.send, outgoing)
        except OutcomeUnknown:
            self._hint(look=True)
            raise
        except SendRefused as refused:
            if refused.cause.lower().endswith(("memory full)", "storage full)", "memory full", "storage full")):
                self._hint(EVERYWHERE)
            raise
        except DeviceLost as lost:
            await self._let_go(str(lost))
            raise

    def inbound(self) -> AsyncIterator[Inbound]:
        """What came in, as it is found."""
        return self._intake.inbound()

    async def acknowledge(self, item: Inbound) -> None:
        """Forget it on the device; a slot that is not held any more is left alone, whatever lies there now."""
        if isinstance(item, Evidence | Held):
            return
        if not self._intake.is_direct(item.slot):
            await self._as_set_up(self._storage.forget, item.slot)
            self._tell_sights()
        elif self._intake.let_go(item.slot) and self._session.setup.must_acknowledge:
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
        self._worker.fail("the link was closed")
        await self._tasks.close()
        await self._worker.close(self._session.close)

    # -- the worker thread ----------------------------------------------------------------------
    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        """Do it on the modem's thread, and notice what that showed of the modem. Raises DeviceLost."""
        try:
            return await self._worker.run(work, *arguments)
        finally:
            if self._session.echoes_again:
                self._restarted = True
                self._chores.set()

    async def _as_set_up(self, work: Callable[..., T], *arguments: object) -> T:
        """Do it; when the modem is found to be not as it was set up, set it up and do it then.

        Raises DeviceLost, and SendRefused when the modem does not stay as it is set up.
        """
        try:
            return await self._run(work, *arguments)
        except NotAsSetUp as found:
            await self._set_up_again(found.reason)
        try:
            return await self._run(work, *arguments)
        except NotAsSetUp as again:
            words = f"the modem does not stay as it is set up: {again.reason}"
            raise SendRefused(words, Refusal.NETWORK) from again

    def _lost(self, reason: str) -> None:
        self._line = replace(self._line, state=LineState.ABSENT, reason=f"{reason[:1].upper()}{reason[1:]}.")
        self._session.hang_up()
        self._intake.end()
        self._chores.set()

    async def _let_go(self, reason: str) -> None:
        """Restart a modem that is past talking to, and give it back."""
        with suppress(LinkError):
            await self._run(self._session.reset)
        self._worker.fail(reason)

    # -- the reader thread ----------------------------------------------------------------------
    def _told(self, news: News) -> None:
        """News, still on the reader thread: a late result must find its message before the next one takes its place."""
        told = understand(news)
        if told.meaning is Meaning.LATE_RESULT:
            self._sender.late(told)
        else:
            self._worker.post(self._heard, told)

    def _heard(self, told: Told) -> None:
        """News, on the loop."""
        match told.meaning:
            case Meaning.ARRIVED:
                self._hint(Hint(told.memory, told.place))
            case Meaning.DIRECT:
                self._intake.take_direct(told)
            case Meaning.TEXT:
                self._intake.take_direct(told)
                self._restarted = True
                self._hint()
            case Meaning.BROKEN:
                log.warning("%s: an SMS was handed over that could not be read: %s", self._line.name, told.text[0])
                self._hint(EVERYWHERE)
            case Meaning.FULL:
                self._storage.announced_full = True
                self._note_fill()
                self._hint(EVERYWHERE)
            case Meaning.RESTARTED:
                self._restarted = True
                self._hint()
            case Meaning.REGISTRATION | Meaning.SIM_GONE:
                self._hint(look=True)

    def _hint(self, *hints: Hint, look: bool = False) -> None:
        """Something is to be done."""
        self._hinted.update(hints)
        self._look_again |= look
        self._chores.set()

    # -- minding --------------------------------------------------------------------------------
    async def _mind(self) -> None:
        """Until the device is gone."""
        self._hint(EVERYWHERE)
        while not self._worker.loss:
            await self._wait_for_chores()
            try:
                await self._do_chores()
            except DeviceLost:
                pass  # the loop ends by itself
            except SendRefused as refused:
                log.warning("%s: %s", self._line.name, refused.cause)

    async def _wait_for_chores(self) -> None:
        now = time.monotonic()
        due = self._probe_at(now), self._swept_at + self._options.poll_interval, self._storage.due_at
        wait = min(due) - now
        with suppress(TimeoutError):
            async with asyncio.timeout(max(wait, 0.001)):
                await self._chores.wait()
        self._chores.clear()

    async def _do_chores(self) -> None:
        if self._restarted and self._is_due(self._set_up_at):
            await self._set_up_again("it restarted, echoes what is typed, or is in text mode")
        if time.monotonic() - self._swept_at >= self._options.poll_interval:
            self._hinted.add(EVERYWHERE)
        if self._hinted:
            hinted, self._hinted = self._hinted, set()
            await self._drain(() if EVERYWHERE in hinted else tuple(hinted))
        elif self._storage.is_scanning:
            self._give_out(await self._run(self._storage.scan))
        if self._storage.due_at <= time.monotonic():
            await self._as_set_up(self._storage.retry)
            self._tell_sights()
        if self._look_again and self._is_due(self._looked_at):
            self._look_again, self._looked_at = False, time.monotonic()
            await self.refresh()
        now = time.monotonic()
        if self._probe_at(now) <= now:
            await self._probe()

    def _is_due(self, last: float) -> bool:
        """Whether it may be done again already; if not, it will be seen to when it may."""
        wait = last + NEWS_EVERY - time.monotonic()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._chores.set)
        return wait <= 0

    def _probe_at(self, now: float) -> float:
        return self._watchdog.due_at(now, self._session.heard_at, self._session.in_step)

    async def _drain(self, hints: Sequence[Hint]) -> None:
        """Give out what lies where these hint at, or anywhere."""
        if hints:
            self._give_out(await self._as_set_up(self._storage.look, hints))
            return
        self._swept_at = time.monotonic()
        if not await self._check(thoroughly=True):
            return
        self._give_out(await self._as_set_up(self._storage.drain))
        if self._storage.blind != self._session.avoid:
            self._session.avoid = self._storage.blind
            names = ", ".join(sorted(self._storage.blind))
            await self._set_up_again(f"it counts SMS in {names} and shows none" if names else "its memories are well")

    def _give_out(self, stored: Sequence[Stored]) -> None:
        self._intake.take_stored(stored)
        self._tell_sights()
        if self._storage.look_again:
            self._storage.look_again = False
            self._hint(EVERYWHERE)
        if self._storage.is_scanning:
            self._chores.set()

    def _tell_sights(self) -> None:
        self._intake.tell_sights(self._storage.sights())
        self._note_fill()

    async def _check(self, thoroughly: bool = False) -> bool:
        """Is the modem as it was set up? It is set up again when it is not; False when it does not answer."""
        try:
            await self._run(self._session.settings.check, thoroughly)
        except NotAsSetUp as found:
            if self._is_due(self._set_up_at):
                await self._set_up_again(found.reason)
            else:
                self._restarted = True
        except Silent as silent:
            self._line = replace(self._line, reason=f"The modem does not answer: {silent}.")
            return False
        return True

    async def _probe(self) -> None:
        """Ask for a sign of life; three silences and it is restarted and given back."""
        if await self._check():
            self._watchdog.answered()
        elif self._watchdog.missed(time.monotonic()) is Step.RESTART:
            await self._let_go(f"the modem on {self._port} does not answer any more and was restarted")

    async def _set_up_again(self, reason: str) -> None:
        """After a restart, or another program's doing. Raises DeviceLost when it could not be set up."""
        before = self._set_up_at
        async with self._setting_up:
            if self._set_up_at == before:  # else somebody did so while we waited for our turn
                self._restarted = False
                log.warning("%s is not as it was set up (%s): setting it up again", self._line.name, reason)
                await self._restore()
                self._set_up_at = time.monotonic()
        if self._worker.loss:
            raise DeviceLost(self._worker.loss)

    async def _restore(self) -> None:
        try:
            await self._run(self._session.restore, self._options.pin, self._options.init)
        except (Failed, Silent, SendRefused, GsmModemException) as error:
            if not self._restarted:  # else again, while we were at it: so will we
                self._worker.fail(f"the modem on {self._port} restarted and could not be set up again: {error}")
            return
        self._storage.set_up(self._session.setup)
        self._hint(EVERYWHERE, look=True)

    # -- the line -------------------------------------------------------------------------------
    def _note(self, found: health.Health) -> None:
        self._line = replace(self._line, **asdict(found), seen_at=time.time_ns() // 1_000_000)
        self._note_fill()

    def _note_fill(self) -> None:
        """What is said of the memories gives way to any other reason."""
        if not self._line.reason or self._line.reason == self._memory_trouble:
            self._memory_trouble = self._storage.trouble
            self._line = replace(self._line, reason=self._memory_trouble)
