"""Whether what was acknowledged is kept: `python -m benchmarks.durability`. It fails where it is not.

While many connections submit, the bridge is killed (SIGKILL), and each message that it acknowledged is looked for in
its store. That a process ends takes nothing from the kernel, so the fsyncs are counted, too: messages that come one
after another take one each, at least. That takes a C compiler.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import aiohttp

from benchmarks.disk import compiled, disk
from benchmarks.load import CONNECTIONS, Failed
from benchmarks.serving import Bridge, serving
from benchmarks.table import Row, main
from benchmarks.wearing import disk_folder

#: acknowledged messages after which the bridge is killed, and messages that come one after another
KILLED_AFTER, SINGLES = 2_000, 50
MESSAGE = {"to": "+15550123", "text": "Your code is 482913. It ends in ten minutes."}


async def submit(bridge: Bridge, acknowledged: set[str]) -> None:
    """Until it is killed."""
    with suppress(aiohttp.ClientError, OSError):
        while True:
            acknowledged.add((await bridge.post("/v1/messages", MESSAGE))["id"])
            if len(acknowledged) == KILLED_AFTER:
                os.kill(bridge.pid, signal.SIGKILL)


async def missing(folder: Path) -> int:
    """How many messages were acknowledged and are not in the store of a bridge that was killed."""
    acknowledged: set[str] = set()
    async with serving(folder) as bridge, asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(submit(bridge, acknowledged))
    with closing(sqlite3.connect(folder / "bridge.db")) as store:
        return len(acknowledged - {row[0] for row in store.execute("SELECT id FROM messages")})


async def syncs(folder: Path, library: Path) -> float:
    """Fsyncs for each of some messages that come one after another."""
    counted = disk(folder, library, 0)
    async with serving(folder / "bridge", environment=counted.environment) as bridge:
        before = counted.syncs
        for _ in range(SINGLES):
            await bridge.post("/v1/messages", MESSAGE)
        return (counted.syncs - before) / SINGLES


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """Raises Failed for a message that is not kept."""
    with tempfile.TemporaryDirectory(dir=disk_folder()) as name:
        folder = Path(name)
        lost = await missing(folder / "killed")
        tell(f"  {lost} of {KILLED_AFTER:,} missing")
        each = await syncs(folder, await compiled(folder)) if shutil.which("gcc") else None
    if lost or (each is not None and each < 1):
        raise Failed(f"{lost} acknowledged messages are missing, {each} fsyncs for a message")
    return [
        Row("acknowledged, missing after SIGKILL", "", lost, "-", target="0", note=f"of {KILLED_AFTER:,} and more"),
        Row("fsyncs for a message alone", "", each, "-", target="≥ 1", note=f"{SINGLES} one after another"),
    ]


if __name__ == "__main__":
    sys.exit(main({"durability": measure}))
