"""Accepts connections within the limits, with or without TLS, over TCP or a Unix socket.

We accept by ourselves, because a connection must count from its first moment: asyncio would let callers who begin
a TLS handshake and stop hold a descriptor each for a minute, unseen.
"""

import asyncio
import errno
import logging
import resource
import socket
import ssl
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from api.http.connections import Connection, Connections
from api.http.refusals import TOO_MANY
from bridge.errors import ConfigError
from bridge.tasks import Tasks

log = logging.getLogger(__name__)

BACKLOG = 256  # connections that the kernel holds for us
KERNELS = 128 * 1024  # bytes, of which the kernel makes twice as many (socket(7))
ACCEPT_AT_ONCE = 64  # before anything else has its turn
HANDSHAKE = 10.0  # seconds for TLS
PAUSE = 1.0  # seconds without accepting when the process has no descriptor left
#: descriptors for all that is no caller's connection: store, devices, webhooks, logs
RESERVE = 128
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Listener:
    """One listening socket."""

    def __init__(
        self,
        door: socket.socket,
        handler: Callable[[], asyncio.Protocol],
        connections: Connections,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._door = door
        self._handler = handler
        self._connections = connections
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks("listener")
        self._again: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start accepting."""
        # what the kernel holds of answers that nobody reads, and what comes at once of a body
        self._door.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNELS)
        self._door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNELS)
        self._door.setblocking(False)
        self._loop.add_reader(self._door, self._accept)

    async def close(self) -> None:
        """Stop accepting; open connections stay."""
        if self._again is not None:
            self._again.cancel()
        self._loop.remove_reader(self._door)
        self._door.close()
        await self._tasks.close()

    def _accept(self) -> None:
        for _ in range(ACCEPT_AT_ONCE):
            try:
                caller, peer = self._door.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._rest(error)
                return
            self._take(caller, _address(peer))

    def _rest(self, error: OSError) -> None:
        """Pause when out of file descriptors; waiting callers stay in the kernel's queue."""
        if error.errno not in _NO_ROOM:
            raise error
        log.error("cannot accept connections: %s", error.strerror)
        self._loop.remove_reader(self._door)
        self._again = self._loop.call_later(PAUSE, self.start)

    def _take(self, caller: socket.socket, address: str) -> None:
        caller.setblocking(False)
        connection = self._connections.admit(address, self._handler)
        if connection is not None:
            task = self._tasks.start(self._set_up(caller, connection), "connection")
            connection.undo = task.cancel
            return
        if self._tls is None:
            with suppress(OSError):
                caller.send(TOO_MANY)
        caller.close()

    async def _set_up(self, caller: socket.socket, connection: Connection) -> None:
        limit = HANDSHAKE if self._tls else None
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection, caller, ssl=self._tls, ssl_handshake_timeout=limit
            )
        except OSError as error:  # gone, or no TLS that we speak: a port scan, or plain HTTP
            log.debug("a connection did not begin: %s", type(error).__name__)
            self._connections.leave(connection)
        except asyncio.CancelledError:
            self._connections.leave(connection)
            raise


async def bound(host: str, port: int) -> Sequence[socket.socket]:
    """Listening sockets on a TCP port, one for each address of the host. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    doors: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            door = socket.socket(family, kind, protocol)
            doors.append(door)
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            door.bind(address)
            door.listen(BACKLOG)
    except BaseException:
        for door in doors:
            door.close()
        raise
    return doors


def bound_unix(path: Path, mode: int) -> socket.socket:
    """A listening Unix socket. Raises OSError, also for a path of more than 107 bytes (unix(7)).

    One that a bridge before us left is replaced; anything else in its place is not.
    """
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise OSError(errno.ENOTSOCK, "what is there is no socket: move it away, or choose another place")
        path.unlink()
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        door.bind(str(path))
        # nobody gets in before it listens
        path.chmod(mode)
        door.listen(BACKLOG)
    except BaseException:
        door.close()
        raise
    return door


def enough_files(connections: int) -> None:
    """Raise the limit of open files for this many connections. Raises ConfigError."""
    wanted = connections + RESERVE
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now == resource.RLIM_INFINITY or now >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    except (ValueError, OSError):  # above the hard limit, or forbidden by the unit's filter of system calls
        problem = f"{connections} connections and {RESERVE} files of our own are more than the {now} it may open"
        advice = f"set it to {max(1, now - RESERVE)}, or LimitNOFILE={wanted} in the unit"
        raise ConfigError([f"http.max_connections: {problem}: {advice}"]) from None


def _address(peer: object) -> str:
    """The address from `accept`; "" for a Unix socket."""
    return str(peer[0]) if isinstance(peer, tuple) else ""
