"""Sending, and finding out what came of it.

The phone's SMS service takes a message and says nothing more. What it stores when the message has gone out is the
proof; a line in its radio log, or a stored row that goes away again, is the proof of failure; without either nobody
knows. One message is in flight at a time on a phone, so that a failure is never taken for another message's.
"""

import asyncio
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.messages import segmentation
from bridge.model.message import State
from bridge.model.radio import Doubtful, Evidence, Outgoing, Sent
from bridge.ports.driver import Memory
from device_drivers.android_adb import isms, radiolog
from device_drivers.android_adb.options import Options
from device_drivers.android_adb.pace import Pace
from device_drivers.android_adb.radiolog import Moment
from device_drivers.android_adb.rows import Garbled
from device_drivers.android_adb.shell import Shell, Unheard
from device_drivers.android_adb.store import Box, Row, Store

KEY = "sending"
#: the first look for a trace comes so soon, later ones ever less often
FIRST_LOOK = 0.5
#: seconds after which one who waits for the minute to pass looks at the clock again
SLICE = 1.0
#: seconds for which a late trace is looked for
DOUBT_LASTS = 3600.0
#: what is remembered of messages whose outcome is unknown, and of rows that proved one
MOST_DOUBTS = 100
#: digits that tell two numbers apart whatever way they are written
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Flight:
    """A message that the phone may have."""

    message: str
    index: int
    line: str
    recipient: str
    text: str
    #: the highest row before it was handed over
    mark: int
    #: by the monotonic clock, seconds
    since: float

    def proved_by(self, row: Row) -> bool:
        """Is this the row that the phone stores when it has gone out?"""
        ours = row.type == Box.SENT and row.id > self.mark and row.creator in {"", isms.PACKAGE}
        return ours and row.body == self.text and same_number(row.address, self.recipient)


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as sending sees it, so that tests can own it. Seconds."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


class Sender:
    """Sends for one phone. `pause` waits some seconds; it raises DeviceLost at once when the phone goes."""

    def __init__(
        self,
        shell: Shell,
        store: Store,
        memory: Memory,
        options: Options,
        sdk: int,
        pause: Callable[[float], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._shell = shell
        self._store = store
        self._memory = memory
        self._options = options
        self._sdk = sdk
        self._pause = pause
        self._clock = clock
        self._pace = Pace(options.segments_per_minute)
        self._turn = asyncio.Lock()
        self._flying: Flight | None = None
        #: message → the highest row before it was handed over, of those whose outcome is not known
        self._marks: dict[str, int] = {}
        #: slots of rows that proved a message; none proves two
        self._claimed: list[str] = []
        self._doubts: dict[str, Flight] = {}
        #: doubtful message → the row that seems to prove it, seen once
        self._hopeful: dict[str, str] = {}
        self._recall()

    # -- sending --------------------------------------------------------------------------------
    def pause(self) -> float:
        """Seconds until one more part may go."""
        return self._pace.delay(1, self._clock.monotonic())

    async def send(self, line: str, sub: int, outgoing: Outgoing) -> Sent:
        """Raises SendRefused, OutcomeUnknown, DeviceLost; see `bridge.ports.Link.send`."""
        recipient = isms.checked(outgoing.recipient, self._options.allow_short_codes)
        parts = self._parts(outgoing.text)
        async with self._turn:
            await self._wait_for_turn(len(parts))
            number = secrets.randbelow(1 << 62) + 1
            argv = isms.send(self._sdk, sub, recipient, parts, number)
            moment = await radiolog.now(self._shell)
            flight = await self._prepare(line, outgoing, len(parts))
            try:
                await self._hand_over(argv, flight)
                return await self._outcome(flight, moment, number)
            except (SendRefused, DeviceLost):
                self._marks.pop(flight.message, None)
                raise
            except (OutcomeUnknown, asyncio.CancelledError):
                self._doubts[flight.message] = flight
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

    async def _wait_for_turn(self, parts: int) -> None:
        while delay := self._pace.delay(parts, self._clock.monotonic()):
            await self._pause(min(delay, SLICE))

    async def _prepare(self, line: str, outgoing: Outgoing, parts: int) -> Flight:
        """Write down what will prove it, before the phone has it: a crash must not take that with it."""
        mark = await self._newest()
        now = self._clock.monotonic()
        message, index = outgoing.message, outgoing.index
        flight = Flight(message, index, line, outgoing.recipient, outgoing.text, mark, now)
        self._pace.take(parts, now)
        self._marks[message] = mark
        await self._keep()
        self._flying = flight
        return flight

    async def _newest(self) -> int:
        """Without it no trace would tell anything, so the message stays with us."""
        try:
            newest = await self._store.newest()
        except Garbled as error:
            raise DeviceLost(f"the phone's SMS store cannot be read: {error}") from error
        if newest is None:
            raise DeviceLost("the phone does not let its shell read SMS any more")
        return newest

    async def _hand_over(self, argv: Sequence[str], flight: Flight) -> None:
        try:
            answer = await self._shell.run(argv)
        except Unheard as unheard:
            if unheard.handed:
                raise OutcomeUnknown(f"the phone was given the message, then: {unheard.message}") from unheard
            raise
        reply = isms.reply(answer.out, answer.err)
        if not reply.accepted:
            raise reply.refusal()

    async def _outcome(self, flight: Flight, moment: Moment, number: int) -> Sent:
        deadline = self._clock.monotonic() + self._options.send_timeout
        wait, seen, failed = FIRST_LOOK, "", False
        try:
            while True:
                await self._pause(min(wait, self._options.settle))
                row = await self._trace(flight)
                if row is not None and row.slot == seen:
                    return await self._proved(flight, row)
                if row is None:
                    refusal = await radiolog.failure(self._shell, moment, number)
                    if seen:
                        raise refusal or SendRefused("the phone could not send it", Refusal.TEMPORARY)
                    if refusal is not None and failed:
                        raise refusal
                    failed = refusal is not None
                seen = row.slot if row else ""
                wait = self._options.settle if row or failed else min(wait * 1.5, self._options.settle)
                if self._clock.monotonic() > deadline and not (row or failed):
                    raise OutcomeUnknown(
                        f"the phone took the message {self._options.send_timeout:g} s ago and shows no trace of it"
                    )
        except DeviceLost as lost:
            raise OutcomeUnknown(f"the phone was given the message, then: {lost.message}") from lost

    async def _trace(self, flight: Flight) -> Row | None:
        try:
            found = await self._store.rows(f"_id>{int(flight.mark)} AND type={int(Box.SENT)}")
        except Garbled:
            return None
        return next((row for row in found if row.slot not in self._claimed and flight.proved_by(row)), None)

    async def _proved(self, flight: Flight, row: Row) -> Sent:
        self._claim(flight.message, row)
        if self._marks:
            await self._keep()
        return Sent(None)

    # -- afterwards -----------------------------------------------------------------------------
    def is_ours(self, row: Row) -> bool:
        """Did this driver send it, rather than somebody on the phone?"""
        flights = [*self._doubts.values(), *([self._flying] if self._flying else [])]
        return row.creator == isms.PACKAGE or row.slot in self._claimed or any(one.proved_by(row) for one in flights)

    def doubt(self, doubtful: Iterable[Doubtful]) -> None:
        """Look for traces of these, as far as it is known what would be one."""
        now = self._clock.monotonic()
        for one in doubtful:
            mark = self._marks.get(one.message)
            if mark is not None and one.message not in self._doubts:
                flight = Flight(one.message, one.index, one.line, one.recipient, one.text, mark, now)
                self._doubts[one.message] = flight

    def back_to(self) -> int | None:
        """Rows above this number may settle a doubt; None for no doubt."""
        now = self._clock.monotonic()
        self._doubts = {name: one for name, one in self._doubts.items() if now - one.since < DOUBT_LASTS}
        return min((one.mark for one in self._doubts.values()), default=None)

    def settle(self, found: Iterable[Row]) -> list[Evidence]:
        """What these rows prove. Each has to be seen twice: one of a message that failed goes away again."""
        listed = list(found)
        evidence = []
        for flight in tuple(self._doubts.values()):
            taken = {*self._claimed, *(slot for name, slot in self._hopeful.items() if name != flight.message)}
            row = next((row for row in listed if row.slot not in taken and self._proves(flight, row)), None)
            if row is None:
                self._hopeful.pop(flight.message, None)
            elif self._hopeful.get(flight.message) == row.slot:
                self._claim(flight.message, row)
                evidence.append(Evidence(flight.line, flight.message, flight.index, State.SENT, None, "stored as sent"))
            else:
                self._hopeful[flight.message] = row.slot
        return evidence

    def _proves(self, flight: Flight, row: Row) -> bool:
        # a message in flight may be the same text to the same number: its row is left to it
        return flight.proved_by(row) and not (self._flying and self._flying.proved_by(row))

    def _claim(self, message: str, row: Row) -> None:
        self._claimed = [*self._claimed, row.slot][-MOST_DOUBTS:]
        self._marks.pop(message, None)
        self._doubts.pop(message, None)
        self._hopeful.pop(message, None)

    # -- memory ---------------------------------------------------------------------------------
    async def _keep(self) -> None:
        shift = self._clock.wall() - self._clock.monotonic()
        self._marks = dict(list(self._marks.items())[-MOST_DOUBTS:])
        spent = [[at + shift, parts] for at, parts in self._pace.spent]
        state = {"marks": self._marks, "claimed": self._claimed, "spent": spent}
        await self._memory.put(KEY, json.dumps(state, separators=(",", ":")))

    def _recall(self) -> None:
        kept = self._memory.get(KEY)
        if kept is None:
            return
        state = json.loads(kept)
        shift = self._clock.wall() - self._clock.monotonic()
        self._marks = {str(message): int(mark) for message, mark in state["marks"].items()}
        self._claimed = [str(slot) for slot in state["claimed"]]
        spent = [(float(at) - shift, int(parts)) for at, parts in state["spent"]]
        self._pace.recall(spent, self._clock.monotonic())


def same_number(one: str, other: str) -> bool:
    """Are these the same number, written in whatever way?"""
    first, second = (re.sub(r"\D", "", number) for number in (one, other))
    if first == second:
        return True
    return min(len(first), len(second)) >= _DIGITS and first[-_DIGITS:] == second[-_DIGITS:]
