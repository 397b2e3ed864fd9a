"""Sends messages through a phone and finds out their outcome.

The phone's SMS service takes a message and says nothing more. Two things prove that it went: the row that the phone
stores of it, when that is still there at a second look, and lines of the radio log that bear our number for it. Only
such lines, and a definite no of the service itself, prove that it did not. What is missing proves nothing: a row that
went away was deleted, or was one of a message that failed; a store may be slow, or not answer. One message is in flight
at a time on a phone, so that nothing is taken for another message's.
"""

import asyncio
import json
import secrets
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import astuple, field, replace
from typing import Any

from bridge.dataclass import dataclass
from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.messages import segmentation
from bridge.model.message import State
from bridge.model.radio import Doubtful, Evidence, Outgoing, Sent
from bridge.ports.driver import Memory
from device_drivers.android_adb import batch, isms, radiolog
from device_drivers.android_adb.clocks import Clock
from device_drivers.android_adb.doubts import MOST as MOST_DOUBTS
from device_drivers.android_adb.doubts import Doubts
from device_drivers.android_adb.facts import Phone
from device_drivers.android_adb.flight import Flight, Trace
from device_drivers.android_adb.handover import Before, HandOver
from device_drivers.android_adb.options import Options
from device_drivers.android_adb.pace import Pace
from device_drivers.android_adb.radiolog import Told
from device_drivers.android_adb.rows import Garbled
from device_drivers.android_adb.shell import Shell, Unheard
from device_drivers.android_adb.store import Box, Row, Store
from device_drivers.android_adb.subscriptions import Sim

KEY = "sending"
#: the first look for a trace comes so soon, later ones ever less often
FIRST_LOOK = 0.5
#: seconds after which one who waits for the minute to pass looks at the clock again
SLICE = 1.0
#: looks in a row that have to agree that a row has gone
AGREEING = 2
#: so many times the time that a row has to last, it may take to come when something of anybody's has failed
SLOWNESS = 8


@dataclass(frozen=True, slots=True)
class Look:
    """What the phone shows about a message at one moment."""

    row: Row | None = None
    #: the store answered: what is not there was not there
    clear: bool = False
    told: Told = field(default_factory=Told)


@dataclass(frozen=True, slots=True)
class Intent:
    """What is stored before handing a message over, so that evidence survives a crash."""

    #: the highest row then
    mark: int
    #: ours for it
    number: int = 0
    #: of its text and recipient
    digest: str = ""


class GivenBack(DeviceLost):
    """The phone was not given the message, though it is there."""

    def __init__(self) -> None:
        super().__init__("the bridge let go of the phone before it was given the message")


class Sender:
    """Sends through one phone. `pause` sleeps; it raises DeviceLost as soon as the phone is gone."""

    def __init__(
        self,
        shell: Shell,
        store: Store,
        memory: Memory,
        options: Options,
        phone: Phone,
        hand_over: HandOver,
        pause: Callable[[float], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._shell = shell
        self._store = store
        self._memory = memory
        self._options = options
        self._phone = phone
        self._hand_over = hand_over
        self._pause = pause
        self._clock = clock
        self._pace = Pace(options.segments_per_minute)
        self._turn = asyncio.Lock()
        self._yields = False
        self._flying: Flight | None = None
        #: message → what was written down before it was handed over, of those whose outcome is not known
        self._intents: dict[str, Intent] = {}
        #: slots of rows that proved a message; none proves two
        self._claimed: list[str] = []
        self._doubts = Doubts()
        #: messages that the radio log proved before their row was there
        self._rowless: list[Trace] = []
        #: what was sent seems to have been sent later than now
        self._misdated = self._recall()

    # -- sending --------------------------------------------------------------------------------
    async def begin(self) -> None:
        """Write down anew what a clock that was ahead dated: it keeps nobody waiting at each opening."""
        if self._misdated:
            await self._keep()

    def pause(self) -> float:
        """Seconds until another part may be sent."""
        return self._pace.delay(1, self._clock.monotonic())

    async def send(self, line: str, sim: Sim, outgoing: Outgoing) -> Sent:
        """Send a message. Raises SendRefused, OutcomeUnknown, DeviceLost; see `bridge.ports.Link.send`."""
        recipient = isms.checked(outgoing.recipient, self._options.allow_short_codes)
        parts = self._parts(outgoing.text)
        async with self._own_turn(len(parts)):
            sdk, maker = self._phone.sdk, self._phone.maker
            number = (1 << 61) + secrets.randbelow(1 << 61) if isms.codes(sdk, maker).number else 0
            argv = isms.send(sdk, sim.sub, recipient, parts, number, maker)
            message, index = outgoing.message, outgoing.index
            now = self._clock.monotonic()
            flight = Flight(message, index, line, recipient, outgoing.text, 0, now, sim.sub, len(parts), number)
            try:
                flight, log_end = await self._give(argv, flight, sim)
                return await self._outcome(flight, log_end)
            except (SendRefused, DeviceLost):
                self._intents.pop(message, None)
                raise
            except (OutcomeUnknown, asyncio.CancelledError) as end:
                if self._flying is None and isinstance(end, asyncio.CancelledError):
                    self._intents.pop(message, None)
                    raise GivenBack from end
                if intent := self._intents.get(message):
                    self._doubts.hold(replace(flight, mark=intent.mark))
                raise
            finally:
                self._flying = None

    def _parts(self, text: str) -> Sequence[str]:
        parts = segmentation.split(isms.sayable(text))
        if len(parts) > isms.MOST_PARTS:
            raise SendRefused(
                f"the text needs {len(parts)} SMS parts; a phone is given {isms.MOST_PARTS} at most", Refusal.PERMANENT
            )
        return parts

    def give_back(self) -> None:
        """Hand nothing over any more: what waits for its turn raises GivenBack."""
        self._yields = True

    @asynccontextmanager
    async def _own_turn(self, parts: int) -> AsyncIterator[None]:
        """The phone to oneself, with as many parts as it may be given. Raises GivenBack, also when cancelled."""
        try:
            while True:
                self._insist()
                with suppress(TimeoutError):
                    async with asyncio.timeout(SLICE):
                        await self._turn.acquire()
                        break
        except asyncio.CancelledError as end:
            raise GivenBack from end
        try:
            await self._wait_for_pace(parts)
            yield
        finally:
            self._turn.release()

    async def _wait_for_pace(self, parts: int) -> None:
        try:
            while delay := self._pace.delay(parts, self._clock.monotonic()):
                self._insist()
                await self._pause(min(delay, SLICE))
        except asyncio.CancelledError as end:
            raise GivenBack from end

    def _insist(self) -> None:
        """Raises GivenBack when nothing is to be handed over any more."""
        if self._yields:
            raise GivenBack

    async def _give(self, argv: Sequence[str], flight: Flight, sim: Sim) -> tuple[Flight, str]:
        """Hand the message over; returns its flight, and where the radio log ended before."""
        before: list[Before] = []

        async def ready(found: Before) -> None:
            if not found.has(sim):
                raise DeviceLost("the phone's SIMs were changed")
            if not found.newest and not self._store.whole and await self._store.newest():
                raise DeviceLost("the phone's SMS store did not say what it holds")  # then old rows would look new
            self._insist()
            before.append(found)
            self._pace.take(flight.parts, self._clock.monotonic())
            self._intents[flight.message] = Intent(found.newest, flight.number, flight.trace.digest)
            await self._keep()
            self._flying = replace(flight, mark=found.newest)

        try:
            reply = await self._hand_over(argv, ready)
        except Unheard as unheard:
            if unheard.handed and before:
                raise OutcomeUnknown(f"the phone was given the message, then: {unheard.message}") from unheard
            raise
        if not reply.accepted:
            raise reply.error_of_it()
        return replace(flight, mark=before[0].newest), before[0].log_end

    async def _outcome(self, flight: Flight, log_end: str) -> Sent:
        """Watch for proof; a message without proof in time is unknown."""
        start, (wait, seen, gone) = self._clock.monotonic(), (FIRST_LOOK, "", 0)
        try:
            while True:
                await self._pause(min(wait, self._options.settle))
                look = await self._look(flight, log_end)
                if look.told.sent or (look.row and look.row.slot == seen):
                    return await self._proved(flight, look.row)
                if look.told.refusal is not None:
                    raise look.told.refusal
                gone = gone + 1 if seen and look.clear and not look.row else 0
                self._give_up(look, gone, self._clock.monotonic() - start)
                seen = look.row.slot if look.row else seen
                wait = self._options.settle if look.row or gone else min(wait * 1.5, self._options.settle)
        except DeviceLost as lost:
            raise OutcomeUnknown(f"the phone was given the message, then: {lost.message}") from lost

    def _give_up(self, look: Look, gone: int, waited: float) -> None:
        """Raises OutcomeUnknown when further waiting is pointless. `waited` in seconds."""
        if gone >= AGREEING:
            words = "somebody deleted it, or it failed after all"
            raise OutcomeUnknown(f"the phone stored the message as sent and has it no more: {words}")
        if look.row:
            return
        if look.told.doubt and waited > SLOWNESS * self._options.settle:
            raise OutcomeUnknown(f"{look.told.doubt} (radio log)")
        if waited > self._options.send_timeout:
            patience = f"{self._options.send_timeout:g} s"
            raise OutcomeUnknown(f"the phone took the message {patience} ago and shows no trace of it")

    async def _look(self, flight: Flight, log_end: str) -> Look:
        """Query the phone. Never raises: what it does not answer now, it may answer at the next look."""
        # the row that was the newest before is to be there too: a store that finds nothing at all says nothing
        where = f"_id={int(flight.mark)} OR (_id>{int(flight.mark)} AND type={int(Box.SENT)})"
        asked = {"log": shlex.join(radiolog.command(radiolog.LINES))}
        if self._store.whole:
            asked["rows"] = shlex.join(self._store.rows_query(where))
        try:
            said = await batch.run(self._shell, asked)
            listed = radiolog.after(said["log"], log_end)
            told = radiolog.understand(listed, flight.number, flight.parts)
        except Unheard:
            return Look()
        try:
            found = self._store.read_rows(said["rows"]) if self._store.whole else await self._store.rows(where)
        except (Garbled, Unheard):
            return Look(told=told)
        row = next((row for row in found if row.slot not in self._claimed and flight.proved_by(row)), None)
        if row is not None and not row.creator and told.named and not told.sent:
            row = None  # anybody's with the same text: the log, which knows ours, does not say that it went
        return Look(row, bool(found) or not flight.mark, told)

    async def _proved(self, flight: Flight, row: Row | None) -> Sent:
        if row is None:
            self._rowless = [*self._rowless, flight.trace][-MOST_DOUBTS:]
        self._claim(flight.message, row)
        if self._intents or row is None or not row.creator:
            await self._keep()
        return Sent(None)

    @property
    def is_flying(self) -> bool:
        """Whether the phone has a message without known outcome."""
        return self._flying is not None

    @property
    def is_in_doubt(self) -> bool:
        """Whether a message's trace may appear any moment."""
        return self._doubts.has_fresh(self._clock.monotonic())

    # -- afterwards -----------------------------------------------------------------------------
    def is_ours(self, row: Row) -> bool:
        """Whether this driver sent it, rather than a person on the phone."""
        flights = [*self._doubts.flights, *([self._flying] if self._flying else [])]
        traces = [*self._rowless, *(Trace(intent.mark, intent.digest) for intent in self._intents.values())]
        known = row.creator == isms.PACKAGE or row.slot in self._claimed
        return known or any(one.proved_by(row) for one in flights) or any(one.is_of(row) for one in traces)

    def doubt(self, doubtful: Iterable[Doubtful], sims: Mapping[str, Sim]) -> None:
        """Look for traces of these parts, where their traces are known. `sims` is by line."""
        now = self._clock.monotonic()
        for one in doubtful:
            intent = self._intents.get(one.message)
            if intent is None or one.message in self._doubts:
                continue
            sub = sims[one.line].sub if one.line in sims else -1
            flight = Flight(one.message, one.index, one.line, one.recipient, one.text, intent.mark, now, sub)
            self._doubts.hold(replace(flight, parts=len(segmentation.split(one.text)), number=intent.number))

    def back_to(self) -> int | None:
        """Rows above this id may settle a doubt; None without doubts."""
        self._doubts.expire(self._clock.monotonic())
        return min((one.mark for one in self._doubts.flights), default=None)

    async def log_of_doubts(self) -> list[str]:
        """Radio log lines that may settle a doubt; none if the log has no message numbers. Raises Unheard."""
        if not any(flight.number for flight in self._doubts.flights):
            return []
        return (await self._shell.run(radiolog.command(radiolog.LINES))).out.split("\n")

    def settle(self, found: Iterable[Row], log: Sequence[str] = ()) -> list[Evidence]:
        """Evidence from rows and log."""
        listed = list(found)
        self._find_rows(listed)
        evidence = self._read_log(log, listed)
        for flight, row in self._doubts.confirmed(listed, self._claimed, self._proves):
            self._claim(flight.message, row)
            evidence.append(_sent(flight, "stored as sent"))
        return evidence

    def _read_log(self, log: Sequence[str], listed: Sequence[Row]) -> list[Evidence]:
        """Evidence from the log for messages without a row."""
        evidence = []
        for flight in self._doubts.flights if log else ():
            if any(flight.proved_by(row) for row in listed):
                continue
            if flight.number and radiolog.understand(log, flight.number, flight.parts).sent:
                self._rowless = [*self._rowless, flight.trace][-MOST_DOUBTS:]
                self._claim(flight.message, None)
                evidence.append(_sent(flight, "said by the radio log"))
        return evidence

    def _find_rows(self, listed: Iterable[Row]) -> None:
        """Claim the rows of messages proved by the log, so that they prove no other."""
        for trace in tuple(self._rowless):
            row = next((row for row in listed if row.slot not in self._claimed and trace.is_of(row)), None)
            if row is not None:
                self._rowless.remove(trace)
                self._claimed = [*self._claimed, row.slot][-MOST_DOUBTS:]

    def _proves(self, flight: Flight, row: Row) -> bool:
        # a message in flight may be the same text to the same number: its row is left to it
        return flight.proved_by(row) and not (self._flying and self._flying.proved_by(row))

    def _claim(self, message: str, row: Row | None) -> None:
        if row is not None:
            self._claimed = [*self._claimed, row.slot][-MOST_DOUBTS:]
        self._intents.pop(message, None)
        self._doubts.drop(message)

    # -- memory ---------------------------------------------------------------------------------
    async def _keep(self) -> None:
        shift = self._clock.wall() - self._clock.monotonic()
        self._intents = dict(list(self._intents.items())[-MOST_DOUBTS:])
        intents = {message: list(astuple(intent)) for message, intent in self._intents.items()}
        spent = [[at + shift, parts] for at, parts in self._pace.spent]
        rowless = [astuple(trace) for trace in self._rowless]
        state = {"marks": intents, "claimed": self._claimed, "rowless": rowless, "spent": spent}
        await self._memory.put(KEY, json.dumps(state, separators=(",", ":")))

    def _recall(self) -> bool:
        """Load it; returns whether the clock has been set back since."""
        state = json.loads(self._memory.get(KEY) or '{"marks": {}, "claimed": [], "spent": []}')
        shift = self._clock.wall() - self._clock.monotonic()
        self._intents = {str(message): _intent(kept) for message, kept in state["marks"].items()}
        self._claimed = [str(slot) for slot in state["claimed"]]
        self._rowless = [Trace(*kept) for kept in state.get("rowless", ())]
        spent = [(float(at) - shift, int(parts)) for at, parts in state["spent"]]
        return self._pace.recall(spent, self._clock.monotonic())


def _sent(flight: Flight, why: str) -> Evidence:
    return Evidence(flight.line, flight.message, flight.index, State.SENT, None, why, whole=True)


def _intent(kept: int | list[Any]) -> Intent:
    """Load an intent; earlier releases stored the mark alone."""
    return Intent(kept) if isinstance(kept, int) else Intent(*kept)
