"""How long the answers to a line's messages lately took, and how long one is therefore waited for alone. Pure."""

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
    """Of one line."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_COUNTED)

    def add(self, seconds: float) -> None:
        """A message was answered, with a yes or a no, after so long."""
        self._seconds.append(seconds)

    def hold(self, ceiling: float) -> float:
        """Seconds for which the port belongs to a message alone; what arrives after that is read beside it."""
        if len(self._seconds) < _ENOUGH:
            return min(UNKNOWN, ceiling)
        usual = sorted(self._seconds)[int(_PERCENTILE * (len(self._seconds) - 1))]
        return min(max(_MARGIN * usual, FLOOR), ceiling)
