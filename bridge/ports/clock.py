"""The wall clock, which tests replace."""

import time
from typing import Protocol


class Clock(Protocol):
    """Time as the core sees it, so that tests can own it."""

    def now(self) -> int:
        """Unix milliseconds."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> int:
        """Unix milliseconds."""
        return time.time_ns() // 1_000_000
