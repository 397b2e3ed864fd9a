"""Runs tests with the machine's clock moved. What fails holds a literal date against it, or breaks at such a moment.

`python -m tests.clocks [MOMENT…] [-- PYTEST ARGUMENT…]`; no moment named means all of them, one after the other.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

SOURCE = Path(__file__).with_name("shift.c")
#: what needs no program of another's, for such a program may ask the kernel for the time
TESTS = ("tests/unit", "tests/contract", "tests/dialects")
#: the tests begin so long before a moment that they are in their middle when it comes
BEFORE = timedelta(seconds=20)


@dataclass(frozen=True)
class Moment:
    """When and where the machine is."""

    at: datetime
    zone: str = "UTC"


def hours(start: datetime, zone: str = "UTC") -> Iterator[datetime]:
    """Every full hour from a moment on, as a clock on the wall of that zone shows it."""
    hour = start.replace(minute=0, second=0, microsecond=0)
    while True:
        hour += timedelta(hours=1)
        yield hour.astimezone(ZoneInfo(zone))


def change(start: datetime, zone: str, forward: bool) -> Moment:
    """The next time that the clocks there are put forward, or back."""
    for before, after in pairwise(hours(start, zone)):
        step = (after.utcoffset() or timedelta()) - (before.utcoffset() or timedelta())
        if step and (step > timedelta()) is forward:
            return Moment(after.astimezone(UTC) - BEFORE, zone)
    raise AssertionError


def moments(now: datetime) -> dict[str, Moment]:
    """Moments at which code about time breaks, by name."""
    island = "Pacific/Kiritimati"  # UTC+14: the first to have a new year
    midnight = next(hour for hour in hours(now, island) if (hour.month, hour.day, hour.hour) == (1, 1, 0))
    return {
        "week": Moment(now + timedelta(days=7)),
        "year": Moment(now + timedelta(days=400)),
        "leap": Moment(next(hour for hour in hours(now) if (hour.month, hour.day) == (2, 29)) + timedelta(hours=12)),
        "spring": change(now, "Europe/Berlin", forward=True),
        "autumn": change(now, "America/New_York", forward=False),
        "new-year": Moment(midnight.astimezone(UTC) - BEFORE, island),
        "past": Moment(now - timedelta(days=400)),
    }


def run(moment: Moment, library: Path, folder: Path, arguments: Sequence[str]) -> int:
    """The exit code of pytest at a moment."""
    moved = {
        "LD_PRELOAD": f"{library}",
        "CLOCK_SHIFT": f"{round(moment.at.timestamp() - time.time())}",
        "TZ": moment.zone,
    }
    # a folder of its own: by such a clock those of all others look old, and pytest tidies old ones up
    command = [sys.executable, "-m", "pytest", f"--basetemp={folder}", *arguments]
    return subprocess.run(command, env=os.environ | moved, check=False).returncode


def say(words: str) -> None:
    """At once, among what pytest says."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def build(library: Path) -> None:
    """Make the library that is to be preloaded."""
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)


def main(arguments: Sequence[str]) -> int:
    """0 when everything passed at every moment."""
    names, _, options = " ".join(arguments).partition("--")
    known = moments(datetime.now(UTC))
    wanted = names.split() or list(known)
    if unknown := set(wanted) - known.keys():
        sys.exit(f"no such moment: {', '.join(unknown)}; there are {', '.join(known)}")
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "shift.so"
        build(library)
        for name in wanted:
            say(f"\n{name}: {known[name].at:%Y-%m-%d %H:%M:%S} UTC, in {known[name].zone}")
            if run(known[name], library, Path(folder) / name, options.split() or ["-q", "-n", "auto", *TESTS]):
                failed.append(name)
    say(f"failed at: {', '.join(failed)}" if failed else f"passed at: {', '.join(wanted)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
