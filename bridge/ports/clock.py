"""The machine's two clocks, replaceable in tests: the wall clock, which can be set, and the monotonic one."""

import time
from typing import Protocol


class Clock(Protocol):
    """Time as the core sees it; tests bring their own."""

    def now(self) -> int:
        """Unix milliseconds, for time stamps. May be wrong, and may jump by years."""
        ...

    def monotonic(self) -> int:
        """Milliseconds that only grow, for durations; unaffected by changes of `now`."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> int:
        """Unix milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> int:
        """Milliseconds since the machine was started."""
        return time.monotonic_ns() // 1_000_000


class SteadyClock:
    """The wall clock without its steps, until `follow` takes them over.

    A wall clock that is set makes all stamps of before wrong at once. Here it goes on as it was until those stamps have
    been shifted (`bridge.timekeeping`), so nothing is compared across a step.
    """

    def __init__(self, machine: Clock) -> None:
        self._machine = machine
        self._offset = machine.now() - machine.monotonic()
        #: milliseconds since the machine was started
        self.monotonic = machine.monotonic

    def now(self) -> int:
        """Unix milliseconds."""
        return self._offset + self.monotonic()

    def behind(self) -> int:
        """How far the machine's wall clock is ahead of this one, ms; negative when it was set back."""
        return self._machine.now() - self.now()

    def follow(self, step: int) -> None:
        """Take over a step of this many ms."""
        self._offset += step
