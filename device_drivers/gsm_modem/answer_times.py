"""Tracks how long answers to messages take, to decide how long to wait for one exclusively. Pure."""

from collections import deque

#: so many of the last messages count
_COUNTED = 50
#: with fewer, nothing is known yet
_ENOUGH = 5
#: seconds: at least, and as long as nothing is known
FLOOR, UNKNOWN = 3.0, 10.0
#: nearly all answers come within this many times what nineteen of twenty took
_MARGIN, _PERCENTILE = 2.0, 0.95


class AnswerTimes:
    """The answer times of one line."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_COUNTED)

    def add(self, seconds: float) -> None:
        """Record that a message was answered, with a yes or a no, after this long."""
        self._seconds.append(seconds)

    def hold(self, ceiling: float) -> float:
        """Seconds for which a message has the port alone; afterwards incoming SMS are read meanwhile."""
        if len(self._seconds) < _ENOUGH:
            return min(UNKNOWN, ceiling)
        usual = sorted(self._seconds)[int(_PERCENTILE * (len(self._seconds) - 1))]
        return min(max(_MARGIN * usual, FLOOR), ceiling)
