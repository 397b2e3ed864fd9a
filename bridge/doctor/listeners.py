"""Finds the program that listens on a TCP port of this machine, in /proc; without root only one's own."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from bridge.dataclass import dataclass

_PROC = Path("/proc")
#: state of a listening socket in /proc/net/tcp (Linux, net/ipv4/tcp_states.h)
_LISTENING = "0A"


@dataclass(frozen=True, slots=True)
class Listener:
    """A process that listens on a port."""

    pid: int
    #: as it was started
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """What people call it: its program, or for an interpreter its script."""
        program = Path(self.words[0]).name if self.words else ""
        script = next((word for word in self.words[1:] if not word.startswith("-")), "")
        if re.match(r"(python|perl|node|ruby)", program) and script == "".join(self.words[1:2]) and script:
            return Path(script).name
        return program or f"process {self.pid}"

    @property
    def is_bridge(self) -> bool:
        """Whether it is sms-bridge, this one or another."""
        return self.name == "sms-bridge" or ("-m", "bridge") in pairwise(self.words)

    @property
    def is_demo(self) -> bool:
        """Whether it is a demo."""
        return self.is_bridge and "demo" in self.words


def of_port(port: int, proc: Path = _PROC) -> Listener | None:
    """The process that listens on a port, whatever its address; None when it is another user's, or none."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    if not sockets:
        return None
    for folder in proc.iterdir():
        if folder.name.isdecimal() and sockets & set(_open(folder)):
            words = _text(folder / "cmdline").rstrip("\0").split("\0")
            return Listener(int(folder.name), tuple(words))
    return None


def _inodes(port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        for line in _text(proc / "net" / table).splitlines()[1:]:
            fields = line.split()
            # number, local address, remote address, state, …, inode as the tenth (proc_net_tcp.txt)
            if len(fields) > 9 and fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _open(process: Path) -> Iterator[str]:
    with suppress(OSError):  # another user's, or it has just ended
        for each in (process / "fd").iterdir():
            with suppress(OSError):
                yield os.readlink(each)


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(errors="replace")
    return ""
