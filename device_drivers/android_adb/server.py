"""adb's server, spoken to by adbutils: which phones it has, phones on the network, and its own start.

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
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from adbutils import AdbClient, AdbConnection, AdbError

from bridge.errors import DeviceLost
from device_drivers import _adb

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
    """Where the adb server listens; "" and 0 for what the environment says, else 127.0.0.1:5037."""

    host: str = ""
    port: int = 0

    @property
    def address(self) -> tuple[str, int]:
        """What adb's own programs would take (`adb help`, environment variables)."""
        host = self.host or os.environ.get("ANDROID_ADB_SERVER_HOST") or "127.0.0.1"
        return host, self.port or int(os.environ.get("ANDROID_ADB_SERVER_PORT") or 5037)

    @property
    def local(self) -> bool:
        """Is it on this machine?"""
        return self.address[0] in LOOPBACK


class Call:
    """One blocking conversation, which the event loop may end."""

    def __init__(self) -> None:
        #: the command was given to adb
        self.handed = False
        #: adbutils makes more than one, and leaves those open that the server refused
        self._connections: list[Conversation] = []
        self._over = False
        self._lock = threading.Lock()

    def hold(self, connection: "Conversation") -> "Conversation":
        """Remember what to close. Raises ConnectionAbortedError when it was ended meanwhile."""
        with self._lock:
            self._connections.append(connection)
            over = self._over
        if over:
            raise ConnectionAbortedError("given up")
        return connection

    def end(self) -> None:
        """Shut the sockets under the thread that reads from them. Harmless when repeated."""
        with self._lock:
            self._over = True
            for connection in self._connections:
                with suppress(OSError):
                    connection.conn.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the sockets, on their thread or when nothing runs there any more. Harmless when repeated."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def run(self, work: "Callable[[Call], T]", keep: bool = False) -> T:
        """Do it on this thread; the sockets are closed afterwards, unless all went well and they are to be kept."""
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
        """Raises OSError when there is no server."""
        self._address = address
        super().__init__(*address)

    def _safe_connect(self) -> socket.socket:
        """In place of adbutils', which starts a server on its own, whatever the address, where none listens."""
        connected = socket.create_connection(self._address, timeout=PATIENCE)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connected

    def send_command(self, cmd: str) -> None:
        """Ask for a service. Raises OSError, and ValueError for one that is too long."""
        name = cmd.encode()
        if len(name) > LONGEST_SERVICE:
            raise ValueError("the command is longer than adb can carry")
        self.conn.sendall(f"{len(name):04x}".encode() + name)  # adbutils' `send` may leave out its end

    def close(self) -> None:
        """At once, where adbutils waits for 10 ms. Harmless when repeated."""
        self.conn.close()


class Client(AdbClient):  # type: ignore[misc]
    """adbutils' client, whose connections a call may end. Make one for each call."""

    def __init__(self, server: Server, call: Call, version: int = 0) -> None:
        super().__init__(*server.address)
        self._server = server
        self._call = call
        #: of the server, once it was asked; 0 before
        self.version = version

    def make_connection(self, timeout: float | None = None) -> Conversation:
        """Raises OSError when there is no server. `timeout` in seconds for each read; None for no end."""
        made = self._call.hold(Conversation(self._server.address))
        made.conn.settimeout(timeout)
        return made

    def server_version(self) -> int:
        """Asked once: adbutils wants it before each command."""
        self.version = self.version or int(super().server_version())
        return self.version


async def ask(server: Server, question: Callable[[Client], T], patience: float = PATIENCE) -> T:
    """One blocking question, on a thread. Raises DeviceLost."""
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
    """Serial → state of every phone that adb sees; starts the server. Raises DeviceLost with what is wrong with adb."""
    await ask(server, lambda _: start(server), START_PATIENCE + PATIENCE)
    return await seen(server)


async def seen(server: Server) -> Mapping[str, str]:
    """The same of a server that runs; none is started. Raises DeviceLost."""
    return await ask(server, listed)


def listed(client: Client) -> Mapping[str, str]:
    """The same, blocking. Raises FAILURES."""
    return {one.serial: _STATES.get(one.state, one.state) for one in client.list()}


async def models(server: Server) -> Mapping[str, str]:
    """Serial → model, as far as adb knows it. Raises DeviceLost."""

    return await ask(
        server, lambda client: {one.serial: str(one.tags.get("model", "")) for one in client.list(extended=True)}
    )


async def version(server: Server) -> int:
    """By which an adb command tells whether this server is its own kind; none is started. Raises DeviceLost."""
    return await ask(server, lambda client: client.server_version())


async def connect(server: Server, address: str) -> str:
    """Make adb look for a phone on the network; what it says. Raises DeviceLost."""
    return await ask(server, lambda client: str(client.connect(address)))


async def disconnect(server: Server, address: str) -> None:
    """Make adb forget a phone on the network; harmless when it has none there. Raises DeviceLost."""
    await ask(server, lambda client: client.disconnect(address))


async def is_worthwhile(server: Server) -> bool:
    """Is there an adb server, or a phone to start one for?"""
    return await asyncio.to_thread(lambda: _is_running(server) or is_plugged_in())


def tracked(client: Client, serial: str) -> Iterator[None]:
    """Whenever adb tells of a change of this phone; blocks, until the call is ended. Raises FAILURES."""
    for event in client.track_devices():
        if event.serial == serial:
            yield


def start(server: Server) -> None:
    """Start it where none runs. Raises AdbError, OSError and SubprocessError with what is missing."""
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
    """Is there a phone with USB debugging: an interface by which adb speaks (class FF, subclass 42, protocol 01)?"""
    for interface in Path("/sys/bus/usb/devices").glob("*:*"):
        names = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
        with suppress(OSError):
            if [(interface / name).read_text().strip().lower() for name in names] == ["ff", "42", "01"]:
                return True
    return False


def sentence(error: BaseException) -> str:
    """What an error says, or what kind it is where it says nothing."""
    return str(error).strip() or type(error).__name__
