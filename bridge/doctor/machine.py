"""Examines the machine: clock and power supply."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from bridge.model.finding import Finding

#: 2026-11-20, when this was written: no clock that is right says less
WRITTEN = 1_795_132_800_000  # Unix ms
#: the store may be so much newer than the clock
CLOCK_TOLERANCE = 300_000  # ms
#: seconds for a small program to answer
PATIENCE = 5.0

#: systemd-timesyncd makes it when it has set the clock
_SYNCHRONISED = Path("run/systemd/timesync/synchronized")
#: what adjtimex(2) returns while nothing keeps the clock right, and more room than its structure has anywhere
_TIME_ERROR, _TIMEX = 5, 512

#: bits of the Raspberry Pi's `get_throttled`: now, and at any time since it was switched on
_UNDER_VOLTAGE, _WAS_UNDER_VOLTAGE = 1 << 0, 1 << 16
_THROTTLED = Path("sys/devices/platform/soc/soc:firmware/get_throttled")


def look(store: Path, now: int, root: Path = Path("/")) -> Iterator[Finding]:
    """Findings about the machine; `now` in Unix ms."""
    yield clock_finding(store, now, synchronised(root))
    yield from power_findings(throttled(root))


# -- the clock ----------------------------------------------------------------------------------
def clock_finding(store: Path, now: int, kept: bool | None = None) -> Finding:
    """Whether the clock can be right, given the store's last write, and whether something synchronises it (None:
    unknown).
    """
    remedy = "sudo timedatectl set-ntp true"
    written = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if now < WRITTEN:
        return Finding("fail", "clock", f"says {written}, which is long ago", remedy)
    try:
        last = round(store.stat().st_mtime * 1000)
    except OSError:
        last = 0
    if last > now + CLOCK_TOLERANCE:
        return Finding("warn", "clock", f"says {written}, but the store was written later than that", remedy)
    if kept is False:
        words = f"says {written}, and nothing keeps it right (NTP has not set it): times in messages may be wrong"
        return Finding("warn", "clock", words, f"{remedy}; timedatectl timesync-status shows why it does not")
    return Finding("ok", "clock", f"says {written}{', set by NTP' if kept else ''}")


def synchronised(root: Path = Path("/")) -> bool | None:
    """Whether time synchronisation has set the clock; None when the kernel does not say."""
    if (root / _SYNCHRONISED).exists():
        return True
    import ctypes

    with suppress(OSError, AttributeError):
        # all zero: it asks, and changes nothing
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX))
        return state != _TIME_ERROR if state >= 0 else None
    return None


# -- power --------------------------------------------------------------------------------------
def throttled(root: Path = Path("/")) -> int | None:
    """A Raspberry Pi's power flags, as `get_throttled` prints them; None on other machines."""
    for name in (root / "sys/class/hwmon").glob("hwmon*/name"):
        with suppress(OSError, ValueError):
            if name.read_text().strip() == "rpi_volt":
                return _UNDER_VOLTAGE * int((name.parent / "in0_lcrit_alarm").read_text())
    with suppress(OSError, ValueError):
        return int((root / _THROTTLED).read_text().strip(), 16)
    program = shutil.which("vcgencmd") if root == Path("/") else None
    if program is not None:
        return _asked(program)
    return None


def _asked(program: str) -> int | None:
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        command = [program, "get_throttled"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)  # noqa: S603 - the Pi's own program
        return int(done.stdout.strip().partition("=")[2], 16)
    return None


def power_findings(flags: int | None) -> Iterator[Finding]:
    """Explain the power flags: a weak supply resets sticks in the middle of a message."""
    remedy = (
        "use the supply that belongs to this Pi with a short thick cable, and a powered USB hub for modem and phone"
    )
    if flags is None:
        return
    if flags & _UNDER_VOLTAGE:
        yield Finding("fail", "power", "the supply gives too little voltage now: modems restart on their own", remedy)
    elif flags & _WAS_UNDER_VOLTAGE:
        yield Finding("warn", "power", "the supply gave too little voltage since the machine was switched on", remedy)
    else:
        yield Finding("ok", "power", "the supply's voltage is right")
