"""Counts failed tries and schedules the next."""

import time

from bridge.dataclass import dataclass

#: seconds to the second try, as a rule, and the most that they become when they are doubled with each
AGAIN, AT_MOST = 5.0, 3600.0


@dataclass(slots=True)
class Tries:
    """Tries of one operation that the modem did not perform."""

    count: int = 0
    #: monotonic seconds
    due: float = 0.0
    #: seconds between the last try and the next
    pause: float = 0.0
    #: seconds to the second try; 0 for as a rule
    first: float = 0.0

    @property
    def are_due(self) -> bool:
        """Whether the next try is due."""
        return time.monotonic() >= self.due

    def fail(self, at_least: float = 0.0, now: float | None = None) -> None:
        """Record a failure: wait longer than before, and at least this many seconds."""
        self.count += 1
        self.pause = min(max(2 * self.pause, self.first or AGAIN, at_least), AT_MOST)
        self.due = (time.monotonic() if now is None else now) + self.pause
