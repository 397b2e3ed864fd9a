"""Start and upgrade of a large store: `python -m benchmarks.starting`.

A store of an earlier schema is grown by SQL, one event for ten messages. The bridge starts on it as systemd starts it,
packs the store as it is and upgrades it; it is killed in the middle once, and started again. Then it starts on the
upgraded store, by turns with an empty one. `STARTED` in the environment is how many messages: 200,000 when not said
otherwise.
"""

import asyncio
import os
import signal
import socket
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.growing import DAY, DAYS, MESSAGES_BY_SQL, RARE
from benchmarks.idle import memory
from benchmarks.processes import processor_seconds, python, started
from benchmarks.table import Row, main
from bridge.store.schema import STEPS

ROWS = int(os.environ.get("STARTED", "200000"))
SCHEMA, STARTS = 5, 5
#: s that an upgrade may take
PATIENCE = 3600.0
#: it is killed once systemd was told this, and a little later: in the middle of a step
KILLED_AT, LATER = "upgrading the store: step 1", ROWS * 2e-6
_EVENTS = """
INSERT INTO events (id, name, account, at, subject, data) SELECT printf('%032x', seq), 'message.delivered', account,
  created_at, id, json_object('id', id, 'to', recipient, 'text', text, 'state', state) FROM messages WHERE seq % 10 = 0
"""


@dataclass(frozen=True, slots=True)
class Start:
    """One start."""

    #: until READY=1, s; of processor time
    seconds: float
    processor: float
    #: MiB
    resident: float
    #: GiB on disk at most
    space: float
    #: what systemd was told
    told: Sequence[str]


def grown(path: Path) -> None:
    """A store of an earlier release."""
    values = {"rows": ROWS, "rare": RARE, "now": time.time_ns() // 1_000_000, "step": DAYS * DAY // ROWS, "state": ""}
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        for number, step in enumerate(STEPS[:SCHEMA], start=1):
            conn.executescript(f"BEGIN;{step};PRAGMA user_version = {number};COMMIT;")
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute(MESSAGES_BY_SQL, values)
        conn.execute(_EVENTS)


async def start(folder: Path, *, kill_at: str = "") -> Start:
    """Until the bridge is ready, or killed."""
    config, log, address = folder / "config.toml", folder / "bridge.log", folder / "notify"
    config.write_text(f'[http]\nport = 0\n[store]\nurl = "sqlite:///{folder}/bridge.db"\n')
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager:
        manager.bind(str(address))
        began, space = time.perf_counter(), 0.0
        environment = {"NOTIFY_SOCKET": str(address)}
        async with (
            heard(manager) as said,
            started(*python("bridge", "serve", "--config", config), log=log, environment=environment) as process,
        ):
            while time.perf_counter() < began + PATIENCE:
                space = max(space, sum(each.stat().st_size for each in folder.glob("bridge.db*")) / 2**30)
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await said.more.wait()
                said.more.clear()
                if "READY=1" in said.lines:
                    break
                if kill_at and any(kill_at in line for line in said.lines):
                    await asyncio.sleep(LATER)
                    os.killpg(process.pid, signal.SIGKILL)
                    return Start(time.perf_counter() - began, 0.0, 0.0, space, said.status())
            took = time.perf_counter() - began
            used, resident = processor_seconds(process.pid), memory(process.pid).resident
    return Start(took, used, resident, space, said.status())


@dataclass
class Said:
    """What the service manager was told."""

    lines: list[str] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    def status(self) -> list[str]:
        """What was said of progress."""
        return [line.removeprefix("STATUS=") for line in self.lines if line.startswith("STATUS=")]


@asynccontextmanager
async def heard(manager: socket.socket) -> AsyncIterator[Said]:
    """What comes to this socket. A wait that is given up at the wrong moment would lose a datagram."""
    said, loop = Said(), asyncio.get_running_loop()

    def hear() -> None:
        said.lines += manager.recv(4096).decode().splitlines()
        said.more.set()

    loop.add_reader(manager, hear)
    try:
        yield said
    finally:
        loop.remove_reader(manager)


def kept(folder: Path) -> tuple[int, int]:
    """Its schema, and how many messages it has."""
    with closing(sqlite3.connect(folder / "bridge.db")) as conn:
        schema = int(conn.execute("PRAGMA user_version").fetchone()[0])
        return schema, int(conn.execute("SELECT count(*) FROM messages").fetchone()[0])


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """All rows."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as name:
        folder = Path(name)
        tell(f"  {ROWS:,} messages of schema {SCHEMA} …")
        await asyncio.to_thread(grown, folder / "bridge.db")
        before = (folder / "bridge.db").stat().st_size / 2**30
        killed = await start(folder, kill_at=KILLED_AT)
        tell(f"  killed after {killed.seconds:.0f} s, schema {kept(folder)[0]}: {killed.told}")
        upgrade = await start(folder)
        tell(f"  upgraded after {upgrade.seconds:.0f} s: {upgrade.told}")
        assert kept(folder) == (len(STEPS), ROWS)
        after = (folder / "bridge.db").stat().st_size / 2**30
        (folder / "empty").mkdir()
        await start(folder / "empty")
        starts, empty = list[Start](), list[Start]()
        for _ in range(STARTS):
            starts.append(await start(folder))
            empty.append(await start(folder / "empty"))
    what, note, against = f"{ROWS:,} messages", f"median of {STARTS}", "its size before, GiB"
    words = f"killed once after {killed.seconds:.0f} s; told {len(upgrade.told)} times"
    large, small = _medians(starts), _medians(empty)
    return [
        Row(f"exec to READY=1, {what}", "ms", large[0], "an empty store", small[0], "≤ 1,000", note),
        Row(f"exec to READY=1, {what}, processor", "ms", large[1], "an empty store", small[1], note=note),
        Row(f"memory when ready, {what}", "MiB", large[2], "an empty store", small[2], note=note),
        Row(f"upgrade from schema {SCHEMA}, {what}", "s", upgrade.seconds, "-", note=words),
        Row(
            "upgrade, processor a message",
            "µs",
            1e6 * upgrade.processor / ROWS,
            "-",
            note="packed first, as the way back",
        ),
        Row("upgrade, most on disk", "GiB", upgrade.space, against, before, note="with the packed one and the log"),
        Row("upgrade, afterwards", "GiB", after, against, before),
    ]


def _medians(starts: Sequence[Start]) -> tuple[float, float, float]:
    """Until it is ready and of processor time, ms; MiB."""
    return (
        1000 * statistics.median(each.seconds for each in starts),
        1000 * statistics.median(each.processor for each in starts),
        statistics.median(each.resident for each in starts),
    )


if __name__ == "__main__":
    sys.exit(main({"starting": measure}))
