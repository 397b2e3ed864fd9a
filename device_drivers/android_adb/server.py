"""Talks to the adb server through adbutils: phones, network connections, starting the server.

adbutils' time-outs are for each read and never total, and it blocks. So every conversation runs on a thread under a
deadline; when that passes, the socket is shut under the thread, which ends its wait.
"""

import asyncio
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from bridge.dataclass import dataclass
from bridge.errors import DeviceLost
from device_drivers import _adb
from device_drivers._adbutils import AdbClient, AdbConnection, AdbError

T = TypeVar("T")

#: seconds for the adb server to say what it knows
PATIENCE = 30.0
#: seconds for it to start
START_PATIENCE = 20.0
#: only on this machine is a server started that does not run
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: adb's own limit for a service name: its length travels as four hex digits
LONGEST_SERVICE = 0xFFFF
#: what may go wrong in a conversation
FAILURES = (AdbError, OSError, EOFError, ValueError, subprocess.SubprocessError)
#: adb's word for a phone that this user may not open has blanks in it, of which adbutils keeps what is before the first
_STATES = {"no": "no permissions"}


@dataclass(frozen=True, slots=True)
class Server:
    """The address of the adb server; "" and 0 mean the environment's, else 127.0.0.1:5037."""

    host: str = ""
    port: int = 0

    @property
    def address(self) -> tuple[str, int]:
        """The address that adb's own programs would use (`adb help`, environment variables)."""
        host = self.host or os.environ.get("ANDROID_ADB_SERVER_HOST") or "127.0.0.1"
        return host, self.port or int(os.environ.get("ANDROID_ADB_SERVER_PORT") or 5037)

    @property
    def local(self) -> bool:
        """Whether it is on this machine."""
        return self.address[0] in LOOPBACK


class Call:
    """One blocking conversation that the event loop can end."""

    def __init__(self) -> None:
        #: the command was given to adb
        self.handed = False
        #: adbutils makes more than one, and leaves those open that the server refused
        self._connections: list[Conversation] = []
        self._over = False
        self._lock = threading.Lock()

    def hold(self, connection: "Conversation") -> "Conversation":
        """Register a connection to close. Raises ConnectionAbortedError when the call has been ended."""
        with self._lock:
            self._connections.append(connection)
            over = self._over
        if over:
            raise ConnectionAbortedError("given up")
        return connection

    def end(self) -> None:
        """Shut down the sockets under the reading thread. Harmless when repeated."""
        with self._lock:
            self._over = True
            for connection in self._connections:
                with suppress(OSError):
                    connection.conn.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the sockets, on their thread or when no thread uses them. Harmless when repeated."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def run(self, work: "Callable[[Call], T]", keep: bool = False) -> T:
        """Run on this thread; closes the sockets afterwards, unless they are to be kept and all went well."""
        done = False
        try:
            result = work(self)
            done = keep
        finally:
            if not done:
                self.close()
        return result


class Conversation(AdbConnection):  # type: ignore[misc]
    """A connection to the server."""

    def __init__(self, address: tuple[str, int]) -> None:
        """Connect. Raises OSError when there is no server."""
        self._address = address
        super().__init__(*address)

    def _safe_connect(self) -> socket.socket:
        """Connect without starting a server, which adbutils would do whatever the address."""
        connected = socket.create_connection(self._address, timeout=PATIENCE)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connected

    def send_command(self, cmd: str) -> None:
        """Request a service. Raises OSError, and ValueError for one that is too long."""
        name = cmd.encode()
        if len(name) > LONGEST_SERVICE:
            raise ValueError("the command is longer than adb can carry")
        self.conn.sendall(f"{len(name):04x}".encode() + name)  # adbutils' `send` may leave out its end

    def close(self) -> None:
        """Close at once; adbutils would wait for 10 ms. Harmless when repeated."""
        self.conn.close()


class Client(AdbClient):  # type: ignore[misc]
    """adbutils' client with connections that a call can end. Create one per call."""

    def __init__(self, server: Server, call: Call, version: int = 0) -> None:
        super().__init__(*server.address)
        self._server = server
        self._call = call
        #: of the server, once it was asked; 0 before
        self.version = version

    def make_connection(self, timeout: float | None = None) -> Conversation:
        """Connect. Raises OSError when there is no server. `timeout` in seconds per read; None for none."""
        made = self._call.hold(Conversation(self._server.address))
        made.conn.settimeout(timeout)
        return made

    def server_version(self) -> int:
        """The server's version, cached: adbutils queries it before each command."""
        self.version = self.version or int(super().server_version())
        return self.version


async def ask(server: Server, question: Callable[[Client], T], patience: float = PATIENCE) -> T:
    """Make one blocking query on a thread. Raises DeviceLost."""
    call = Call()
    try:
        async with asyncio.timeout(patience):
            return await asyncio.to_thread(call.run, lambda call: question(Client(server, call)))
    except TimeoutError:
        raise DeviceLost("the adb server does not answer") from None
    except FAILURES as error:
        raise DeviceLost(f"adb cannot be used: {sentence(error)}; is it installed?") from error
    finally:
        call.end()


async def states(server: Server) -> Mapping[str, str]:
    """Serial → state of all phones known to adb; starts the server. Raises DeviceLost naming what is wrong with adb."""
    await ask(server, lambda _: start(server), START_PATIENCE + PATIENCE)
    return await seen(server)


async def seen(server: Server) -> Mapping[str, str]:
    """Serial → state from a running server; starts none. Raises DeviceLost."""
    return await ask(server, listed)


def listed(client: Client) -> Mapping[str, str]:
    """Serial → state, blocking. Raises FAILURES."""
    return {one.serial: _STATES.get(one.state, one.state) for one in client.list()}


async def models(server: Server) -> Mapping[str, str]:
    """Serial → model, where adb knows it. Raises DeviceLost."""

    return await ask(
        server, lambda client: {one.serial: str(one.tags.get("model", "")) for one in client.list(extended=True)}
    )


async def version(server: Server) -> int:
    """The version of a running server, to compare with the adb program's; starts none. Raises DeviceLost."""
    return await ask(server, lambda client: client.server_version())


async def connect(server: Server, address: str) -> str:
    """Connect adb to a phone on the network; returns its message. Raises DeviceLost."""
    return await ask(server, lambda client: str(client.connect(address)))


async def disconnect(server: Server, address: str) -> None:
    """Disconnect adb from a phone on the network; harmless if not connected. Raises DeviceLost."""
    await ask(server, lambda client: client.disconnect(address))


async def is_worthwhile(server: Server) -> bool:
    """Whether a server runs or a phone is present to start one for."""
    return await asyncio.to_thread(lambda: _is_running(server) or is_plugged_in())


def tracked(client: Client, serial: str) -> Iterator[bool]:
    """At each state change of this phone, whether adb has it still; blocks until the call ends. Raises FAILURES."""
    for event in client.track_devices():
        if event.serial == serial:
            yield event.present


def start(server: Server) -> None:
    """Start the server if none runs. Raises AdbError, OSError and SubprocessError."""
    if _is_running(server):
        return
    host, port = server.address
    if not server.local:
        raise AdbError(f"no adb server listens at {host}:{port}")
    command = [_adb.program(), "-P", str(port), "start-server"]
    subprocess.run(command, timeout=START_PATIENCE, check=True, capture_output=True, stdin=subprocess.DEVNULL)  # noqa: S603 - adb itself


def _is_running(server: Server) -> bool:
    with suppress(OSError):
        Conversation(server.address).close()
        return True
    return False


def is_plugged_in() -> bool:
    """Whether a phone with USB debugging is attached (interface class FF, subclass 42, protocol 01)."""
    for interface in Path("/sys/bus/usb/devices").glob("*:*"):
        names = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
        with suppress(OSError):
            if [(interface / name).read_text().strip().lower() for name in names] == ["ff", "42", "01"]:
                return True
    return False


def sentence(error: BaseException) -> str:
    """The message of an error, else its type."""
    return str(error).strip() or type(error).__name__
