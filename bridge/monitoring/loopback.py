"""Loop-back tests: SMS between the bridge's lines through the real network, timed.

The store knows each before it is sent, so a restart neither sends one twice nor loses sight of it, and knows it again
when it comes in, so it is in nobody's inbox (`bridge.store.loopbacks`). It belongs to the operator account.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Protocol

from bridge.accounts.credentials import OPERATOR
from bridge.bus import Bus
from bridge.config.schema import Loopback as Settings
from bridge.dataclass import dataclass
from bridge.errors import BridgeError, NotPossible, StoreUnavailable, UnknownLine
from bridge.gateway.submissions import Submissions
from bridge.model import loopback
from bridge.model.account import Account
from bridge.model.event import (
    LOOPBACK_ARRIVED,
    LOOPBACK_LOST,
    MESSAGE_CANCELLED,
    MESSAGE_EXPIRED,
    MESSAGE_FAILED,
    Event,
)
from bridge.model.line import Channel, Line, LineState
from bridge.model.loopback import Departures, Skipped, Trip
from bridge.model.message import Draft, Message, State
from bridge.model.query import MessageQuery
from bridge.monitoring.problems import LOOPBACK, Trouble
from bridge.ports.clock import Clock
from bridge.ports.store import LoopbackStore, MessageStore
from bridge.retry import retry_until_stored
from bridge.tasks import Tasks

log = logging.getLogger(__name__)

DIALECT = "loopback"
#: after a start devices need a while to be found; the first ones go after this
SETTLING = 30.0  # s
#: looks at least this often
LONGEST_NAP = 30.0  # s
_ENDED_UNSENT = frozenset({MESSAGE_FAILED, MESSAGE_EXPIRED, MESSAGE_CANCELLED})
_SENDER = Account(OPERATOR, operator=True)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A trip on its way. Times are seconds of the event loop's clock, which never jumps."""

    trip: Trip
    #: None when it began in a process before this one
    started: float | None
    deadline: float


class TripStore(LoopbackStore, MessageStore, Protocol):
    """The parts of the store that loop-backs use."""


class Loopback:
    """Sends loop-back SMS on schedule or on request, and notices those that do not arrive.

    `pause` tells for how many seconds a line must not send (`bridge.ports.Paced`).
    """

    def __init__(
        self,
        submissions: Submissions,
        store: TripStore,
        bus: Bus,
        clock: Clock,
        settings: Settings,
        lines: Callable[[], Sequence[Line]],
        pause: Callable[[str], float],
        on_death: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._submissions = submissions
        self._store = store
        self._bus = bus
        self._clock = clock
        self._settings = settings
        self._lines = lines
        self._pause = pause
        #: the lines of all bridges on the store: what does not arrive between those of another is told here, too
        self.everyone = lines
        self._under_way: dict[str, UnderWay] = {}
        #: by pair, the first of those lost since one arrived
        self._failing: dict[tuple[str, str], Trip] = {}
        #: tokens whose message ended without being sent, with the reason
        self._unsent: dict[str, str] = {}
        self._next = 0.0
        self._woken = asyncio.Event()
        self._tasks = Tasks("loopback", on_death)
        self._deaf: Callable[[], None] = lambda: None

    # -- what others want to know -----------------------------------------------------------------
    def troubles(self) -> Iterator[Trouble]:
        """Pairs between which no SMS arrives, for the alarm; none unless scheduled."""
        if not self._settings.every:
            return
        known = {line.name for line in self.everyone()}
        for (sender, receiver), trip in self._failing.items():
            if {sender, receiver} <= known:
                way = f"from {sender} to {receiver}"
                title, over = f"SMS {way} does not arrive", f"SMS {way} arrives again"
                key = f"{LOOPBACK}{sender}>{receiver}"
                yield Trouble(key, title, over, trip.started_at, 0.0, sender, trip.reason)

    def watches(self) -> bool:
        """Whether loop-backs are scheduled; those sent on request raise no alarm."""
        return self._settings.every > 0

    async def send(self, sender: str = "", receiver: str = "") -> Departures:
        """Send now. Raises UnknownLine for a line that is not configured, StoreUnavailable."""
        pairs, skipped = paired(self._lines(), sender, receiver)
        started = []
        for one, other in pairs:
            try:
                started.append(await self._depart(one, other))
            except StoreUnavailable:
                raise
            except BridgeError as error:
                skipped.append(Skipped(one.name, error.message))
        self._woken.set()
        return Departures(tuple(started), tuple(skipped), self._settings.deadline)

    # -- life -------------------------------------------------------------------------------------
    async def start(self) -> None:
        """Resume the trips that were on their way when the last run ended, once the store tells them."""
        last = 0
        if self.watches():
            self._bus.metrics.loops_every(self._settings.every)
        for trip in await retry_until_stored(self._store.trips):
            if trip.lost_at and not trip.arrived_at:
                self._failing.setdefault(trip.pair, trip)
            elif trip.arrived_at:
                self._failing.pop(trip.pair, None)
            if self._is_theirs(trip):
                continue  # that bridge counts it, and waits for it
            last = max(last, trip.started_at)
            self._bus.metrics.loop_began(*trip.pair, trip.started_at)
            if trip.arrived_at:
                self._bus.metrics.loop_ended(*trip.pair, trip.arrived_at)
            elif not trip.lost_at:
                await retry_until_stored(partial(self._resume, trip))
        since = (self._clock.now() - last) / 1000
        wait = max(min(self._settings.every, SETTLING), self._settings.every - max(0.0, since))
        self._next = _time() + wait
        self._deaf = self._bus.subscribe(self._hear, LOOPBACK_ARRIVED, LOOPBACK_LOST, *_ENDED_UNSENT)
        self._tasks.start(self._run(), "trips")

    async def close(self) -> None:
        """Stop; the next start resumes trips on their way."""
        self._deaf()
        await self._tasks.close()

    async def _resume(self, trip: Trip) -> None:
        """Resume a trip: the time while the bridge was down does not count."""
        found = (await self._store.messages(OPERATOR, MessageQuery(client_ref=trip.token, limit=1))).rows
        if not found or _never_left(found[0], self._clock.now()):
            await self._store.forget_trip(trip.token)
            return
        self._under_way[trip.token] = UnderWay(trip, None, _time() + self._settings.deadline)

    def _hear(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.name == LOOPBACK_ARRIVED:
                self._arrived(event)
            elif event.name == LOOPBACK_LOST:
                self._lost(event)
            elif event.name in _ENDED_UNSENT and event.data.get("client_ref") in self._under_way:
                error = event.data["error"] or "no reason was given"
                self._unsent[event.data["client_ref"]] = f"it is {event.data['state']}: {error}"
                self._woken.set()

    def _arrived(self, event: Event) -> None:
        data, at = event.data, event.at
        trip = Trip(event.subject, data["from"], data["to"], data["started_at"], at)
        known = self._under_way.pop(event.subject, None)
        seconds = trip.seconds if known is None or known.started is None else _time() - known.started
        if not self._is_theirs(trip):
            self._bus.metrics.loop_ended(*trip.pair, at, seconds)
        failing = self._failing.get(trip.pair)
        if failing is not None and trip.started_at >= failing.started_at:
            del self._failing[trip.pair]
        log.info("the loop-back from %s to %s took %.1f s", trip.sender, trip.receiver, seconds)
        self._woken.set()

    def _lost(self, event: Event) -> None:
        data = event.data
        trip = Trip(
            event.subject, data["from"], data["to"], data["started_at"], lost_at=event.at, reason=data["reason"]
        )
        if not self._is_theirs(trip):
            self._bus.metrics.loop_lost(*trip.pair)
        self._failing.setdefault(trip.pair, trip)
        log.warning("the loop-back from %s to %s did not arrive: %s", trip.sender, trip.receiver, trip.reason)

    def _is_theirs(self, trip: Trip) -> bool:
        """Whether it was sent by a line of another bridge."""
        own = {line.name for line in self._lines()}
        return trip.sender not in own and any(line.name == trip.sender for line in self.everyone())

    # -- sending ----------------------------------------------------------------------------------
    async def _depart(self, sender: Line, receiver: Line) -> Trip:
        """Send one. Raises NotPossible when it cannot be sent now, and what `Submissions.submit` raises."""
        if (pause := self._pause(sender.name)) > 0:
            raise NotPossible(f"it must not send for another {pause:.0f} s")
        trip = Trip(loopback.new_token(), sender.name, receiver.name, self._clock.now())
        started, deadline = _time(), self._settings.deadline
        if not await self._store.depart(trip):
            raise NotPossible(f"one is on its way to {receiver.name} already")
        self._bus.metrics.loop_began(*trip.pair, trip.started_at)
        # before it is queued: on a fast network it is back before the call returns
        self._under_way[trip.token] = UnderWay(trip, started, started + deadline)
        draft = Draft(
            receiver.number, loopback.text(trip.token), route=sender.name, report=False, client_ref=trip.token,
            dialect=DIALECT, ttl_ms=max(1, round(deadline * 1000)),
        )  # fmt: skip
        try:
            await self._submissions.submit(_SENDER, [draft])
        except BridgeError:
            self._under_way.pop(trip.token, None)
            await self._store.forget_trip(trip.token)
            raise
        return trip

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._give_up()
                await self._send_if_due()
            except StoreUnavailable as error:
                log.error("loop-backs wait for the store: %s", error.message)
            dues = [each.deadline for each in self._under_way.values()] + [self._next] * self.watches()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.01, min([LONGEST_NAP, *(due - _time() for due in dues)]))):
                    await self._woken.wait()

    async def _send_if_due(self) -> None:
        if not self.watches() or _time() < self._next:
            return
        self._next = _time() + self._settings.every
        try:
            round_ = await self.send(self._settings.from_line, self._settings.to_line)
        except UnknownLine as error:
            log.warning("no loop-back is sent: %s", error.message)
            return
        for each in round_.skipped:
            log.info("no loop-back from %s: %s", each.sender, each.reason)

    async def _give_up(self) -> None:
        """Report trips that are overdue or were never sent."""
        for token, each in list(self._under_way.items()):
            if each.deadline > _time() and token not in self._unsent:
                continue
            reason = self._unsent.get(token) or await self._reason(token)
            await self._store.lose_trip(token, reason, self._clock.now())
            self._under_way.pop(token, None)
            self._unsent.pop(token, None)

    async def _reason(self, token: str) -> str:
        """How far the SMS came."""
        found = (await self._store.messages(OPERATOR, MessageQuery(client_ref=token, limit=1))).rows
        within = f"within {self._settings.deadline:g} s"
        if not found:
            return f"nothing came {within}"
        if found[0].state is State.SENT:
            return f"the network took it, and nothing came {within}"
        error = f" ({found[0].error})" if found[0].error else ""
        return f"it is still {found[0].state.value}{error} after {self._settings.deadline:g} s"


def paired(
    lines: Sequence[Line], sender: str = "", receiver: str = ""
) -> tuple[list[tuple[Line, Line]], list[Skipped]]:
    """Pair senders and receivers in a ring of ready lines with numbers; a single line sends to itself.

    Raises UnknownLine for a name that no line has.
    """
    lines = [line for line in lines if line.channel is Channel.SMS]
    by_name = {line.name: line for line in lines}
    for name in filter(None, (sender, receiver)):
        if name not in by_name:
            raise UnknownLine(f"there is no line {name!r}; known lines: {', '.join(by_name) or 'none is configured'}")
    pairs, skipped = [], []
    for place, line in enumerate(lines):
        if sender not in ("", line.name):
            continue
        following = [by_name[receiver]] if receiver else [*lines[place + 1 :], *lines[: place + 1]]
        target = next((each for each in following if _can_receive(each)), None)
        if line.state is not LineState.READY:
            skipped.append(Skipped(line.name, f"it is {_state(line)}"))
        elif target is None:
            skipped.append(Skipped(line.name, _no_target(following)))
        else:
            pairs.append((line, target))
    return pairs, skipped


def _can_receive(line: Line) -> bool:
    return line.state is LineState.READY and bool(line.number)


def _no_target(following: Sequence[Line]) -> str:
    if len(following) == 1 and following[0].state is not LineState.READY:
        return f"{following[0].name}, where it would go, is {_state(following[0])}"
    return "no ready line tells its own number, so there is nowhere to send it (sms-bridge devices shows them)"


def _state(line: Line) -> str:
    return line.state.value.replace("_", " ") + (f": {line.reason}" if line.reason else "")


def _never_left(message: Message, now: int) -> bool:
    """Whether the message was not sent and will not be."""
    if message.state in (State.SCHEDULED, State.QUEUED):
        return bool(message.expires_at) and message.expires_at <= now
    return message.state in (State.FAILED, State.EXPIRED, State.CANCELLED)


def _time() -> float:
    return asyncio.get_running_loop().time()
