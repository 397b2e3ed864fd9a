"""The machine's two clocks, which tests replace: one that people set, and one that only counts."""

import time
from typing import Protocol


class Clock(Protocol):
    """Time as the core sees it, so that tests can own it."""

    def now(self) -> int:
        """Unix milliseconds, for stamps. It may be wrong, and be set by years."""
        ...

    def monotonic(self) -> int:
        """Milliseconds that only count, for durations: the same whatever is done to `now`."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> int:
        """Unix milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> int:
        """Milliseconds since the machine was started."""
        return time.monotonic_ns() // 1_000_000


class SteadyClock:
    """The machine's time without its steps, until somebody takes notice of them by `follow`.

    A wall clock that is set makes all stamps of before wrong at once. Here it goes on as it was until those stamps have
    been shifted (`bridge.timekeeping`), so nothing is compared across a step.
    """

    def __init__(self, machine: Clock) -> None:
        self._machine = machine
        self._offset = machine.now() - machine.monotonic()

    def now(self) -> int:
        """Unix milliseconds."""
        return self._offset + self._machine.monotonic()

    def monotonic(self) -> int:
        """Milliseconds since the machine was started."""
        return self._machine.monotonic()

    def behind(self) -> int:
        """How far the machine's wall clock is ahead of this one, ms; below 0 when it was set back."""
        return self._machine.now() - self.now()

    def follow(self, step: int) -> None:
        """Go on from so many ms later."""
        self._offset += step
