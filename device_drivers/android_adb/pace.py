"""Limits a phone's parts per minute, across restarts. No I/O."""

from collections import deque
from collections.abc import Iterable

#: Android counts the parts of the last minute (AOSP SmsUsageMonitor)
WINDOW = 60.0  # s
#: more than Android's own window, since its clock starts a little after ours
_MARGIN = 1.0  # s


class Pace:
    """Counts parts in a sliding minute of at most `limit`, except for a single longer message."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        #: (when, parts)
        self._spent: deque[tuple[float, int]] = deque()

    @property
    def spent(self) -> tuple[tuple[float, int], ...]:
        """What was sent and when, to be stored."""
        return tuple(self._spent)

    def recall(self, spent: Iterable[tuple[float, int]], now: float) -> bool:
        """Load what was sent before a restart; returns whether some of it seems to come later.

        A clock set back never causes more than a minute of waiting.
        """
        known = list(spent)
        self._spent.extendleft(sorted(((min(at, now), parts) for at, parts in known), reverse=True))
        return any(at > now for at, _ in known)

    def delay(self, parts: int, now: float) -> float:
        """Seconds until this many parts may be sent; 0 for now."""
        self._forget(now)
        total = sum(count for _, count in self._spent)
        wait = 0.0
        for at, count in self._spent:
            if total + parts <= self._limit:
                break
            total -= count
            wait = at + WINDOW + _MARGIN - now
        return max(wait, 0.0)

    def take(self, parts: int, now: float) -> None:
        """Count parts sent now."""
        self._spent.append((now, parts))

    def _forget(self, now: float) -> None:
        while self._spent and self._spent[0][0] + WINDOW + _MARGIN <= now:
            self._spent.popleft()
