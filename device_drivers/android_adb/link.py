"""An open phone: polls for news, sends, and notices disconnection.

Everything goes through the phone's shell, a command at a time and each on a thread of its own, so nothing here blocks.
A phone tells nothing by itself but its state in adb; therefore one task polls its SMS store.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from bridge.errors import DeviceLost, Refusal, SendRefused
from bridge.model.finding import Finding
from bridge.model.line import Line, LineState
from bridge.model.radio import (
    Call,
    Doubtful,
    Held,
    Inbound,
    InboundPart,
    Outgoing,
    Sent,
    Typed,
)
from bridge.ports.driver import Device
from bridge.tasks import Tasks
from device_drivers.android_adb import conditions, examination, health, numbers, probe, radiolog
from device_drivers.android_adb.calls import PERMISSION, CallLog
from device_drivers.android_adb.clocks import Clock
from device_drivers.android_adb.conditions import Condition, Stops
from device_drivers.android_adb.facts import Messaging, Phone
from device_drivers.android_adb.freshness import is_plausible
from device_drivers.android_adb.handover import HandOver
from device_drivers.android_adb.health import Health
from device_drivers.android_adb.identity import MemoryOf
from device_drivers.android_adb.inbox import Inbox
from device_drivers.android_adb.options import Options
from device_drivers.android_adb.polling import Polling
from device_drivers.android_adb.rows import Garbled
from device_drivers.android_adb.sending import Sender
from device_drivers.android_adb.shell import ONLINE, Shell, Unheard
from device_drivers.android_adb.store import Box, Row, Store
from device_drivers.android_adb.subscriptions import Sim

log = logging.getLogger(__name__)

#: the call log is looked at every so many looks for SMS, or so many where the radio log tells of calls
CALLS_EVERY, CALLS_RARELY = 5, 10
#: seconds until the radio log is listened to again when it has ended
LISTEN_AGAIN = 10.0
#: what is remembered of a phone whose radio log can be relied on
TRUSTED = "radio_log"
#: looks in a row that the phone may leave unanswered or answer with nonsense
MISSES = 5


class PhoneLink:
    """Implements `bridge.ports.Link`, `Clarifying`, `Examining` and `Identified`. One line for each active SIM."""

    def __init__(
        self, device: Device, options: Options, shell: Shell, phone: Phone, messaging: Messaging, clock: Clock
    ) -> None:
        self._device = device.name
        self._options = options
        self._phone = phone
        self._shell = shell
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._loss = ""
        self._closed = False
        self._tasks = Tasks(f"phone {device.name}", lambda error: self._fail(f"{type(error).__name__}: {error}"))
        self._inbound: asyncio.Queue[Inbound | None] = asyncio.Queue()
        self._conditions = tuple(conditions.of_messaging(phone, messaging, options.allow_unknown_sdk))
        self._sims = {self._name(sim, messaging.sims): sim for sim in messaging.sims}
        self._lines = [self._line(name, sim, phone) for name, sim in self._sims.items()]
        self._memory = memory = MemoryOf(device.memory, phone.serial or shell.serial)
        store = Store(shell, messaging.expressions)
        self._inbox = Inbox(store, memory, clock)
        hand_over = HandOver(shell, store, phone.talks)
        self._sender = Sender(shell, store, memory, options, phone, hand_over, self._pause, clock)
        reads_calls = messaging.expressions and bool(messaging.grants) and messaging.granted(PERMISSION)
        self._calls = CallLog(shell, memory, self._lines[0].name) if reads_calls else None
        why = "" if reads_calls else "the phone does not let its shell read the call log (READ_CALL_LOG)"
        self._tell_of_calls(reads_calls, why)
        self._misses = 0
        #: set when there may be news, or the phone has gone
        self._stirred = asyncio.Event()
        trusted = options.radio_log and memory.get(TRUSTED) == "1"
        self._polling = Polling(options.poll_interval, options.idle_interval, trusted)
        #: looks until the call log is looked at
        self._until_calls = 0
        #: when the radio log ended; None while it is heard, or not listened to
        self._deaf_since: float | None = None

    def _name(self, sim: Sim, sims: Sequence[Sim]) -> str:
        return self._device if len(sims) == 1 else f"{self._device}:{sim.slot}"

    def _line(self, name: str, sim: Sim, phone: Phone) -> Line:
        numbers = self._options.numbers
        configured = numbers[sim.slot - 1] if sim.slot <= len(numbers) else ""
        return Line(
            name,
            self._device,
            "android_adb",
            slot=sim.slot,
            number=configured or sim.number,
            iccid=sim.iccid,
            operator=sim.carrier,
            model=phone.model,
            reports=False,
        )

    async def start(self) -> None:
        """Load the mark, query health and start listening. Raises DeviceLost."""
        try:
            # another person's phone in the place of this one is not what was to be taken in
            await self._inbox.open(self._options.import_existing and self._memory.is_first)
            self._tell_of_another()
            await self._memory.settle()
            if self._calls is not None:
                await self._open_calls(self._calls)
        except Garbled as error:
            raise DeviceLost(f"the phone's SMS store cannot be read: {error}") from error
        self._note(await health.ask(self._shell, self._slots))
        self._shell.watch(lambda state: self._from_thread(self._became, state))
        if self._options.radio_log:
            self._follow()
        self._tasks.start(self._listen(), "listening")

    def _tell_of_another(self) -> None:
        if before := self._memory.before:
            words = "%s: the phone %s is in the place of %s: what it holds is left alone; set serial to keep to one"
            log.warning(words, self._device, self._memory.serial, before, extra={"sms_device": self._device})

    async def _open_calls(self, calls: CallLog) -> None:
        try:
            await calls.open()
        except Garbled as error:
            log.warning("%s: the call log cannot be read: %s", self._device, error, extra={"sms_device": self._device})
            self._calls = None
            self._tell_of_calls(False, "the phone's call log answers something that cannot be read")

    def _tell_of_calls(self, readable: bool, why: str) -> None:
        self._lines = [replace(line, calls=readable, calls_reason=why) for line in self._lines]

    # -- the contract ---------------------------------------------------------------------------
    @property
    def lines(self) -> Sequence[Line]:
        """The active SIMs, by slot."""
        return tuple(self._lines)

    @property
    def hardware(self) -> str:
        """The phone by its own serial: adb names it otherwise on a cable than on the network."""
        return f"phone {self._phone.serial}" if self._phone.serial else ""

    def split(self, text: str) -> Sequence[str]:
        """The whole text: the phone takes all parts at once."""
        return [text]

    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        """Send one message with all its parts; see `Sender` for how its outcome is decided."""
        if self._loss:
            raise DeviceLost(self._loss)
        sim = self._sims.get(line)
        if sim is None:
            raise SendRefused(f"there is no line {line} on this phone", Refusal.LINE)
        if stop := self._first(Stops.SENDING):
            raise SendRefused(stop.words, Refusal.LINE)
        try:
            return await self._sender.send(line, sim, outgoing)
        except DeviceLost as lost:
            self._fail(lost.message)
            raise

    def pause(self, line: str) -> float:
        """Seconds until the phone may be given one more part."""
        return self._sender.pause()

    async def inbound(self) -> AsyncIterator[Inbound]:
        """Everything received, as it is found."""
        while True:
            item = await self._inbound.get()
            if item is None:
                self._inbound.put_nowait(None)
                raise DeviceLost(self._loss)
            yield item

    async def acknowledge(self, item: Inbound) -> None:
        """Record that an item is stored; the phone keeps it."""
        if isinstance(item, Call):
            if self._calls is not None:
                await self._calls.acknowledge(item.slot)
        elif isinstance(item, InboundPart | Typed):
            await self._inbox.acknowledge(item.slot)
            # the phone keeps it, but this row is never given out again
            self._inbound.put_nowait(Held(item.line, item.slot))

    async def refresh(self) -> Sequence[Line]:
        """Query battery, network and SIMs. Raises DeviceLost when the phone is gone or its SIMs changed."""
        if self._loss:
            raise DeviceLost(self._loss)
        try:
            self._note(await health.ask(self._shell, self._slots))
        except Unheard as unheard:
            await self._missed(unheard.message)
            if self._loss:
                raise DeviceLost(self._loss) from unheard
        return self.lines

    async def examine(self) -> Sequence[Finding]:
        """Examine permissions, apps, network and battery now. Raises DeviceLost."""
        subject, may_guess = f"devices.{self._device}", self._options.allow_unknown_sdk
        await self.refresh()
        messaging = await probe.messaging(self._shell, self._phone, may_guess)
        self._conditions = tuple(conditions.of_messaging(self._phone, messaging, may_guess))
        model, release = self._phone.model, self._phone.release
        found = list(examination.of_phone(subject, model, release, messaging, self._conditions))
        return [*found, *(each for line in self._lines for each in examination.of_line(subject, line))]

    async def clarify(self, doubtful: Sequence[Doubtful]) -> None:
        """Look for traces of these parts at every poll from now on."""
        self._sender.doubt(doubtful, self._sims)

    async def close(self) -> None:
        """Close the connection to the phone."""
        if self._closed:
            return
        self._closed = True
        self._fail("the link was closed")
        await self._tasks.close()
        self._shell.close()

    # -- being lost -----------------------------------------------------------------------------
    def _from_thread(self, call: Callable[..., None], *arguments: str) -> None:
        with suppress(RuntimeError):  # the loop has ended, so nobody is interested
            self._loop.call_soon_threadsafe(call, *arguments)

    def _became(self, state: str) -> None:
        """adb reported a new state."""
        if state == ONLINE:
            return
        condition = conditions.of_state(state, self._shell.serial) if state else None
        self._fail(condition.sentence if condition else "the adb server ended")

    def _fail(self, reason: str) -> None:
        """The phone is gone: wake everything that waits for it."""
        if self._loss:
            return
        self._loss = reason
        sentence = f"{reason[:1].upper()}{reason[1:]}."
        self._lines = [replace(line, state=LineState.ABSENT, reason=sentence) for line in self._lines]
        self._shell.hang_up(reason)
        self._inbound.put_nowait(None)
        self._over.set()
        self._stirred.set()

    async def _missed(self, reason: str) -> None:
        """Count a missing or garbled answer; the phone may be gone, and too many misses end the link."""
        if self._loss:
            return
        self._misses += 1
        log.info("%s: %s", self._device, reason, extra={"sms_device": self._device})
        try:
            self._became(await self._shell.state())
        except DeviceLost as lost:
            self._fail(lost.message)
        if self._misses >= MISSES:
            self._fail(reason)

    async def _pause(self, seconds: float) -> None:
        """Sleep. Raises DeviceLost as soon as the phone is gone."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()
        if self._loss:
            raise DeviceLost(self._loss)

    # -- listening ------------------------------------------------------------------------------
    async def _listen(self) -> None:
        """Poll until the phone is gone."""
        with suppress(DeviceLost):
            while True:
                try:
                    await self._look()
                    await self._look_for_calls()
                except (Unheard, Garbled) as error:
                    await self._missed(str(error))
                else:
                    self._misses = 0
                await self._rest()

    def _follow(self) -> None:
        self._deaf_since = None
        self._shell.follow(radiolog.FOLLOW, self._logged, lambda: self._from_thread(self._log_ended))

    def _log_ended(self) -> None:
        self._deaf_since = self._loop.time()
        self._polling.deaf()
        self._stirred.set()

    def _logged(self, line: str) -> None:
        """Process a line of the radio log, on its thread."""
        for is_one, tell in (
            (radiolog.is_arrival, self._announced),
            (radiolog.is_news, self._changed),
            (radiolog.is_call, self._called),
        ):
            if is_one(line):
                self._from_thread(tell)

    def _announced(self) -> None:
        self._polling.announced(self._loop.time())
        self._stirred.set()

    def _changed(self) -> None:
        if not self._sender.is_flying:  # else it is most likely ours, and looked for already
            self._polling.stirred()
            self._stirred.set()

    def _called(self) -> None:
        self._until_calls = 0
        self._polling.stirred()
        self._stirred.set()

    async def _rest(self) -> None:
        """Wait for the next poll. Raises DeviceLost as soon as the phone is gone."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._polling.pause(self._sender.is_in_doubt)):
                await self._stirred.wait()
        self._stirred.clear()
        if self._loss:
            raise DeviceLost(self._loss)
        if self._deaf_since is not None and self._loop.time() - self._deaf_since > LISTEN_AGAIN:
            self._follow()

    async def _look(self) -> None:
        log_lines = await self._sender.log_of_doubts()  # before the rows, of which one is to go with each
        found = await self._inbox.look(self._sender.back_to())
        for evidence in self._sender.settle(found, log_lines):
            self._inbound.put_nowait(evidence)
        fresh = await self._inbox.new(found)
        await self._note_of_log(any(row.type == Box.INBOX for row in fresh))
        for row in fresh:
            item = self._item(row)
            if item is None:
                self._inbox.forget(row)
            else:
                self._inbound.put_nowait(item)

    async def _note_of_log(self, came: bool) -> None:
        """Record whether the radio log announces incoming SMS."""
        self._polling.found(came, self._loop.time())
        trusted = str(int(self._polling.trusted))
        if self._options.radio_log and trusted != (self._memory.get(TRUSTED) or "0"):
            await self._memory.put(TRUSTED, trusted)

    async def _look_for_calls(self) -> None:
        self._until_calls -= 1
        if self._calls is not None and self._until_calls < 0:
            self._until_calls = CALLS_RARELY if self._polling.trusted else CALLS_EVERY - 1
            for call in await self._calls.new():
                self._inbound.put_nowait(call)

    def _item(self, row: Row) -> InboundPart | Typed | None:
        line = self._line_of(row.sub)
        if row.type == Box.INBOX:
            received_at = row.date if is_plausible(row.date) else 0
            sender = numbers.tidy(row.address)
            return InboundPart(line, row.slot, sender, row.body, row.date_sent, received_at=received_at)
        if row.type == Box.SENT and not self._sender.is_ours(row):
            return Typed(line, row.slot, numbers.tidy(row.address), row.body, row.date)
        return None

    def _line_of(self, sub: int) -> str:
        """The line of a SIM; the first one when the phone does not say which."""
        return next((name for name, sim in self._sims.items() if sim.sub == sub), self._lines[0].name)

    # -- the lines ------------------------------------------------------------------------------
    @property
    def _slots(self) -> Sequence[int]:
        return [sim.slot for sim in self._sims.values()]

    def _first(self, stops: Stops) -> Condition | None:
        return next((each for each in self._conditions if each.stops is stops), None)

    def _sentence(self, stops: Stops) -> str:
        condition = self._first(stops)
        return f"{condition.words[:1].upper()}{condition.words[1:]}." if condition else ""

    def _note(self, found: Health) -> None:
        if found.sims is not None and _identity(found.sims) != _identity(self._sims.values()):
            self._fail("the phone's SIMs were changed")
            raise DeviceLost(self._loss)
        now = time.time_ns() // 1_000_000
        self._lines = [self._healthy(line, found, now) for line in self._lines]

    def _healthy(self, line: Line, found: Health, now: int) -> Line:
        radio = found.radios[line.slot]
        barred = self._sentence(Stops.SENDING) or radio.reason
        return replace(
            line,
            state=LineState.OUT_OF_SERVICE if barred else LineState.READY,
            operator=radio.operator or line.operator,
            registration=radio.registration,
            signal_dbm=radio.signal_dbm,
            battery=found.battery.level,
            charging=found.battery.charging,
            reason=barred or f"{self._sentence(Stops.RECEIVING)} {found.battery.reason}".strip(),
            seen_at=now,
        )


def _identity(sims: Iterable[Sim]) -> set[tuple[int, int, str]]:
    return {(sim.sub, sim.slot, sim.iccid) for sim in sims}
