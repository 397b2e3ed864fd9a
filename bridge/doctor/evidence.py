"""Collects facts about the machine for support: releases, USB, log excerpts, as text safe to share."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.doctor.masking import last_two, quoted
from bridge.version import version

#: lines of each log
LINES = 300
#: seconds for journalctl and dmesg
PATIENCE = 10.0
_ABOUT_DEVICES = re.compile(
    r"(?i)usb|tty|modem|option|cdc_|voltage|mmc\d|ext4|i/o error|out of memory|oom|hwmon|thrott|watchdog"
)
_SERIAL = re.compile(r"(?i)(serial ?number: ?)\S.*")
_PRIORITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
#: text on standard error goes to the journal as info, whatever level it says
_DEBUG = re.compile(r"^DEBUG\b")

Mask = Callable[[str], str]


def machine(root: Path = Path("/")) -> Mapping[str, Any]:
    """Releases, kernel, architecture, memory; without names of the machine or its users."""
    system: Mapping[str, str] = {}
    with suppress(OSError):
        system = platform.freedesktop_os_release()
    return {
        "sms-bridge": version(),
        "python": sys.version.split()[0],
        "os": system.get("PRETTY_NAME", platform.system()),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "bits": 64 if sys.maxsize > 2**32 else 32,
        "model": _text(root / "proc/device-tree/model").strip("\0 \n"),
        "memory_megabytes": _memory(_text(root / "proc/meminfo")),
        "processors": os.cpu_count(),
        "load": [round(each, 2) for each in os.getloadavg()],
        "up_hours": _hours(_text(root / "proc/uptime")),
        "root": os.geteuid() == 0,
    }


def packages() -> str:
    """The installed Python packages, as `name version`."""
    from importlib.metadata import distributions

    found = {f"{each.name} {each.version}" for each in distributions() if each.name}
    return "\n".join(sorted(found, key=str.lower)) + "\n"


def usb(root: Path = Path("/")) -> str:
    """Like lsusb: each device with its interfaces, drivers and ports; serial numbers down to two digits."""
    devices = sorted((root / "sys/bus/usb/devices").glob("*"))
    return "\n".join(line for device in devices if (device / "idVendor").exists() for line in _device(device)) + "\n"


def journal(unit: str, mask: Mask) -> str:
    """The bridge's last log lines from INFO up, without texts and numbers."""
    command = ["journalctl", "-u", unit, "-n", str(LINES), "-p", "info", "-o", "json", "--no-pager"]
    said = _said(command)
    if said is None:
        return "The journal is not here, or not for this user: try with sudo.\n"
    return "".join(f"{line}\n" for record in said.splitlines() for line in entry(record, mask))


def kernel(mask: Mask) -> str:
    """Recent kernel messages about USB, serial ports, power and disks."""
    said = _said(["dmesg"])
    if said is None:
        said = _said(["journalctl", "-k", "-n", "3000", "-o", "short-monotonic", "--no-pager"])
    if said is None:
        return "The kernel's messages are not for this user: try with sudo.\n"
    about = [line for line in said.splitlines() if _ABOUT_DEVICES.search(line)]
    return "".join(f"{mask(_SERIAL.sub(_short, line))}\n" for line in about[-LINES:])


def _short(found: re.Match[str]) -> str:
    return f"{found[1]}{last_two(found[0])}"


def entry(line: str, mask: Mask) -> Iterator[str]:
    """Format a record of journalctl's JSON as a line; binary values (lists of bytes) are left out."""
    with suppress(ValueError, LookupError, TypeError):
        record = json.loads(line)
        message = record["MESSAGE"]
        if isinstance(message, str) and not _DEBUG.match(message):
            moment = datetime.fromtimestamp(int(record["__REALTIME_TIMESTAMP"]) / 1e6, UTC)
            level = _PRIORITIES[int(record.get("PRIORITY", 6))]
            yield f"{moment:%Y-%m-%d %H:%M:%S} {level} {mask(quoted(message))}"


def _said(command: Sequence[str]) -> str | None:
    """The output of a program; None when it is missing or fails."""
    program = shutil.which(command[0])
    if program is None:
        return None
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(  # noqa: S603 - our own words
            [program, *command[1:]], capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=True
        )
        return done.stdout
    return None


def _device(folder: Path) -> Iterator[str]:
    def told(name: str) -> str:
        return _text(folder / name).strip()

    names = " ".join(filter(None, (told("manufacturer"), told("product"))))
    serial = f", serial {last_two(told('serial')) or '…'}" if told("serial") else ""
    facts = f"{told('speed')} Mbit/s, {told('bMaxPower')}{serial}"
    yield f"{folder.name}  {told('idVendor')}:{told('idProduct')}  {names}  ({facts})"
    for interface in sorted(folder.glob(f"{folder.name}:*")):
        yield f"    {_interface(interface)}"


def _interface(folder: Path) -> str:
    kind = "/".join(
        _text(folder / name).strip() for name in ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
    )
    driver = (folder / "driver").resolve().name if (folder / "driver").exists() else "no driver"
    ports = " ".join(
        sorted(
            each.name
            for pattern in ("tty*", "tty/tty*", "net/*")
            for each in folder.glob(pattern)
            if each.name != "tty"
        )
    )
    return f"interface {_text(folder / 'bInterfaceNumber').strip()}  {kind}  {driver}  {ports}".rstrip()


def _memory(text: str) -> int:
    found = re.search(r"MemTotal:\s*(\d+)", text)
    return int(found[1]) // 1024 if found else 0


def _hours(text: str) -> float:
    with suppress(ValueError, IndexError):
        return round(float(text.split(maxsplit=1)[0]) / 3600, 1)
    return 0.0


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(errors="replace")
    return ""
