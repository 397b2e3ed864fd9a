"""An open phone: polls for news, sends, and notices disconnection.

Everything goes through the phone's shell, a command at a time and each on a thread of its own, so nothing here blocks.
A phone tells nothing by itself but its state in adb; therefore one task polls its SMS store.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress

from bridge.errors import DeviceLost, Refusal, SendRefused
from bridge.model.finding import Finding
from bridge.model.line import Line
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
from bridge.ports.driver import Device, Memory
from bridge.tasks import Tasks
from device_drivers._silence import Silence
from device_drivers.android_adb import (
    calls,
    conditions,
    health,
    identity,
    inbox,
    numbers,
    probe,
    radiolog,
    sending,
)
from device_drivers.android_adb.calls import PERMISSION, CallLog
from device_drivers.android_adb.clocks import Clock
from device_drivers.android_adb.facts import Messaging, Phone
from device_drivers.android_adb.handover import HandOver
from device_drivers.android_adb.health import Health
from device_drivers.android_adb.identity import MemoryOf
from device_drivers.android_adb.inbox import Inbox
from device_drivers.android_adb.lines import Lines
from device_drivers.android_adb.options import Options
from device_drivers.android_adb.polling import Polling
from device_drivers.android_adb.rows import Garbled
from device_drivers.android_adb.sending import GivenBack, Sender
from device_drivers.android_adb.shell import ONLINE, Shell, Unheard
from device_drivers.android_adb.store import Box, Row, Store, is_plausible

log = logging.getLogger(__name__)

#: the call log is looked at every so many looks for SMS, or so many where the radio log tells of calls
CALLS_EVERY, CALLS_RARELY = 5, 10
#: what is remembered of a phone whose radio log can be relied on
TRUSTED = "radio_log"
#: what is remembered of a phone, whichever device leads to it
KEPT = (inbox.KEY, sending.KEY, calls.KEY, TRUSTED)
#: seconds that a look into the store may take before the phone counts as silent; a slow one starts a program for it
SLOW = 10.0
#: looks in a row that the phone may leave unanswered or answer with nonsense
MISSES = 5


class PhoneLink:
    """Implements `bridge.ports.Link`, `Clarifying`, `Examining`, `Identified`, `Yielding`. One line for each SIM."""

    def __init__(
        self,
        device: Device,
        options: Options,
        shell: Shell,
        phone: Phone,
        messaging: Messaging,
        clock: Clock,
        shared: Memory | None = None,
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
        self._lines = Lines(device.name, phone, messaging, options)
        self._memory = memory = MemoryOf(device.memory, phone.serial or shell.serial, shared)
        store = Store(shell, messaging.expressions)
        self._inbox = Inbox(store, memory, clock)
        hand_over = HandOver(shell, store, phone.talks)
        self._sender = Sender(shell, store, memory, options, phone, hand_over, self._pause, clock)
        reads_calls = messaging.expressions and bool(messaging.grants) and messaging.granted(PERMISSION)
        self._calls = CallLog(shell, memory, self._lines.first, store.clock, clock) if reads_calls else None
        why = "" if reads_calls else "the phone does not let its shell read the call log (READ_CALL_LOG)"
        self._lines.tell_of_calls(reads_calls, why)
        self._misses = 0
        self._silence = Silence(clock=clock.monotonic)
        #: set when there may be news, or the phone has gone
        self._stirred = asyncio.Event()
        trusted = options.radio_log and memory.get(TRUSTED) == "1"
        self._polling = Polling(options.poll_interval, options.idle_interval, trusted)
        #: looks until the call log is looked at
        self._until_calls = 0

    async def start(self) -> None:
        """Load the mark, query health and start listening. Raises DeviceLost."""
        try:
            # another person's phone in the place of this one is not what was to be taken in
            await self._inbox.open(self._options.import_existing and self._memory.is_first)
            self._tell_of_another()
            await self._memory.settle(KEPT)
            await self._sender.begin()
            if self._calls is not None:
                await self._open_calls(self._calls)
        except Garbled as error:
            raise DeviceLost(f"the phone's SMS store cannot be read: {error}") from error
        self._note(await health.ask(self._shell, self._lines.slots))
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
            self._lines.tell_of_calls(False, "the phone's call log answers something that cannot be read")

    # -- the contract ---------------------------------------------------------------------------
    @property
    def lines(self) -> Sequence[Line]:
        """The active SIMs, by slot."""
        return tuple(map(self._silence.shown, self._lines.all))

    @property
    def hardware(self) -> str:
        """The phone by its own serial; "" when it tells none."""
        return identity.hardware(self._phone)

    def split(self, text: str) -> Sequence[str]:
        """The whole text: the phone takes all parts at once."""
        return [text]

    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        """Send one message with all its parts; see `Sender` for how its outcome is decided."""
        if self._loss:
            raise DeviceLost(self._loss)
        sim = self._lines.sims.get(line)
        if sim is None:
            raise SendRefused(f"there is no line {line} on this phone", Refusal.LINE)
        if bar := self._lines.find_bar(line):
            raise SendRefused(bar.words, Refusal.LINE)
        try:
            return await self._sender.send(line, sim, outgoing)
        except GivenBack:
            raise
        except DeviceLost as lost:
            self._fail(lost.message)
            raise

    def give_back(self) -> None:
        """Hand nothing over any more; what the phone has goes on."""
        self._sender.give_back()

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
            self._inbound.put_nowait(Held(item.line, item.slot, holder=self.hardware))

    async def refresh(self) -> Sequence[Line]:
        """Query battery, network and SIMs. Raises DeviceLost when the phone is gone or its SIMs changed."""
        if self._loss:
            raise DeviceLost(self._loss)
        try:
            self._note(await health.ask(self._shell, self._lines.slots))
        except Unheard as unheard:
            await self._missed(unheard.message)
            if self._loss:
                raise DeviceLost(self._loss) from unheard
        return self.lines

    async def examine(self) -> Sequence[Finding]:
        """Examine permissions, apps, network and battery now. Raises DeviceLost."""
        from device_drivers.android_adb import examination

        subject, may_guess = f"devices.{self._device}", self._options.allow_unknown_sdk
        await self.refresh()
        messaging = await probe.messaging(self._shell, self._phone, may_guess)
        self._lines.judge(messaging)
        model, release = self._phone.model, self._phone.release
        found = list(examination.of_phone(subject, model, release, messaging, self._lines.conditions))
        return [*found, *(each for line in self._lines.all for each in examination.of_line(subject, line))]

    async def clarify(self, doubtful: Sequence[Doubtful]) -> None:
        """Look for traces of these parts at every poll from now on."""
        self._sender.doubt(doubtful, self._lines.sims)

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
        self._lines.lose(reason)
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

    def _note(self, found: Health) -> None:
        """Raises DeviceLost when the phone's SIMs were changed."""
        if not self._lines.fits(found):
            self._fail("the phone's SIMs were changed")
            raise DeviceLost(self._loss)
        self._lines.note(found)

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
                self._silence.asked("a look into its SMS store", least=SLOW)
                try:
                    await self._look()
                    await self._look_for_calls()
                except (Unheard, Garbled) as error:
                    self._silence.given_up() if isinstance(error, Unheard) else self._silence.answered()
                    await self._missed(str(error))
                else:
                    self._silence.answered()
                    self._misses = 0
                await self._rest()

    def _follow(self) -> None:
        self._polling.listens(self._loop.time())
        self._shell.follow(radiolog.FOLLOW, self._logged, lambda: self._from_thread(self._log_ended))

    def _log_ended(self) -> None:
        self._polling.deaf(self._loop.time())
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
        if self._polling.may_listen(self._loop.time()):
            self._follow()

    async def _look(self) -> None:
        asked = self._loop.time()
        log_lines = await self._sender.log_of_doubts()  # before the rows, of which one is to go with each
        found = await self._inbox.look(self._sender.back_to())
        for evidence in self._sender.settle(found, log_lines):
            self._inbound.put_nowait(evidence)
        fresh = await self._inbox.new(found)
        await self._note_of_log(any(row.type == Box.INBOX for row in fresh), asked)
        for row in fresh:
            item = self._item(row)
            if item is None:
                self._inbox.forget(row)
            else:
                self._inbound.put_nowait(item)

    async def _note_of_log(self, came: bool, asked: float) -> None:
        """Record whether the radio log announces incoming SMS."""
        self._polling.found(came, self._loop.time(), asked)
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
        line = self._lines.name_of(row.sub)
        if row.type == Box.INBOX:
            received_at = row.date if is_plausible(row.date) else 0
            sender = numbers.tidy(row.address)
            return InboundPart(
                line, row.slot, sender, row.body, row.date_sent, received_at=received_at, holder=self.hardware
            )
        if row.type == Box.SENT and not self._sender.is_ours(row):
            at = row.date if is_plausible(row.date) else time.time_ns() // 1_000_000
            return Typed(line, row.slot, numbers.tidy(row.address), row.body, at)
        return None
