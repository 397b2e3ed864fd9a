"""Sockets passed by systemd (sd_listen_fds(3)): ports below 1024 without privilege, and no refused callers during a
restart.
"""

import os
import socket
from collections.abc import MutableMapping, Sequence
from typing import Self

from bridge.dataclass import dataclass
from bridge.errors import ConfigError

#: the first descriptor that is handed over (SD_LISTEN_FDS_START)
FIRST = 3


@dataclass(frozen=True, slots=True)
class Passed:
    """A passed socket and its name (FileDescriptorName=)."""

    name: str
    socket: socket.socket

    @property
    def place(self) -> str:
        """The address for people: `127.0.0.1 port 8080`."""
        host, port = self.socket.getsockname()[:2]
        return f"{host} port {port}"


class Sockets:
    """The passed sockets; each section of the configuration takes its own. Raises ConfigError for a socket that does
    not listen on TCP.
    """

    def __init__(self, passed: Sequence[Passed] = ()) -> None:
        self._left = list(passed)
        if problems := [problem for each in passed if (problem := _misfit(each))]:
            raise ConfigError(problems)

    @classmethod
    def of(cls, environment: MutableMapping[str, str]) -> Self:
        """Read LISTEN_FDS and its companions, and hide them from child processes. Raises ConfigError."""
        process, count, names = (environment.pop(f"LISTEN_{name}", "") for name in ("PID", "FDS", "FDNAMES"))
        if process != str(os.getpid()) or not count.isdecimal():
            return cls()
        named = [*names.split(":"), *[""] * int(count)]
        return cls([Passed(named[index], _opened(FIRST + index)) for index in range(int(count))])

    def take(self, section: str, port: int) -> list[socket.socket]:
        """Take the sockets of a section, `http` or `dialects.NAME`, by name, else by port."""
        names = {section, section.removeprefix("dialects.")}
        ours = [each for each in self._left if each.name in names]
        ours = ours or [each for each in self._left if each.socket.getsockname()[1] == port]
        self._left = [each for each in self._left if each not in ours]
        return [each.socket for each in ours]

    def close(self) -> None:
        """Close the sockets that nothing took."""
        for each in self._left:
            each.socket.close()

    def none_left(self) -> None:
        """Raises ConfigError when a passed socket belongs to no section."""
        if self._left:
            raise ConfigError(
                [
                    f"systemd listens on {each.place} for us, and no section of the configuration has this port: "
                    f"say FileDescriptorName=http (or the dialect's name) in the .socket unit, or correct the port"
                    for each in self._left
                ]
            )


def _opened(descriptor: int) -> socket.socket:
    try:
        os.set_inheritable(descriptor, False)
        return socket.socket(fileno=descriptor)
    except OSError as error:
        raise ConfigError([f"descriptor {descriptor}, handed over by systemd, is no socket: {error}"]) from error


def _misfit(passed: Passed) -> str:
    """Why a socket cannot be listened on; "" when it can."""
    found = passed.socket
    if found.family not in (socket.AF_INET, socket.AF_INET6) or found.type != socket.SOCK_STREAM:
        return f"the socket {passed.name} that systemd listens on for us is not TCP: its unit needs ListenStream=PORT"
    if not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return f"the socket {passed.name} on {passed.place} is a connection: its unit needs Accept=no"
    return ""
