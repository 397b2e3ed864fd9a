"""Tracks the question a device has not answered; a line with an overdue answer is not ready.

How long an answer may take is learned from those before it, for each kind of question apart: one modem has a message
on its way in two seconds, another one in forty.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from bridge.dataclass import dataclass
from bridge.model.line import Line, LineState

#: seconds that any answer may take
LEAST = 3.0
#: an answer is late when it takes so many times as long as the slowest of the last ones …
TIMES = 3.0
LAST = 20
#: … but after so many seconds in any case
MOST = 30.0


@dataclass(slots=True)
class _Question:
    kind: str
    #: monotonic seconds
    asked_at: float
    #: monotonic seconds from which the answer is late
    due_at: float
    what: str
    #: Unix seconds
    at: float

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.what} since {time.strftime('%H:%M:%S', time.localtime(self.at))}"


class Silence:
    """The unanswered question of one device. One thread asks and receives; any thread may read."""

    def __init__(
        self, heard_at: Callable[[], float] = lambda: 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        #: monotonic seconds at which the device said anything: an answer that goes on coming is not late
        self._heard_at = heard_at
        self._clock = clock
        self._took: dict[str, deque[float]] = {}
        self._pending: _Question | None = None
        #: monotonic seconds of the last answer
        self.answered_at = 0.0
        #: the oldest question of those since the last answer
        self._first: _Question | None = None

    def patience(self, kind: str, least: float = LEAST) -> float:
        """Seconds after which an answer of this kind is overdue."""
        return min(max(least, TIMES * max(self._took.get(kind, (0.0,)))), MOST)

    def asked(self, what: str, kind: str = "", least: float = LEAST) -> None:
        """A question was sent; `what` describes it to people, `kind` selects comparable answer times."""
        now = self._clock()
        self._pending = _Question(kind or what, now, now + self.patience(kind or what, least), what, time.time())
        self._first = self._first or self._pending

    def answered(self) -> None:
        """The answer has come."""
        self.answered_at = self._clock()
        question, self._pending, self._first = self._pending, None, None
        if question is not None:
            took = self._took.setdefault(question.kind, deque(maxlen=LAST))
            took.append(self.answered_at - question.asked_at)

    def given_up(self) -> None:
        """The caller stopped waiting; the question remains unanswered."""
        self._pending = None

    def answered_late(self) -> None:
        """An answer came after the caller stopped waiting."""
        if self._pending is None:
            self.answered_at, self._first = self._clock(), None

    @property
    def words(self) -> str:
        """The unanswered question and since when, in words; "" while no answer is overdue."""
        first, now = self._first, self._clock()
        if first is None or now < first.due_at:
            return ""
        if first is self._pending and now < self._heard_at() + LEAST:
            return ""
        return first.words

    def shown(self, line: Line) -> Line:
        """The line, marked as not ready while an answer is overdue."""
        words = self.words
        if not words or line.state is not LineState.READY:
            return line
        return replace(
            line, state=LineState.OUT_OF_SERVICE, reason=f"The device does not answer: not answering {words}."
        )
