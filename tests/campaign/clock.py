"""The wall clock of the bridge's process, which may be stepped while it runs."""

import mmap
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path

from tests.clocks.__main__ import build

HOUR, DAY = 3600, 86_400
#: seconds by which a clock is set: by hand, by NTP after a boot without one, into another year by mistake
STEPS = (-HOUR, HOUR, -DAY, 3 * DAY, -3650 * DAY, 400 * DAY)


class Clock:
    """Steps the wall clock of what is started with `environment`; monotonic ones go on (`tests/clocks/shift.c`)."""

    def __init__(self, directory: Path) -> None:
        self._library, file = directory / "shift.so", directory / "clock"
        build(self._library)
        file.write_bytes(bytes(8))
        with file.open("r+b") as opened:
            self._seconds = mmap.mmap(opened.fileno(), 8)
        self.environment: Mapping[str, str] = {"LD_PRELOAD": str(self._library), "CLOCK_STEPS": str(file)}

    @property
    def offset(self) -> int:
        """Seconds that it is ahead of the machine's."""
        return int(struct.unpack("<q", self._seconds[:8])[0])

    def step(self, seconds: int) -> None:
        """Somebody sets the clock."""
        self._seconds[:8] = struct.pack("<q", self.offset + seconds)

    def set_right(self) -> None:
        """NTP finds its server."""
        self._seconds[:8] = bytes(8)


def can_be_stepped() -> bool:
    """Whether there is a compiler to make the library with."""
    return shutil.which("cc") is not None
