"""The only door to phones: which there are, what state they are in, and one command at a time with a deadline.

Talking to adb's server blocks, so every call runs on a thread of its own. Its time-outs are per read and never total,
therefore a deadline here closes the socket, which ends the thread's wait. Commands always go by the shell protocol
version 2 (the other one mixes errors into the answer). The adb server listens on loopback; nothing here ever starts it
otherwise.
"""

import asyncio
import shlex
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bridge.errors import DeviceLost
from device_drivers import _adb
from device_drivers.android_adb.server import LONGEST_SERVICE, PATIENCE, Conversation, Refused, Server

T = TypeVar("T")

#: seconds for it to start
START_PATIENCE = 20.0
#: a phone that floods us is cut off here
LONGEST_ANSWER = 32 * 1024 * 1024
#: the state in which a phone takes commands
ONLINE = "device"

#: packets of the shell protocol: one byte of kind, four of length, little-endian (adb `shell_protocol.h`)
_STDOUT, _STDERR, _EXIT = 1, 2, 3
_FAILURES = (Refused, OSError, EOFError, ValueError, subprocess.SubprocessError)


class Unheard(DeviceLost):
    """The phone went away, or did not answer in time."""

    def __init__(self, message: str, handed: bool = False) -> None:
        super().__init__(message)
        #: the command had been given to adb: the phone may have run it
        self.handed = handed


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said."""

    out: str
    err: str
    code: int


class _Call:
    """One blocking conversation, which the event loop may end."""

    def __init__(self) -> None:
        self.handed = False
        self._connection: Conversation | None = None
        self._over = False
        self._lock = threading.Lock()

    def hold(self, connection: Conversation) -> Conversation:
        """Remember what to close. Raises ConnectionAbortedError when it was ended meanwhile."""
        with self._lock:
            self._connection = connection
            over = self._over
        if over:
            connection.close()
            raise ConnectionAbortedError("given up")
        return connection

    def end(self) -> None:
        """Close the socket under the thread that reads from it."""
        with self._lock:
            self._over = True
            connection = self._connection
        if connection is not None:
            with suppress(OSError):
                connection.end()


class Shell:
    """One phone's shell."""

    def __init__(self, server: Server, serial: str, patience: float) -> None:
        self.serial = serial
        #: seconds that a command may take, in all
        self.patience = patience
        self._server = server
        self._threads = ThreadPoolExecutor(4, thread_name_prefix=f"adb {serial}")
        self._calls: set[_Call] = set()
        self._loss = ""

    async def run(self, argv: Sequence[str], patience: float = 0.0) -> Answer:
        """One command; each argument is quoted. Raises Unheard. `patience` in seconds, where it is another one."""
        return await self.script(shlex.join(argv), patience or self.patience)

    async def script(self, text: str, patience: float) -> Answer:
        """What the phone's shell is to run as it stands: ours alone, word by word. Raises Unheard."""
        command = text.encode()
        if len(command) + 16 > LONGEST_SERVICE:
            raise ValueError("the command is longer than adb can carry")
        return await self._converse(
            lambda call: self._execute(call, command), patience, f"`{text.split(maxsplit=1)[0]}`"
        )

    async def _converse(self, work: Callable[[_Call], T], patience: float, what: str) -> T:
        if self._loss:
            raise Unheard(self._loss)
        call = _Call()
        self._calls.add(call)
        running = asyncio.get_running_loop().run_in_executor(self._threads, work, call)
        running.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            async with asyncio.timeout(patience):
                return await asyncio.shield(running)
        except TimeoutError:
            raise Unheard(f"the phone did not answer {what} within {patience:g} s", call.handed) from None
        except _FAILURES as error:
            raise Unheard(self._loss or f"{what} failed: {_words(error)}", call.handed) from error
        finally:
            call.end()
            self._calls.discard(call)

    def _execute(self, call: _Call, command: bytes) -> Answer:
        """On a thread."""
        with self._begun(call, command) as connection:
            return _answer(connection)

    @contextmanager
    def _begun(self, call: _Call, command: bytes) -> Iterator[Conversation]:
        """Choose the phone and send the command; what it says is to be read packet by packet."""
        with call.hold(self._server.converse()) as connection:
            connection.ask(f"host:transport:{self.serial}")
            connection.wait()
            call.handed = True
            connection.ask(b"shell,v2,raw:" + command)
            yield connection

    async def state(self) -> str:
        """What adb says of the phone now. Raises DeviceLost when there is no adb server."""
        return (await seen(self._server)).get(self.serial, "absent")

    def watch(self, tell: Callable[[str], None]) -> None:
        """Say the phone's state whenever adb tells of a change, from a thread, until `close`; "" when adb is gone.

        Of a phone on the network that goes away adb may tell nothing; then only `state` knows.
        """
        call = _Call()
        self._calls.add(call)

        def follow() -> None:
            try:
                for states in _tracked(call, self._server):
                    tell(states.get(self.serial, "absent"))
            except _FAILURES:
                tell("")

        threading.Thread(target=follow, name=f"adb watch {self.serial}", daemon=True).start()

    def follow(self, argv: Sequence[str], tell: Callable[[str], None]) -> None:
        """Run a command that goes on for ever; say its lines, from a thread, until `close` or its end."""
        call = _Call()
        self._calls.add(call)

        def read() -> None:
            rest = ""
            with suppress(*_FAILURES), self._begun(call, shlex.join(argv).encode()) as connection:
                for kind, data in _packets(connection):
                    if kind == _STDOUT:
                        *lines, rest = (rest + data.decode("utf-8", "replace")).split("\n")
                        for line in lines:
                            tell(line)

        threading.Thread(target=read, name=f"adb follow {self.serial}", daemon=True).start()

    def hang_up(self, reason: str) -> None:
        """End every conversation, and have none any more."""
        self._loss = self._loss or reason
        for call in tuple(self._calls):
            call.end()

    def close(self) -> None:
        """Let go of the threads; those that still run end by themselves."""
        self.hang_up("the link was closed")
        self._threads.shutdown(wait=False)


async def is_worthwhile(server: Server) -> bool:
    """Is there an adb server, or a phone to start one for?"""
    return await asyncio.to_thread(lambda: _is_running(server) or is_plugged_in())


async def states(server: Server) -> Mapping[str, str]:
    """Serial → state of every phone that adb sees; starts the server. Raises DeviceLost with what is wrong with adb."""
    return await _asked(lambda: _listed(server))


async def seen(server: Server) -> Mapping[str, str]:
    """The same of a server that runs; none is started. Raises DeviceLost."""
    return await _asked(lambda: _states(server.told("host:devices")))


async def version(server: Server) -> int:
    """By which an adb command tells whether this server is its own kind; none is started. Raises DeviceLost."""
    return await _asked(lambda: int(server.told("host:version"), 16))


async def models(server: Server) -> Mapping[str, str]:
    """Serial → model, as far as adb knows it. Raises DeviceLost."""

    def ask() -> Mapping[str, str]:
        from adbutils import AdbClient, AdbError

        host, port = server.address
        try:
            found = AdbClient(host, port, PATIENCE).list(extended=True)
        except AdbError as error:
            raise Refused(str(error)) from error
        return {one.serial: str(one.tags.get("model", "")) for one in found}

    return await _asked(ask)


async def connect(server: Server, address: str) -> str:
    """Make adb look for a phone on the network; what it says. Raises DeviceLost."""
    return await _asked(lambda: server.told(f"host:connect:{address}"))


async def _asked(ask: Callable[[], T]) -> T:
    try:
        async with asyncio.timeout(PATIENCE + START_PATIENCE):
            return await asyncio.to_thread(ask)
    except TimeoutError:
        raise DeviceLost("the adb server does not answer") from None
    except _FAILURES as error:
        raise DeviceLost(f"adb cannot be used: {_words(error)}; is it installed?") from error


def _is_running(server: Server) -> bool:
    with suppress(OSError):
        server.converse().close()
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


def _listed(server: Server) -> Mapping[str, str]:
    _start(server)
    return _states(server.told("host:devices"))


def _start(server: Server) -> None:
    """Start it where none runs. Raises Refused, OSError and SubprocessError with what is missing."""
    if _is_running(server):
        return
    host, port = server.address
    if not server.local:
        raise Refused(f"no adb server listens at {host}:{port}")
    command = [_adb.program(), "-P", str(port), "start-server"]
    subprocess.run(command, timeout=START_PATIENCE, check=True, capture_output=True, stdin=subprocess.DEVNULL)  # noqa: S603 - adb itself


def _tracked(call: _Call, server: Server) -> Iterator[Mapping[str, str]]:
    with call.hold(server.converse()) as connection:
        connection.wait()  # news may be days apart
        connection.ask("host:track-devices")
        while True:
            yield _states(connection.block())


def _states(block: str) -> Mapping[str, str]:
    pairs = (line.split("\t", 1) for line in block.split("\n") if "\t" in line)
    return {serial.strip(): state.strip() for serial, state in pairs}


def _answer(connection: Conversation) -> Answer:
    """All of it. Raises EOFError when the connection ends before the exit status, ValueError for a flood."""
    said: dict[int, bytearray] = {_STDOUT: bytearray(), _STDERR: bytearray(), _EXIT: bytearray()}
    for kind, data in _packets(connection):
        if kind in said:
            said[kind] += data
        if sum(map(len, said.values())) > LONGEST_ANSWER:
            raise ValueError("the answer has no end")
    out, err = (bytes(said[kind]).decode("utf-8", "replace") for kind in (_STDOUT, _STDERR))
    return Answer(out, err, said[_EXIT][0] if said[_EXIT] else 0)


def _packets(connection: Conversation) -> Iterator[tuple[int, bytes]]:
    """Kind and content, up to the exit status. Raises EOFError when the connection ends before it."""
    kind = 0
    while kind != _EXIT:
        head = connection.exactly(5)
        kind, size = head[0], int.from_bytes(head[1:], "little")
        if size > LONGEST_ANSWER:
            raise ValueError("the answer has no end")
        yield kind, connection.exactly(size)


def _words(error: BaseException) -> str:
    return str(error).strip() or type(error).__name__
