"""What the store costs in PostgreSQL, near and 20 ms away: `python -m benchmarks.postgresql`.

The store's own calls, beside the same on a file, and beside procrastinate's defer, which is one row in one queue, on
the same server in the same run (`PROCRASTINATE=FOLDER`, see `benchmarks.deferring`). Every commit waits for the disk.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.processes import output, python, started
from benchmarks.table import Row, main
from benchmarks.timing import TEXT, timed
from bridge.model.account import Account
from bridge.model.message import Message, State
from bridge.model.radio import InboundPart
from bridge.ports.store import Store
from bridge.ports.store_rows import Outcome
from bridge.store import open_store
from tests.support.postgresql import Server

NOW = 1_795_000_000_000
AT_ONCE = 32
#: calls one after the other, near and far
NEAR, FAR = 300, 60
AWAY = 20  # ms, there and back
PROCRASTINATE = os.environ.get("PROCRASTINATE", "")

Took = dict[str, dict[str, float]]


def message(number: int) -> Message:
    """One to accept."""
    return Message(
        id=f"{number:040x}", account="shop", recipient=f"+1555{number:07}", written="15550100", text=TEXT,
        state=State.QUEUED, created_at=NOW, updated_at=NOW, due_at=NOW,
    )  # fmt: skip


async def costs(url: str, count: int) -> Took:
    """Of each call on an empty store."""
    store = await open_store(url, exclusive=True)
    await store.add_account(Account("shop", NOW), [])

    async def accept(number: int) -> None:
        await store.submit([message(number)])

    async def receive(number: int) -> None:
        item = InboundPart("office", f"SM:{number}", f"+1555{number % 1000:07}", TEXT, NOW + number)
        await store.receive(item, "office", NOW)

    found = {"accept": await timed(accept, count, AT_ONCE), "receive": await timed(receive, count, AT_ONCE)}
    found |= await sent(store, count)
    await store.close()
    return found


async def sent(store: Store, count: int) -> Took:
    """A claim, and the record of its outcome, which belong to a message that is sent."""
    claims: list[Message] = []

    async def claim(_: int) -> None:
        claimed = await store.claim("office", ("", "office"), NOW)
        assert claimed is not None
        claims.append(claimed.message)

    async def record(_: int) -> None:
        await store.record(Outcome(claims.pop().id, 1, State.SENT, 7), NOW)

    half = count // 2  # what `accept` left is claimed twice: by one, then by several at once
    return {"claim": await timed(claim, half, AT_ONCE), "record": await timed(record, half, AT_ONCE)}


@asynccontextmanager
async def away(server: Server, folder: Path, distance: int = AWAY) -> AsyncIterator[int]:
    """The port of a way to the server that takes so many ms, there and back."""
    command = python("benchmarks.delaying", server.folder / ".s.PGSQL.5432", str(distance))
    async with started(*command, log=folder / "away.log") as process:
        assert process.stdout is not None
        yield int(await process.stdout.readline())


async def deferred(url: str, count: int, folder: Path) -> dict[str, float]:
    """procrastinate's; nothing where it is not."""
    if not PROCRASTINATE:
        return {}
    command = python("benchmarks.deferring", PROCRASTINATE, url, str(count), str(AT_ONCE))
    told: dict[str, float] = json.loads(await output(*command, log=folder / "deferring.log"))
    return told


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """A file, the server, and the server far away."""
    server = await asyncio.to_thread(Server, durable=True)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            file = await costs(f"sqlite:///{folder}/bridge.db", NEAR)
            tell(f"  file: {file}")
            near = await costs(server.url(server.create()), NEAR)
            peer = await deferred(server.url(server.create()), NEAR, folder)
            async with away(server, folder) as port:
                far, theirs = [f"postgresql://sms@127.0.0.1:{port}/{server.create()}" for _ in range(2)]
                tell(f"  near: {near}, defer: {peer}")
                distant = await costs(far, FAR)
                distant_peer = await deferred(theirs, FAR, folder)
    finally:
        await asyncio.to_thread(server.stop)
    return [*_near(file, near, peer), *_far(distant, distant_peer)]


def _near(file: Took, near: Took, peer: dict[str, float]) -> list[Row]:
    rows = []
    for what in ("accept", "claim", "record", "receive"):
        ours, theirs = near[what], file[what]
        rows.append(Row(f"{what}, PostgreSQL", "ms", ours["one"], "the same in a file", theirs["one"], "ratio ≤ 3"))
        rows.append(Row(f"{what}, {AT_ONCE} at once", "/s", ours["rate"], "the same in a file", theirs["rate"]))
    defer = "procrastinate's defer"
    rows.append(Row("accept, PostgreSQL", "ms", near["accept"]["one"], defer, peer.get("one"), "ratio ≤ 2"))
    rows.append(Row(f"accept, {AT_ONCE} at once", "/s", near["accept"]["rate"], defer, peer.get("rate"), "ratio ≥ 1"))
    return rows


def _far(distant: Took, peer: dict[str, float]) -> list[Row]:
    note = f"{AWAY} ms there and back"
    rows = [
        Row(f"{what}, {AWAY} ms away", "ms", distant[what]["one"], "one round trip", float(AWAY), target, note)
        for what, target in (("accept", "≤ 50"), ("claim", "≤ 30"), ("record", "≤ 50"), ("receive", "≤ 50"))
    ]
    defer, ours = "procrastinate's defer", distant["accept"]
    rows.append(Row(f"accept, {AWAY} ms away", "ms", ours["one"], defer, peer.get("one"), "", note))
    rows.append(
        Row(f"accept, {AWAY} ms away, {AT_ONCE} at once", "/s", ours["rate"], defer, peer.get("rate"), "", note)
    )
    return rows


if __name__ == "__main__":
    sys.exit(main({"postgresql": measure}))
