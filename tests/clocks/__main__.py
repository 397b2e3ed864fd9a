"""Runs tests with the machine's clock moved. What fails holds a literal date against it, or breaks at such a moment.

`python -m tests.clocks [MOMENT…] [-- PYTEST ARGUMENT…]`; no moment named means all of them, one after the other.
At the first one every test runs; at the others those that asked there what time it is (`tests.clocks.timeless`).

A run of all tests by the clock as it is can watch them too, and then no moment runs all of them:
`--note FOLDER -- PYTEST ARGUMENT…` writes it down, `--noted FOLDER` goes by it, as long as no file has changed since.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.support import scratch

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).with_name("shift.c")
#: what needs no program of another's, for such a program may ask the kernel for the time
TESTS = ("tests/unit", "tests/contract", "tests/dialects")
#: what those notes hold for: the tests and all that they test
FILES = ("api", "bridge", "device_drivers", "tests", "udev", "docs", "README.md", "CHANGELOG.md", "pyproject.toml")
#: some tests wait: more of them at once than there are processors
WORKERS = f"{(os.cpu_count() or 1) + 1}"
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


def run(library: Path, environment: Mapping[str, str], arguments: Sequence[str]) -> int:
    """The exit code of pytest with that library."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.clocks.timeless", *arguments]
    preloaded = os.environ | {"LD_PRELOAD": f"{library}"} | environment
    return subprocess.run(command, env=preloaded, check=False).returncode


def run_at(moment: Moment, library: Path, folder: Path, arguments: Sequence[str]) -> int:
    """The exit code of pytest at a moment."""
    moved = {"CLOCK_SHIFT": f"{round(moment.at.timestamp() - time.time())}", "TZ": moment.zone}
    # a folder of its own: by such a clock those of all others look old, and pytest tidies old ones up
    return run(library, moved, [f"--basetemp={folder}", *arguments])


def say(words: str) -> None:
    """At once, among what pytest says."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def build(library: Path) -> None:
    """Make the library that is to be preloaded."""
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)


def state() -> str:
    """What the notes hold for: these files, and this Python."""
    digest = hashlib.sha256(sys.version.encode())
    for top in (ROOT / name for name in FILES):
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def note(folder: Path, library: Path, tests: Sequence[str]) -> int:
    """Run tests by the clock as it is, and write down which of them never ask for the time."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    before = state()
    failed = run(library, {}, [f"--note-timeless={folder}", *tests])
    if state() == before:
        (folder / "state").write_text(before)
    return failed


def visit(wanted: Mapping[str, Moment], library: Path, noted: Path | None, tests: Sequence[str]) -> int:
    """Run tests at each moment: 0 when everything passed at every one."""
    failed = []
    timeless = noted or library.with_name("timeless")
    timeless.mkdir(exist_ok=True)
    for count, (name, moment) in enumerate(wanted.items()):
        say(f"\n{name}: {moment.at:%Y-%m-%d %H:%M:%S} UTC, in {moment.zone}")
        doing = "skip" if noted or count else "note"
        if run_at(moment, library, library.with_name(name), [f"--{doing}-timeless={timeless}", *tests]):
            failed.append(name)
    say(f"failed at: {', '.join(failed)}" if failed else f"passed at: {', '.join(wanted)}")
    return bool(failed)


def main(arguments: Sequence[str]) -> int:
    """0 when everything passed."""
    known = moments(datetime.now(UTC))
    own, tests = list(arguments), list[str]()
    if "--" in own:
        own, tests = own[: own.index("--")], own[own.index("--") + 1 :]
    parser = argparse.ArgumentParser(prog="python -m tests.clocks", allow_abbrev=False)
    parser.add_argument("moments", nargs="*", metavar="MOMENT")
    parser.add_argument("--note", type=Path, metavar="FOLDER")
    parser.add_argument("--noted", type=Path, metavar="FOLDER")
    options = parser.parse_args(own)
    names: list[str] = options.moments or list(known)
    if unknown := set(names) - known.keys():
        parser.error(f"no such moment: {', '.join(unknown)}; there are {', '.join(known)}")
    noted: Path | None = options.noted
    if noted and not ((noted / "state").is_file() and (noted / "state").read_text() == state()):
        say(f"{noted} was not noted of these files as they are now, so all tests run at the first moment")
        noted = None
    scratch.move()
    tests = tests or ["-q", "-n", WORKERS, "--dist", "worksteal", *TESTS]
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "shift.so"
        build(library)
        if options.note:
            return note(options.note, library, tests)
        return visit({name: known[name] for name in names}, library, noted, tests)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
