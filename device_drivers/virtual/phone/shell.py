"""The phone's shell: a real mksh that finds nothing but our commands, and adb's shell services around it."""

import asyncio
import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from bridge.tasks import Tasks
from device_drivers.virtual.phone.adbd import Service, Stream
from device_drivers.virtual.phone.faults import Faults
from device_drivers.virtual.phone.listener import Listener
from device_drivers.virtual.socketpath import address

#: ids of packets in adb's shell,v2 and between us and our commands
STDIN, STDOUT, STDERR, EXIT, CLOSE_STDIN = 0, 1, 2, 3, 4

Write = Callable[[int, bytes], None]
#: argument list, where to say something; the exit code
Run = Callable[[list[str], Write], Awaitable[int]]
#: what mksh and other shells say of a command that the phone does not have
_UNKNOWN = re.compile(rb"(?:^|\n)[^\n]*?([^\s:]+): (?:inaccessible or )?not found")


def packet(kind: int, data: bytes) -> bytes:
    """One packet of shell,v2."""
    return bytes((kind,)) + len(data).to_bytes(4, "little") + data


def device_shell() -> str:
    """Android's own shell where it is installed, else the system's. Raises FileNotFoundError without either."""
    for name in ("mksh", "sh"):
        found = shutil.which(name)
        if found:
            return found
    raise FileNotFoundError("no shell: install mksh (Debian package mksh)")


class Cut(Exception):
    """The stream is to be cut now; its command has run, and its answer is lost."""


class Killed(Exception):
    """The shell that has run the command is to be killed now."""


class Shell:
    """Runs command lines. `run` does the commands; `mistake` hears of those that no phone has."""

    def __init__(
        self, names: Iterable[str], run: Run, mistake: Callable[[str], None], faults: Faults, *, old: bool = False
    ) -> None:
        self._names = list(names)
        self._run = run
        self.faults = faults
        #: no version 2 of the protocol, and a terminal between the command and the host, as Android 6 has it
        self.old = old
        self.mistake = mistake
        self.tasks = Tasks("virtual shell")
        #: shells that are just starting; the task that waits for them outlives a cancellation
        self.starts = Tasks("virtual shell")
        self._listener = Listener("virtual phone's commands", self._command)
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._sessions = 0
        #: commands that run, by the shell that started them
        self._running: dict[str, set[asyncio.Task[None]]] = {}
        #: process groups, by shell
        self._groups: dict[str, int] = {}
        #: sessions whose shells are to be killed
        self._doomed: set[str] = set()
        #: where shells say something, by shell
        self._streams: dict[str, Stream] = {}
        self.path = device_shell()

    # -- the commands ------------------------------------------------------------------------------
    def start(self) -> None:
        """Put the commands in place and wait for them. Raises OSError."""
        self._directory = tempfile.TemporaryDirectory(prefix="virtual-phone-")
        home = Path(self._directory.name)
        (home / "bin").mkdir()
        for name in self._names:
            self._install(home, name)
        (home / "bin" / "sh").symlink_to(self.path)
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with address(home / "commands") as short:
            bound.bind(short)
        self._listener.listen(bound)

    def _install(self, home: Path, name: str) -> None:
        python, stub = os.path.realpath(sys.executable), Path(__file__).with_name("stub.py")
        line = shlex.join([python, "-I", "-S", str(stub), str(home), name])
        path = home / "bin" / name
        path.write_text(f'#!/bin/sh\nexec {line} "$@"\n')
        path.chmod(0o755)

    async def close(self) -> None:
        """End everything that runs. Harmless when repeated."""
        await self.tasks.close()
        await self.starts.close()
        await self._listener.close()
        directory, self._directory = self._directory, None
        if directory is not None:
            directory.cleanup()

    async def _command(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(4), "little")
        session, *words = (await reader.readexactly(size)).decode("utf-8", "replace").split("\0")
        running = self._running.get(session)
        if running is None:
            return  # its shell is over
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - each connection is served by a task
        running.add(task)
        try:
            code = await self._run(words, lambda kind, data: writer.write(packet(kind, data)))
            writer.write(packet(EXIT, bytes((code,))))
            await writer.drain()
        except Killed:
            await writer.drain()
            running.discard(task)
            self._kill(session)
        except Cut:
            running.discard(task)  # the shell ends its commands, and this is one
            self._streams[session].close()
        finally:
            running.discard(task)

    def started(self, environment: dict[str, str], group: int) -> None:
        """A shell runs, with what it starts in this process group."""
        session = environment["SESSION"]
        self._groups[session] = group
        if session in self._doomed:
            self._kill(session)

    def _kill(self, session: str) -> None:
        self._doomed.add(session)  # a quick command is through before its shell is known to run
        with contextlib.suppress(ProcessLookupError, KeyError):
            os.killpg(self._groups[session], signal.SIGKILL)

    # -- command lines -----------------------------------------------------------------------------
    def opened(self, stream: Stream, service: str) -> Service | None:
        """Start what the host asks for; None for a service that this phone does not have."""
        kind, _, command = service.partition(":")
        name, *options = kind.split(",")
        if name != "shell" or not command or "pty" in options or (self.old and options):
            return None
        return Session(self, stream, command, separate="v2" in options)

    def environment(self, stream: Stream) -> dict[str, str]:
        """For one more shell; `ended` with it when that is over."""
        assert self._directory is not None, "not started"  # noqa: S101 - a defect of ours, not of the caller's
        self._sessions += 1
        session = str(self._sessions)
        self._running[session] = set()
        self._streams[session] = stream
        home = self._directory.name
        return {"PATH": f"{home}/bin", "SESSION": session, "HOME": "/", "LC_ALL": "C.UTF-8"}

    def ended(self, environment: dict[str, str]) -> None:
        """A shell is over, and so are its commands."""
        session = environment["SESSION"]
        self._streams.pop(session, None)
        self._groups.pop(session, None)
        self._doomed.discard(session)
        for command in self._running.pop(session, set()):
            command.cancel()


class Session:
    """One command line on a stream, with its output separate (shell,v2) or in one."""

    def __init__(self, shell: Shell, stream: Stream, command: str, *, separate: bool) -> None:
        self._shell = shell
        self._stream = stream
        self._command = command
        self._separate = separate
        self._input = bytearray()
        self._process: asyncio.subprocess.Process | None = None
        self._task = shell.tasks.start(self._run(), "session")

    # -- the host's side ---------------------------------------------------------------------------
    def feed(self, data: bytes) -> None:
        """What the host types; only packets of shell,v2 mean anything."""
        if not self._shell.faults.stdin_lost:
            self._input += data
            self._pass_input()

    def _pass_input(self) -> None:
        process = self._process
        if process is None or process.stdin is None or not self._separate:
            return
        while len(self._input) >= 5:
            end = 5 + int.from_bytes(self._input[1:5], "little")
            if len(self._input) < end:
                return
            kind, data = self._input[0], bytes(self._input[5:end])
            del self._input[:end]
            if kind == STDIN and not process.stdin.is_closing():
                process.stdin.write(data)
            elif kind == CLOSE_STDIN:
                process.stdin.close()

    def drop(self) -> None:
        """The host is gone."""
        self._task.cancel()

    # -- the shell's side --------------------------------------------------------------------------
    async def _run(self) -> None:
        environment = self._shell.environment(self._stream)
        try:
            await self._talk(environment)
        except ConnectionError:
            pass  # the host left while we spoke
        finally:
            self._shell.ended(environment)
        self._stream.service = None
        self._stream.close()

    async def _talk(self, environment: dict[str, str]) -> None:
        process = await self._started(environment)
        try:
            self._process = process
            self._shell.started(environment, process.pid)
            self._pass_input()
            await asyncio.gather(self._pump(process.stdout, STDOUT), self._pump(process.stderr, STDERR))
            code = await process.wait()
            if self._separate:
                await self._stream.write(packet(EXIT, bytes((code % 256,))))
        finally:
            await _end(process)

    async def _started(self, environment: dict[str, str]) -> asyncio.subprocess.Process:
        """The shell. When we are cancelled meanwhile its start is waited for, for asyncio loses pipes half opened."""
        start = asyncio.create_subprocess_exec(
            self._shell.path, "-c", self._command.encode("utf-8", "surrogateescape"), env=environment, cwd="/",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        starting, cancelled = self._shell.starts.start(start, "start of a shell"), False
        while not starting.done():
            try:
                await asyncio.wait([starting])
            except asyncio.CancelledError:
                cancelled = True
        process: asyncio.subprocess.Process = starting.result()
        if cancelled:
            await _end(process)
            raise asyncio.CancelledError
        return process

    async def _pump(self, source: asyncio.StreamReader | None, kind: int) -> None:
        assert source is not None  # noqa: S101 - both are pipes
        while data := await source.read(1 << 16):
            if kind == STDERR:
                for name in _UNKNOWN.findall(data):
                    self._shell.mistake(f"no command {name.decode('utf-8', 'replace')}")
            if self._shell.old:
                data = data.replace(b"\n", b"\r\n")
            await self._say(packet(kind, data) if self._separate else data)

    async def _say(self, data: bytes) -> None:
        while (trickle := self._shell.faults.trickle) and len(data) > 1:
            await self._stream.write(data[:1])
            await asyncio.sleep(trickle)
            data = data[1:]
        await self._stream.write(data)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Our child and whatever it started in its session; and its pipes."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    while process.returncode is None:  # it was killed, so this is soon, whatever cancels us
        with contextlib.suppress(asyncio.CancelledError):
            await process.wait()
    if process.stdin is not None:
        process.stdin.close()
    process._transport.close()  # type: ignore[attr-defined]
