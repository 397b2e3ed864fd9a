"""What is written to the disk: `python -m benchmarks.wearing`. SD cards die of writes.

Bytes are those that the kernel counts for the process (proc(5), `io`: `write_bytes`), the write-ahead log and what is
moved from it into the store with them. On a tmpfs it counts nothing, so the store is put beside this file's checkout
when TMPDIR is one. The floor is a program that commits one row of the same text, with one index, for each message.
"""

import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.network import Network, network
from benchmarks.processes import output
from benchmarks.serving import Bridge, serving
from benchmarks.table import Row, main

MESSAGES, BULK, IDLE = 300, 20_000, 60.0
#: after the last message, until the indices of words and conversations have followed
SETTLING = 20.0  # s
PATIENCE = 120.0  # s
TEXT = "Your parcel is here"

_FLOOR = """
import sqlite3, sys
from benchmarks.wearing import MESSAGES, plain, written
before = written("self")
plain(sys.argv[1])
print((written("self") - before) / MESSAGES)
"""


def written(process: int | str) -> int:
    """Bytes that a process has had written to a disk so far."""
    lines = Path(f"/proc/{process}/io").read_text().splitlines()
    return next(int(line.partition(": ")[2]) for line in lines if line.startswith("write_bytes"))


def plain(path: str) -> None:
    """One row and one commit for each message."""
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            store.execute(f"PRAGMA {pragma}")
        store.execute("CREATE TABLE messages (id TEXT PRIMARY KEY, text TEXT)")
        for number in range(MESSAGES):
            store.execute("INSERT INTO messages VALUES (hex(randomblob(16)), ?)", (f"{TEXT} {number}",))


async def one_by_one(bridge: Bridge, far: Network) -> float:
    """Bytes a message that is accepted, sent and reported before the next one comes: no commit is shared."""
    before = written(bridge.pid)
    for number in range(1, MESSAGES + 1):
        await bridge.post("/v1/messages", {"to": far.customers[0], "text": f"{TEXT} {number}"})
        await far.arrivals(far.customers[0], number, PATIENCE)
    return (written(bridge.pid) - before) / MESSAGES


async def in_bulk(bridge: Bridge, to: str) -> float:
    """Bytes a message of one call, until it waits in the queue."""
    before = written(bridge.pid)
    await bridge.post("/v1/messages", {"messages": [{"to": to, "text": f"{TEXT} {n}"} for n in range(BULK)]})
    return (written(bridge.pid) - before) / BULK


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """All rows."""
    with tempfile.TemporaryDirectory(dir=disk_folder()) as name:
        folder = Path(name)
        floor = float(await output(sys.executable, "-c", _FLOOR, folder / "floor.db", log=folder / "floor.log"))
        async with network(folder / "world", 1, 0.0) as far, serving(folder / "one", far.ports) as bridge:
            single = await one_by_one(bridge, far)
            tell(f"  one by one: {single / 1024:.1f} KiB a message")
            await asyncio.sleep(SETTLING)
            before = written(bridge.pid)
            await asyncio.sleep(IDLE)
            idle = (written(bridge.pid) - before) * 3600 / IDLE
        async with serving(folder / "many") as bridge:
            many = await in_bulk(bridge, "+15550150")
            await asyncio.sleep(1.0)
            log = (folder / "many" / "bridge.db-wal").stat().st_size
    note = f"{MESSAGES} messages with reports, none shares a commit; of {len(TEXT)} characters"
    return [
        Row("written per message, one by one", "KiB", single / 1024, "one row and commit", floor / 1024, note=note),
        Row("written per message, in bulk", "KiB", many / 1024, "-", note=f"{BULK:,} messages in one call"),
        Row("write-ahead log after that", "MiB", log / 2**20, "-", target="≤ 8"),
        Row("written per idle hour", "KiB", idle / 1024, "-", note=f"from {IDLE:.0f} s, one modem"),
    ]


def disk_folder() -> str | None:
    """A folder whose writes are counted; None for the usual one."""
    kinds = dict(line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines())
    where = Path(tempfile.gettempdir()).resolve()
    mount = next(str(each) for each in (where, *where.parents) if str(each) in kinds)
    return str(Path(__file__).parents[1]) if kinds[mount] == "tmpfs" else None


if __name__ == "__main__":
    sys.exit(main({"wearing": measure}))
