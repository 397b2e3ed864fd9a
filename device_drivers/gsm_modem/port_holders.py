"""Finds the program that has a serial port open, in /proc, without opening the port."""

import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from bridge.dataclass import dataclass

_PROC = Path("/proc")
#: major numbers of /dev/pts/* (Linux, admin-guide/devices)
_PSEUDO_TERMINALS = range(136, 144)
#: programs that are known to take modem ports
GREEDY = ("ModemManager", "brltty", "gammu-smsd", "smsd", "wvdial", "pppd", "minicom", "picocom", "screen")
#: a unit of the system in /proc/PID/cgroup; what people start is in `user.slice`
_UNIT = re.compile(r"/system\.slice/(?:.*/)?([\w@.\\-]+\.service)$", re.MULTILINE)
_REMEDIES = {
    "ModemManager": "sudo systemctl disable --now ModemManager; or install the udev rules, which keep it off modems",
    "brltty": "sudo apt remove brltty (it drives braille displays, and takes serial adapters for such)",
}


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has the port open."""

    pid: int
    name: str
    #: of systemd, "" for a program that somebody started
    unit: str = ""

    @property
    def words(self) -> str:
        """Name and process id."""
        return f"{self.name} (process {self.pid})"

    @property
    def remedy(self) -> str:
        """The command that makes it release the port."""
        if self.name in _REMEDIES:
            return _REMEDIES[self.name]
        if self.unit:
            return f"sudo systemctl stop {self.unit}"
        if self.name.endswith("sms-bridge"):
            return "it is another bridge: ask it by its --config, or end it with Ctrl-C where it runs"
        return f"end it: {'' if self.is_own else 'sudo '}kill {self.pid}"

    @property
    def is_own(self) -> bool:
        """Whether this user may end it."""
        with suppress(OSError):
            return os.geteuid() in {0, (_PROC / str(self.pid)).stat().st_uid}
        return False


def of_port(path: str, ours: Collection[int] = ()) -> list[Holder]:
    """Processes with the port open; without root only one's own. Excludes this process, `ours`, and the far end of a
    pseudo-terminal, which is the device.
    """
    try:
        device = os.stat(path)
    except OSError:
        return []
    others = (pid for pid in sorted(_pids()) if pid not in {os.getpid(), *ours})
    return [_holder(pid) for pid in others if _uses(pid, device)]


def running(names: Iterable[str]) -> list[str]:
    """Which of these programs are running."""
    wanted = {name[:15]: name for name in names}  # the kernel cuts them there
    return sorted({wanted[program] for pid in _pids() if (program := _program(pid)) in wanted})


def _holder(pid: int) -> Holder:
    unit = _UNIT.search(_text(_PROC / str(pid) / "cgroup"))
    return Holder(pid, _named(pid), unit[1] if unit else "")


def _named(pid: int) -> str:
    """The program's name; for an interpreter, that of its script."""
    words = _text(_PROC / str(pid) / "cmdline").rstrip("\0").split("\0")
    name = _program(pid)
    if not re.match(r"(python|perl|node|ruby)", name):
        return name
    script = next((word for word in words[1:] if not word.startswith("-")), "")
    if ("-m", "bridge") in pairwise(words):
        return "sms-bridge"
    # behind -c and -m there is no file
    return name if {"-c", "-m", "-e"} & set(words[1:3]) else f"{name} {Path(script).name}".strip()


def _pids() -> Iterator[int]:
    return (int(folder.name) for folder in _PROC.iterdir() if folder.name.isdecimal())


def _program(pid: int) -> str:
    return _text(_PROC / str(pid) / "comm").strip()


def _uses(pid: int, device: os.stat_result) -> bool:
    folder = _PROC / str(pid) / "fd"
    try:
        links = [(each, os.readlink(each)) for each in folder.iterdir()]
    except OSError:
        return False  # another user's, or it has just ended
    if not any(target.startswith("/dev/") and _is(each, device) for each, target in links):
        return False
    ends = (each.name for each, target in links if target in {"/dev/ptmx", "/dev/pts/ptmx"})
    return not any(_master_of(pid, number) == os.minor(device.st_rdev) for number in ends)


def _is(link: Path, device: os.stat_result) -> bool:
    """Whether both are the same device, whatever its name in the other's file system."""
    with suppress(OSError):
        other = link.stat()
        # containers have pseudo-terminals of their own, with the same numbers
        same_place = other.st_dev == device.st_dev or os.major(device.st_rdev) not in _PSEUDO_TERMINALS
        return stat.S_ISCHR(other.st_mode) and other.st_rdev == device.st_rdev and same_place
    return False


def _master_of(pid: int, number: str) -> int | None:
    """The number of the pseudo-terminal at the other end of an open /dev/ptmx."""
    found = re.search(r"^tty-index:\s*(\d+)", _text(_PROC / str(pid) / "fdinfo" / number), re.MULTILINE)
    return int(found[1]) if found else None


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(errors="replace")
    return ""
