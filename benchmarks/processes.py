"""Other programs as processes of ours: started in a session of their own, ended by their ids, whatever happens."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: seconds from SIGTERM to SIGKILL
GRACE = 10.0
#: seconds a program may take to be ready
START = 30.0


class NotStarted(Exception):
    """A program ended or said nothing before it was ready; the message has the end of its log."""


@asynccontextmanager
async def started(
    *command: str | Path, log: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A running program; its standard error goes to `log`. It and its children end with the block."""
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            # an installed program has its bytecode
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "", **(environment or {})},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        # some daemons signal their whole process group or leave children: the session is theirs alone
        _signal(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.communicate(), GRACE)
        _signal(process.pid, signal.SIGKILL)
        await process.wait()


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def python(*arguments: str | Path) -> list[str | Path]:
    """A command for a module of ours."""
    return [sys.executable, "-m", *arguments]


async def output(*command: str | Path, log: Path) -> str:
    """What a program prints, once it has ended well. Raises NotStarted."""
    async with started(*command, log=log) as process:
        told, _ = await process.communicate()
    if process.returncode:
        raise NotStarted(f"{command[0]}: {log.read_text()[-2000:]}")
    return told.decode()


async def until(found: Callable[[], bool], process: asyncio.subprocess.Process, log: Path) -> None:
    """Wait for a sign that a program is ready. Raises NotStarted when it ends, or nothing comes in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(START):
            while not found():
                if process.returncode is not None:
                    break
                await asyncio.sleep(0.02)
            else:
                return
    raise NotStarted(log.read_text()[-2000:])


def free_port() -> int:
    """A TCP port on which nothing listens now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def listening(port: int, patience: float = START) -> None:
    """Wait until something listens there. Raises TimeoutError."""
    async with asyncio.timeout(patience):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def processor_seconds(pid: int) -> float:
    """What a process, with all its threads, has used so far; says the same on a busy machine (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
