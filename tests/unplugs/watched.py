"""`python -m tests.unplugs.watched serve --config FILE`: the bridge, which counts what it has when it gets SIGUSR1.

The counts go into `counts.json` beside the configuration.
"""

import asyncio
import ctypes
import functools
import gc
import json
import os
import re
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import ClassVar

from bridge.__main__ import main

COUNTS = "counts.json"
LATER_WORKER = re.compile(r"_[1-9]\d*$")


class _Allocated(ctypes.Structure):
    """`struct mallinfo2` (mallinfo (3))."""

    _fields_: ClassVar = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "mapped", "usmblks", "fsmblks", "in_use", "fordblks", "keepcost",
        )
    ]  # fmt: skip


def count(target: Path) -> None:
    """Count what is there once garbage is collected. In the main thread, in which the loop runs."""
    _empty_caches()
    gc.collect()
    told = {
        # a pool has a second worker, and up to a handful, when it needs them: its first stands for it
        "threads": sum(not LATER_WORKER.search(thread.name) for thread in threading.enumerate()),
        "tasks": len(asyncio.all_tasks()),
        "descriptors": len(os.listdir("/proc/self/fd")) - 1,  # without the one that reads the directory
        "blocks": sys.getallocatedblocks(),
        "allocated": _allocated() - _cached(),
        "resident": _resident(),
        "needed": _needed(),
    }
    fresh = target.with_suffix(".new")
    fresh.write_text(json.dumps(told))
    fresh.rename(target)


def _empty_caches() -> None:
    """Empty the caches that have a bound: what fills up to there is no growth. What fills without one is."""
    gc.unfreeze()  # what was there when the bridge began to serve, caches among it, is not listed else
    # CPython's 4,096 places for attributes hold the names, and C code makes a new one each time: "search" in finditer
    sys._clear_type_cache()
    for found in gc.get_objects():
        # not isinstance: it would ask what a weak reference refers to
        if type(found) is functools._lru_cache_wrapper and found.cache_parameters()["maxsize"] is not None:
            found.cache_clear()


def _allocated() -> int:
    """KiB in use out of malloc's heaps, in which Python's small objects are not."""
    ask = ctypes.CDLL(None).mallinfo2
    ask.restype = _Allocated
    found = ask()
    return int(found.in_use + found.mapped) // 1024


def _cached() -> int:
    """KiB that SQLite has of them: its caches of pages fill, up to 2 MiB for each of the store's connections."""
    ask = ctypes.CDLL("libsqlite3.so.0").sqlite3_memory_used
    ask.restype = ctypes.c_int64
    return int(ask()) // 1024


def _needed() -> int:
    """KiB that the process takes once malloc has given back what is free in its heaps, without SQLite's pages."""
    ctypes.CDLL(None).malloc_trim(0)
    return _resident() - _cached()


def _resident() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1])


if __name__ == "__main__":
    beside = Path(sys.argv[-1]).with_name(COUNTS)

    def tell(_number: int, _frame: FrameType | None) -> None:
        """The signal's handler."""
        count(beside)

    signal.signal(signal.SIGUSR1, tell)
    main()
