"""Runs shell commands on a phone, one at a time, each with a deadline.

Commands go by the shell protocol version 2, where the phone has it (Android 7 on): it keeps errors apart from answers
and says when it is over. An older one mixes them and may put a carriage return before each line feed, so there an
answer is fenced by a number nobody can guess, and what a command says of errors is dropped.
"""

import asyncio
import secrets
import shlex
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from bridge.dataclass import dataclass
from bridge.errors import DeviceLost
from device_drivers.android_adb import server as adb
from device_drivers.android_adb.server import FAILURES, Call, Client, Conversation, Server, sentence

T = TypeVar("T")

#: a phone that floods us is cut off here
LONGEST_ANSWER = 32 * 1024 * 1024
#: the state in which a phone takes commands
ONLINE = "device"
#: the feature of a phone that has version 2
V2 = "shell_v2"

#: packets of the shell protocol: one byte of kind, four of length, little-endian (adb `shell_protocol.h`)
_STDIN, _STDOUT, _STDERR, _EXIT = 0, 1, 2, 3


class Unheard(DeviceLost):
    """The phone disappeared or did not answer in time."""

    def __init__(self, message: str, handed: bool = False) -> None:
        super().__init__(message)
        #: the command had been given to adb: the phone may have run it
        self.handed = handed


@dataclass(frozen=True, slots=True)
class Answer:
    """The output of a command."""

    out: str
    err: str
    code: int


class _Said:
    """Collects a command's output."""

    def __init__(self) -> None:
        self.out, self.err = bytearray(), bytearray()
        #: the exit code, once it is over
        self.code: int | None = None

    def read(self, connection: Conversation, mark: bytes = b"") -> None:
        """Read to the end, or until `mark` appears. Raises EOFError when cut off, ValueError when too long."""
        for kind, data in _packets(connection):
            if kind == _STDOUT:
                self.out += data
            elif kind == _STDERR:
                self.err += data
            else:
                self.code = data[0] if data else 0
            if len(self.out) + len(self.err) > LONGEST_ANSWER:
                raise ValueError("the answer has no end")
            if mark and mark in self.out:
                return

    @property
    def answer(self) -> Answer:
        """The output so far."""
        out, err = (bytes(said).decode("utf-8", "replace") for said in (self.out, self.err))
        return Answer(out, err, self.code or 0)


class Dialogue:
    """A command that waits for input from us."""

    def __init__(self, shell: "Shell", call: Call, connection: Conversation, said: _Said) -> None:
        self._shell = shell
        self._call = call
        self._connection = connection
        self._said = said

    @property
    def answer(self) -> Answer:
        """The output so far."""
        return self._said.answer

    @property
    def over(self) -> bool:
        """Whether it ended without waiting for input."""
        return self._said.code is not None

    async def go_on(self, word: str, patience: float) -> Answer:
        """Send the input; returns the whole output at the end. Raises Unheard."""

        def speak(call: Call) -> Answer:
            call.handed = True
            self._connection.conn.sendall(_packet(_STDIN, word.encode()))
            self._said.read(self._connection)
            return self._said.answer

        return await self._shell.converse(speak, patience, "the command", self._call)


class Shell:
    """The shell of one phone."""

    def __init__(self, server: Server, serial: str, patience: float) -> None:
        #: by which adb knows the phone; on a network that is its address
        self.serial = serial
        #: seconds that a command may take, in all
        self.patience = patience
        self._server = server
        self._threads = ThreadPoolExecutor(4, thread_name_prefix=f"adb {serial}")
        self._calls: set[Call] = set()
        self._loss = ""
        self._version = 0
        #: the phone has version 2 of the shell protocol; None before it was asked
        self._v2: bool | None = None

    async def run(self, argv: Sequence[str], patience: float = 0.0) -> Answer:
        """Run one command with quoted arguments. Raises Unheard. `patience` in seconds, if not the default."""
        return await self.script(shlex.join(argv), patience or self.patience)

    async def script(self, text: str, patience: float, word: str = "") -> Answer:
        """Run a script verbatim; it contains no input of others. Raises Unheard.

        `word` is what it can read from its standard input, where the phone has version 2 of the shell protocol.
        """
        return await self.converse(
            lambda call: self._execute(call, text, word), patience, f"`{text.split(maxsplit=1)[0]}`"
        )

    @asynccontextmanager
    async def dialogue(self, text: str, mark: str, patience: float) -> AsyncIterator[Dialogue]:
        """Run a script until it prints `mark` and waits for input; without input it does nothing more.

        Only on a phone with version 2 of the shell protocol. Raises Unheard.
        """
        call = Call()

        def begin(call: Call) -> Dialogue:
            connection = self._open(call, f"shell,v2,raw:{text}")
            said = _Said()
            said.read(connection, mark.encode())
            call.handed = False  # nothing was done yet that counts
            return Dialogue(self, call, connection, said)

        try:
            yield await self.converse(begin, patience, f"`{text.split(maxsplit=1)[0]}`", call)
        finally:
            call.end()
            call.close()
            self._calls.discard(call)

    async def converse(self, work: Callable[[Call], T], patience: float, what: str, lasting: Call | None = None) -> T:
        """Run blocking work on a thread within `patience` seconds; a `lasting` call goes on after. Raises Unheard."""
        if self._loss:
            raise Unheard(self._loss)
        call, heard = lasting or Call(), False
        self._calls.add(call)
        running = asyncio.get_running_loop().run_in_executor(self._threads, call.run, work, lasting is not None)
        running.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            async with asyncio.timeout(patience):
                result = await asyncio.shield(running)
            heard = True
        except TimeoutError:
            call.end()  # first: what it has not given to adb by now, it cannot give any more
            raise Unheard(f"the phone did not answer {what} within {patience:g} s", call.handed) from None
        except FAILURES as error:
            raise Unheard(self._loss or f"{what} failed: {sentence(error)}", call.handed) from error
        finally:
            if not (heard and lasting):
                call.end()
                self._calls.discard(call)
        return result

    # -- on a thread ----------------------------------------------------------------------------
    def _client(self, call: Call) -> Client:
        return Client(self._server, call, self._version)

    def _has_v2(self, call: Call) -> bool:
        if self._v2 is None:
            features = str(self._client(call).device(self.serial).get_features())
            self._v2 = V2 in features.split(",")
        return self._v2

    def _open(self, call: Call, service: str) -> Conversation:
        """Select the phone and start the service."""
        client = self._client(call)
        connection: Conversation = client.device(self.serial).open_transport(timeout=None)
        self._version = client.version
        call.handed = True
        connection.send_command(service)
        connection.check_okay()
        return connection

    def _execute(self, call: Call, text: str, word: str) -> Answer:
        if not self._has_v2(call):
            return self._execute_fenced(call, text)
        connection, said = self._open(call, f"shell,v2,raw:{text}"), _Said()
        if word:
            connection.conn.sendall(_packet(_STDIN, word.encode()))
        said.read(connection)
        return said.answer

    def _execute_fenced(self, call: Call, text: str) -> Answer:
        """Run a script where only the end of the connection marks its end."""
        nonce, read = secrets.token_hex(8), bytearray()
        connection = self._open(call, f"shell:{fenced(text, nonce)}")
        while data := connection.recv(1 << 16):
            read += data
            if len(read) > LONGEST_ANSWER:
                raise ValueError("the answer has no end")
        return unfenced(bytes(read).decode("utf-8", "replace"), nonce)

    # -- what goes on ---------------------------------------------------------------------------
    async def state(self) -> str:
        """The phone's state in adb now. Raises DeviceLost when there is no adb server."""
        return (await adb.seen(self._server)).get(self.serial, "absent")

    def watch(self, tell: Callable[[str], None]) -> None:
        """Report the phone's state at each change, from a thread, until `close`; "" when adb is gone.

        Of a phone on the network that goes away adb may tell nothing; then only `state` knows.
        """
        call, asking = Call(), Call()
        self._calls |= {call, asking}

        def ask(asking: Call) -> str:
            return adb.listed(self._client(asking)).get(self.serial, "absent")

        def follow(call: Call) -> None:
            try:
                for stayed in adb.tracked(self._client(call), self.serial):
                    state = asking.run(ask)
                    # one that was away for a moment may have been restarted, or be another one at the same address
                    tell(state if stayed or state != ONLINE else "absent")
            except FAILURES:
                tell("")

        threading.Thread(target=call.run, args=(follow,), name=f"adb watch {self.serial}", daemon=True).start()

    def follow(self, argv: Sequence[str], tell: Callable[[str], None], over: Callable[[], None]) -> None:
        """Run an endless command; report its lines, from a thread, until `close`, and its end."""
        call = Call()
        self._calls.add(call)

        def read(call: Call) -> None:
            rest = ""
            with suppress(*FAILURES):
                for data in self._stream(call, argv):
                    *lines, rest = (rest + data.decode("utf-8", "replace")).split("\n")
                    for line in lines:
                        tell(line.removesuffix("\r"))
            self._calls.discard(call)
            over()

        threading.Thread(target=call.run, args=(read,), name=f"adb follow {self.serial}", daemon=True).start()

    def _stream(self, call: Call, argv: Sequence[str]) -> Iterator[bytes]:
        """The output of a command, piece by piece."""
        command = shlex.join(argv)
        if self._has_v2(call):
            packets = _packets(self._open(call, f"shell,v2,raw:{command}"))
            return (data for kind, data in packets if kind == _STDOUT)
        connection = self._open(call, f"shell:{command} 2>/dev/null")
        return iter(lambda: bytes(connection.recv(1 << 16)), b"")

    def hang_up(self, reason: str) -> None:
        """End all conversations and refuse new ones."""
        self._loss = self._loss or reason
        for call in tuple(self._calls):
            call.end()

    def close(self) -> None:
        """Release the threads; running ones end by themselves."""
        self.hang_up("the link was closed")
        self._threads.shutdown(wait=False)


def _packets(connection: Conversation) -> Iterator[tuple[int, bytes]]:
    """Packets (kind, content) up to the exit status. Raises EOFError when the connection ends before it."""
    kind = 0
    while kind != _EXIT:
        head = connection.read_exact(5)
        kind, size = head[0], int.from_bytes(head[1:], "little")
        if size > LONGEST_ANSWER:
            raise ValueError("the answer has no end")
        yield kind, connection.read_exact(size)


def _packet(kind: int, data: bytes) -> bytes:
    return bytes((kind,)) + len(data).to_bytes(4, "little") + data


def fenced(text: str, nonce: str) -> str:
    """The script with a mark before its output, and one with the exit code after it."""
    return f"echo {nonce}\n(\n{text}\n) 2>/dev/null\necho; echo {nonce}:$?"


def unfenced(printed: str, nonce: str) -> Answer:
    """Parse the output of a fenced script. Raises EOFError when it was cut off."""
    start, end = printed.find(nonce), printed.rfind(f"\n{nonce}:")
    if start < 0 or end < start:
        raise EOFError("the answer was cut")
    code = printed[end + len(nonce) + 2 :].strip()
    body = printed[start + len(nonce) : end]
    if body.startswith("\r\n"):  # a terminal stands between, which put one before every line feed
        return Answer(f"{body[2:]}\n".replace("\r\n", "\n").removesuffix("\n"), "", int(code))
    return Answer(body.removeprefix("\n"), "", int(code))
