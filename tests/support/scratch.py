"""Where tests write: in memory, where the machine has enough of it.

Nearly every test has a store of its own, and a store waits for its disk at each change: on a disk such tests take twice
as much of the processors, and three times as long.
"""

import os
import tempfile
from pathlib import Path

#: what is written there stays in memory
MEMORY = Path("/dev/shm")
#: bytes that must be free there: what all tests have there at once is a quarter of it
ENOUGH = 4 << 30


def usable(folder: Path = MEMORY, enough: int = ENOUGH) -> bool:
    """Whether tests can write there, and run what they wrote."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    free = found.f_bavail * found.f_frsize
    return free >= enough and not found.f_flag & os.ST_NOEXEC and os.access(folder, os.W_OK | os.X_OK)


def move() -> None:
    """Let this process, and all that it starts, write there; where TMPDIR names a folder, that one is used."""
    if "TMPDIR" not in os.environ and usable():
        os.environ["TMPDIR"] = f"{MEMORY}"
        tempfile.tempdir = None  # somebody may have asked before
