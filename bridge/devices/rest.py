"""Rests a line that is refused as a whole: no sends for a while, longer after each failed try."""

import random
from collections.abc import Callable

from bridge.errors import Refusal
from bridge.model.line import LineState
from bridge.retry import Backoff

#: what rests a line → the waits between tries, each with one message
SCHEDULES = {
    # a cell that is full or gone comes back by itself
    Refusal.NETWORK: Backoff(first=2_000, ceiling=60_000),
    # somebody has to see to the SIM; its health is asked for meanwhile
    Refusal.LINE: Backoff(first=5_000, ceiling=300_000),
    # until somebody tops it up
    Refusal.CREDIT: Backoff(first=60_000, ceiling=600_000),
}
_WORDS = {
    Refusal.NETWORK: "No message goes out now: {}. Messages wait, and the line tries again by itself.",
    Refusal.LINE: "The line cannot send: {}. Check the SIM and its settings; the line tries again by itself.",
    Refusal.CREDIT: "The operator refuses messages: {}. Check the SIM's credit; the line tries again by itself.",
}


class Rest:
    """Whether a line rests, and why. Times are seconds of the event loop's clock."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._kind = Refusal.NETWORK
        self._failures = 0
        self._until = 0.0
        #: a sentence for people, from the first refusal until a message goes out or none is there to try with
        self.reason = ""

    @property
    def state(self) -> LineState:
        """The line state that goes with the reason."""
        return LineState.OUT_OF_SERVICE if self._kind is Refusal.NETWORK else LineState.PARKED

    def begin(self, kind: Refusal, cause: str, now: float) -> float:
        """The line was refused: rest; returns the seconds."""
        self._failures = self._failures + 1 if kind is self._kind else 1
        self._kind = kind
        self.reason = _WORDS[kind].format(cause)
        seconds = SCHEDULES[kind].delay(self._failures, self._chance()) / 1000
        self._until = now + seconds
        return seconds

    def left(self, now: float) -> float:
        """Seconds until the next try; 0 for at once."""
        return max(0.0, self._until - now)

    def cut_short(self) -> None:
        """The device reports a change: try now."""
        self._until = 0.0

    def give_credit(self) -> None:
        """The line has no credit to try with: treat it as fit until it is refused again."""
        self.reason = ""

    def end(self) -> None:
        """A message was sent: rest no more."""
        self.reason, self._failures, self._until = "", 0, 0.0
