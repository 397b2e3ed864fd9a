"""How often something failed, and when it may be tried again."""

import time
from dataclasses import dataclass

#: seconds to the second try, doubled with each, and the most that they become
AGAIN, AT_MOST = 5.0, 3600.0


@dataclass(slots=True)
class Tries:
    """Of one thing that a modem did not do."""

    count: int = 0
    #: monotonic seconds
    due: float = 0.0

    @property
    def pause(self) -> float:
        """Seconds between the last try and the next."""
        return min(AGAIN * float(2 ** max(self.count - 1, 0)), AT_MOST)

    @property
    def are_due(self) -> bool:
        """May it be tried now?"""
        return time.monotonic() >= self.due

    def fail(self) -> None:
        """It was tried, and not done: wait longer than before."""
        self.count += 1
        self.due = time.monotonic() + self.pause
