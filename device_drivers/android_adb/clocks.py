"""Time on this machine, replaceable in tests."""

import time
from collections.abc import Callable
from pathlib import Path

from bridge.dataclass import dataclass

#: another one after each start of the machine (random (4)); the monotonic clock begins anew with it
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def _boot() -> str:
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class Clock:
    """Clocks in seconds."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    #: which start of the machine this is; "" where the system does not tell
    boot: Callable[[], str] = _boot

    def stamp(self) -> "Stamp":
        """Now."""
        return Stamp(self.wall(), self.monotonic(), self.boot())

    def since(self, stamp: "Stamp") -> float:
        """Seconds since then: counted while the machine stays on, else by the wall clock, and never less than 0."""
        if stamp.boot and stamp.boot == self.boot():
            return max(self.monotonic() - stamp.monotonic, 0.0)
        return max(self.wall() - stamp.wall, 0.0)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment that outlives the process; the wall clock may have been set since."""

    wall: float
    monotonic: float = 0.0
    #: "" where only the wall clock is known
    boot: str = ""
