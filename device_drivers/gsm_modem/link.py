"""An open modem: the asyncio side of its worker thread.

Every question to the modem goes through one worker thread, in order; what the reader thread hears comes to the loop
by `call_soon_threadsafe`. What is done besides messages is in `keeping`.
"""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, replace

from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.messages import segmentation
from bridge.model.finding import Finding
from bridge.model.line import Line, LineState
from bridge.model.radio import Evidence, Held, Inbound, InboundReport, Outgoing, Sent
from bridge.ports.driver import Memory
from bridge.tasks import Tasks
from device_drivers._silence import LEAST
from device_drivers.gsm_modem import checkup, health, identity, quirks
from device_drivers.gsm_modem.answers import News, Silent
from device_drivers.gsm_modem.bringup import attempt
from device_drivers.gsm_modem.intake import Holders, Intake
from device_drivers.gsm_modem.keeping import EVERYWHERE, Keeper
from device_drivers.gsm_modem.memories import Hint, Memories
from device_drivers.gsm_modem.news import Meaning, Told, understand
from device_drivers.gsm_modem.options import Options
from device_drivers.gsm_modem.recovery import Recovery
from device_drivers.gsm_modem.sending import Sender
from device_drivers.gsm_modem.session import GsmModemException, Session
from device_drivers.gsm_modem.settings import NotAsSetUp
from device_drivers.gsm_modem.storage import Storage
from device_drivers.gsm_modem.worker import Withdrawn, Worker

log = logging.getLogger(__name__)


class ModemLink:
    """Implements `bridge.ports.Link` and `Examining`. One line, named after its device.

    `others`: the lines of all modems that are open.
    """

    def __init__(
        self,
        device: str,
        options: Options,
        port: str,
        recovery: Recovery,
        pin_was_refused: bool = False,
        others: Callable[[], Iterable[Line]] = tuple,
    ) -> None:
        self._options = options
        self._others = others
        self._worker = Worker(device, port, self._lost)
        self._session = self._new_session(port)
        self._session.pin_was_refused = pin_was_refused
        self._storage = Storage(Memories(self._session, self._session.settings), self._make_sure_of_sim)
        self._tasks = Tasks(f"modem {device}", lambda error: self._worker.fail(f"{type(error).__name__}: {error}"))
        self._line = Line(name=device, device=device, driver="gsm_modem", state=LineState.CONNECTING)
        self._intake = Intake(device, lambda: self._worker.loss)
        self._keeper = Keeper(
            options,
            self._worker,
            self._session,
            self._storage,
            self._intake,
            recovery,
            refresh=self.refresh,
            require_same_sim=self._require_same_sim,
            silent=self._note_silence,
            noted=self._note_memories,
        )
        self._sender = Sender(
            self._session,
            self._session.settings,
            device,
            options.send_timeout,
            tell=lambda evidence: self._worker.post(self._intake.tell, evidence),
            read_arrived=self._keeper.read_beside,
            require_same_sim=self._require_same_sim,
        )
        self._memory_trouble, self._closed = "", False

    def _new_session(self, port: str) -> Session:
        options = self._options
        session = Session(
            port,
            options.baudrate,
            tell=self._told,
            lost=lambda error: self._worker.post(self._worker.fail, self._worker.words_for(error)),
            rtscts=options.rtscts,
            patience=options.command_timeout,
            smsc=options.smsc,
        )
        session.recognise = lambda: options.wanted.recognise(self._session, port)
        return session

    @property
    def pin_was_refused(self) -> bool:
        """Whether the SIM refused the configured PIN."""
        return self._session.pin_was_refused

    async def start(
        self,
        memory_of: Callable[[str], Awaitable[Memory]] | None = None,
        slots_of: Callable[[Collection[str]], Awaitable[Collection[str]]] | None = None,
    ) -> None:
        """Connect and set up. Raises DeviceLost, SendRefused(LINE), serial.SerialException.

        `memory_of`, `slots_of`: as in `Device`.
        """
        await self._keeper.run(self._session.begin, self._options.pin, self._options.init)
        self._storage.set_up(self._session.setup)
        known = await self._keeper.run(health.identify, self._session, self._options.number)
        self._options.wanted.require(known.imei, known.iccid, self._session.port)
        known_as = await identity.known_as(memory_of, known.imsi, known.iccid)
        self._line = replace(self._line, **asdict(known), known_as=known_as, reports=True)
        self._intake.holders = self._holders()
        if slots_of is not None:
            self._storage.moves.expect(await slots_of([self._line.name, *filter(None, astuple(self._intake.holders))]))
        self._note(await self._keeper.run(health.ask, self._session))
        self._tasks.start(self._keeper.mind(), "minding the modem")

    # -- the contract ---------------------------------------------------------------------------
    @property
    def lines(self) -> Sequence[Line]:
        """The one SIM."""
        return (self._session.silence.shown(self._line),)

    @property
    def hardware(self) -> str:
        """The modem with its SIM: IMEIs alone are not unique, as some makers give all their sticks the same."""
        return f"modem {self._line.imei} {self._line.sim}" if self._line.imei and self._line.sim else ""

    def split(self, text: str) -> Sequence[str]:
        """Split into radio parts."""
        return segmentation.split(text)

    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        """Send one part; see `Sender` for how its outcome is decided."""
        if line != self._line.name:
            raise SendRefused(f"there is no line {line} on this device", Refusal.LINE)
        try:
            return await self._keeper.run_as_set_up(self._sender.send, outgoing, give_up=self._is_silent)
        except Withdrawn:  # it waited behind a question that is not answered
            raise SendRefused(f"the modem is not answering {self._session.silence.words}", Refusal.NETWORK) from None
        except OutcomeUnknown:
            self._keeper.hint(look=True)
            raise
        except SendRefused as refused:
            if refused.cause.lower().endswith(("memory full)", "storage full)", "memory full", "storage full")):
                self._keeper.hint(EVERYWHERE)
            if not self._session.in_step:
                self._keeper.hint()  # see to it now, not when the next look is due
            raise
        except identity.OtherSim:  # the modem is well
            raise
        except DeviceLost as lost:
            await self._keeper.give_back(str(lost))
            raise

    def _is_silent(self) -> bool:
        """Whether nothing at all is received: a modem that still says something may only need set-up."""
        return bool(self._session.silence.words) and time.monotonic() > self._session.heard_at + LEAST

    def inbound(self) -> AsyncIterator[Inbound]:
        """Everything received, as it is found."""
        return self._intake.inbound()

    async def acknowledge(self, item: Inbound) -> None:
        """Delete it from the device; a slot that no longer holds it is left alone."""
        if isinstance(item, Evidence | Held):
            return
        if not self._intake.is_direct(item.slot):
            if isinstance(item, InboundReport):
                self._keeper.forget_soon(item.slot)
            else:
                await self._keeper.forget(item.slot)
        elif self._intake.let_go(item.slot) and self._session.setup.must_acknowledge:
            await self._keeper.run(attempt, self._session, "AT+CNMA")

    async def refresh(self) -> Sequence[Line]:
        """Query registration, signal and operator."""
        try:
            await self._keeper.run(identity.require_same_sim, self._session, self._line)
            self._note(await self._keeper.run(health.ask, self._session))
        except (Silent, GsmModemException) as error:
            self._note_silence(error)
            self._keeper.hint(look=True)
        return self.lines

    async def ussd(self, code: str) -> str:
        """Dial a USSD code like `*100#`; returns the network's answer. Raises DeviceLost, SendRefused."""
        try:
            return await self._keeper.run(self._session.ussd, code)
        except (Silent, GsmModemException) as error:
            raise SendRefused(f"the network gave no answer to {code}: {error}", Refusal.TEMPORARY) from error

    async def service_centre(self) -> str:
        """The service centre's number; "" when the SIM has none. Raises DeviceLost."""
        with suppress(Silent, GsmModemException):
            return str(await self._keeper.run(lambda: self._session.smsc) or "")
        return ""

    async def fill(self) -> Mapping[str, tuple[int, int]]:
        """Memory → used and total places, counted now. Raises DeviceLost."""
        return await self._keeper.run(self._storage.count)

    async def examine(self) -> Sequence[Finding]:
        """Findings: SIM, registration, signal, service centre, memories, queried now. Raises DeviceLost."""
        subject = f"devices.{self._line.device}"
        await self.refresh()
        found = list(checkup.of_line(subject, self._line))
        if self._line.state is not LineState.PARKED:
            found.append(checkup.service_centre(subject, await self.service_centre()))
            fills = (await self.fill()).items()
            found += [checkup.memory(subject, name, used, total) for name, (used, total) in fills]
        return found

    async def close(self) -> None:
        """Close the port."""
        if self._closed:
            return
        self._closed = True
        self._worker.fail("the link was closed")
        await self._tasks.close()
        await self._worker.close(self._session.close)

    def _holders(self) -> Holders:
        """What holds the SMS. Makers give many sticks one IMEI: only the first that is open goes by it alone."""
        line, modem = self._line, self._line.imei
        if any(other.imei == modem and other.name != line.name for other in self._others()):
            modem = f"{modem} {line.name}"
        return Holders(line.sim, modem if line.imei else "")

    # -- the worker thread ----------------------------------------------------------------------
    def _require_same_sim(self) -> None:
        identity.require_same_sim(self._session, self._line)

    def _make_sure_of_sim(self) -> None:
        """Raises NotAsSetUp, too, where the modem does not say which SIM it has: set up anew, it may."""
        try:
            self._require_same_sim()
        except Silent as silent:
            raise NotAsSetUp(f"it does not say which SIM it has: {silent}") from silent

    def _lost(self, reason: str) -> None:
        self._line = replace(self._line, state=LineState.ABSENT, reason=f"{reason[:1].upper()}{reason[1:]}.")
        self._session.hang_up(reason)  # which a message that is being given to it is told
        self._intake.end()
        self._keeper.hint()

    # -- the reader thread ----------------------------------------------------------------------
    def _told(self, news: News) -> None:
        """Process news on the reader thread: a late result must reach its message before the next one starts."""
        told = understand(news)
        self._sender.hear(told, bool(quirks.POWERED_UP.match(news[0])))
        if told.meaning is Meaning.LATE_RESULT:
            self._sender.late(told)
        elif told.meaning is Meaning.ARRIVED:
            self._keeper.note(Hint(told.memory, told.place))
        else:
            self._worker.post(self._heard, told)

    def _heard(self, told: Told) -> None:
        """Process news on the loop."""
        match told.meaning:
            case Meaning.DIRECT:
                self._intake.take_direct(told)
            case Meaning.TEXT:
                self._intake.take_direct(told)
                self._keeper.hint(restarted=True)
            case Meaning.BROKEN:
                log.warning("%s: an SMS was handed over that could not be read: %s", self._line.name, told.text[0])
                self._keeper.hint(EVERYWHERE)
            case Meaning.FULL:
                self._storage.announced_full = True
                self._note_memories()
                self._keeper.hint(EVERYWHERE)
            case Meaning.RESTARTED:
                self._keeper.hint(restarted=True)
            case Meaning.REGISTRATION | Meaning.SIM_GONE:
                self._keeper.hint(look=True)

    # -- the line -------------------------------------------------------------------------------
    def _note(self, found: health.Health) -> None:
        self._line = replace(self._line, **asdict(found), seen_at=time.time_ns() // 1_000_000)
        self._note_memories()

    def _note_silence(self, error: Exception) -> None:
        # what the library says of silence is nothing
        self._line = replace(self._line, reason=f"The modem does not answer: {error.__cause__ or error}.")

    def _note_memories(self) -> None:
        """Show the state of the memories unless there is another reason."""
        if not self._line.reason or self._line.reason == self._memory_trouble:
            self._memory_trouble = self._storage.trouble
            if self._line.reason != self._memory_trouble:
                self._line = replace(self._line, reason=self._memory_trouble)
