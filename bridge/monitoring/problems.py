"""Detects what is wrong with SMS as a whole, and since when. No I/O.

How long a thing lasts is measured by the event loop's clock, because a Pi's wall clock jumps when the network tells
it the time; the wall clock's word is for people.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from bridge.dataclass import dataclass
from bridge.messages.routing import routes
from bridge.model.line import Channel, Line, LineState
from bridge.model.message import SIM_ROUTE, WHATSAPP_ROUTE
from bridge.ports.store_rows import MOST_TOLD, Waiting

#: key of the trouble that no line is ready
DOWN = "down"
LINE, QUEUE, LOOPBACK, SITE = "line:", "queue:", "loopback:", "site:"
#: devices need so long to be found after a start, whatever was wrong before it
GRACE = 60.0  # s


@dataclass(frozen=True, slots=True)
class Trouble:
    """One current problem; it becomes an alarm when it lasts."""

    #: what is wrong where: the same for as long as it goes on
    key: str
    #: one sentence without its full stop
    title: str
    #: the same once it is over
    over: str
    #: Unix ms
    began_at: int
    #: the event loop's time from which it is an alarm
    due: float
    #: the line it is about; "" when it is about more than one
    line: str = ""
    #: in the driver's or the network's words, a line each
    reason: str = ""
    #: what must not change while it goes on
    mark: int = 0


@dataclass(frozen=True, slots=True)
class Since:
    """When something was first seen: Unix ms, and seconds of the event loop's clock."""

    at: int
    clock: float
    mark: int = 0


class Watch:
    """Tracks since when lines are away and queues are stuck. Thresholds in seconds; 0 disables."""

    def __init__(self, after: float, queue_after: float) -> None:
        self._after = after
        self._queue_after = queue_after
        self._lines: Sequence[Line] = ()
        self._away: dict[str, Since] = {}
        self._queues: dict[str, Since] = {}
        self._waiting: Mapping[str, Waiting] = {}
        #: nothing is an alarm before this time of the event loop's clock
        self._not_before = 0.0

    def resume(self, away: Mapping[str, int], queues: Mapping[str, int], now: int, clock: float) -> None:
        """Continue from the last run: lines with when they went, queues with their head."""
        self._not_before = clock + min(self._after, GRACE)
        self._away = {name: Since(at, clock - max(0, now - at) / 1000) for name, at in away.items()}
        self._queues = {route: Since(now, clock, mark) for route, mark in queues.items()}

    @property
    def away(self) -> dict[str, int]:
        """Lines that cannot send or receive, and since when."""
        return {name: since.at for name, since in self._away.items()}

    def see_lines(self, lines: Sequence[Line], now: int, clock: float) -> None:
        """Note the current lines."""
        self._lines = lines
        down = [line.name for line in lines if line.state is not LineState.READY]
        self._away = {name: self._away.get(name, Since(now, clock)) for name in down}

    def see_queues(self, waiting: Sequence[Waiting], now: int, clock: float) -> None:
        """Note the head of each queue: a new head means that the queue moves."""
        before = self._queues
        self._waiting = {queue.route: queue for queue in waiting}
        self._queues = {
            queue.route: since
            if (since := before.get(queue.route)) and since.mark == queue.first
            else Since(now, clock, queue.first)
            for queue in waiting
        }

    def troubles(self, raised: Collection[str]) -> Iterator[Trouble]:
        """All current troubles. Those already `raised` are kept apart even when part of a larger one."""
        if self._after:
            yield from self._line_troubles(raised)
        if self._queue_after:
            yield from self._queue_troubles(raised)

    def _line_troubles(self, raised: Collection[str]) -> Iterator[Trouble]:
        carrying = [line for line in self._lines if line.channel is Channel.SMS]
        all_down = bool(carrying) and all(line.name in self._away for line in carrying)
        if all_down:
            # since the last one went; each line's own reason, for they differ
            last = max((self._away[line.name] for line in carrying), key=lambda since: since.clock)
            reasons = "\n".join(f"{line.name}: {_why(line)}" for line in carrying)
            due = max(last.clock + self._after, self._not_before)
            yield Trouble(DOWN, "SMS is down: no line is ready", "SMS is up again", last.at, due, reason=reasons)
        for line in self._lines:
            since, key = self._away.get(line.name), LINE + line.name
            if since is None or (all_down and line.channel is Channel.SMS and key not in raised):
                continue
            due = max(since.clock + self._after, self._not_before)
            title, over = f"The line {line.name} is out of service", f"The line {line.name} is in service again"
            yield Trouble(key, title, over, since.at, due, line.name, _why(line))

    def _queue_troubles(self, raised: Collection[str]) -> Iterator[Trouble]:
        for route, since in self._queues.items():
            queue, key = self._waiting.get(route), QUEUE + route
            if queue is None or not (key in raised or self._ought_to_move(route)):
                continue
            for_whom = _for_whom(route)
            title, over = f"Messages{for_whom} wait and none goes out", f"The queue{for_whom} moves again"
            reason = f"{_many(queue.count)} due, though a line is ready for them"
            if not any(route in routes(line) for line in self._lines):
                missing = (
                    "that SIM is in no line" if route.startswith(SIM_ROUTE) else "no line of that name is configured"
                )
                reason = f"{_many(queue.count)} due, and {missing}"
            due = since.clock + self._queue_after
            yield Trouble(key, title, over, queue.due_at, due, reason=reason, mark=queue.first)

    def _ought_to_move(self, route: str) -> bool:
        """Whether a stuck queue is a problem of its own: not when all its lines are away."""
        serving = [line for line in self._lines if route in routes(line)]
        return not serving or any(line.state is LineState.READY for line in serving)


def _for_whom(route: str) -> str:
    if route.startswith(WHATSAPP_ROUTE):
        return f" for {route.removeprefix(WHATSAPP_ROUTE) or 'WhatsApp'}"
    if route.startswith(SIM_ROUTE):
        return f" for the SIM {route.removeprefix(SIM_ROUTE)}"
    return f" for {route}" if route else ""


def _why(line: Line) -> str:
    return f"{line.state.value.replace('_', ' ')}{f' ({line.reason})' if line.reason else ''}"


def _many(count: int) -> str:
    return f"{count} or more" if count >= MOST_TOLD else str(count)
