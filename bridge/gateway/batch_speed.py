"""How fast the messages of a batch go out."""

from collections import deque

#: ms: what a speed is the mean of, and for how long a batch was watched before it has one
LATELY, SURE = 60_000, 20_000
MINUTE = 60_000  # ms


class Speed:
    """Messages a minute, over the last minute in which somebody looked.

    The mean since a batch began would count pauses, restarts and the time until it was due.
    """

    def __init__(self) -> None:
        #: monotonic ms and how many had ended by then
        self._looks: deque[tuple[int, int]] = deque()

    def look(self, now: int, ended: int) -> None:
        """So many have ended by `now`, monotonic ms."""
        while len(self._looks) > 1 and self._looks[1][0] <= now - LATELY:
            self._looks.popleft()
        self._looks.append((now, ended))

    def per_minute(self) -> float | None:
        """None while it was not watched long enough."""
        (since, before), (now, ended) = self._looks[0], self._looks[-1]
        return max(ended - before, 0) * MINUTE / (now - since) if now - since >= SURE else None
