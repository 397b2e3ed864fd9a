"""Whether anybody waits while old rows are deleted: `python -m benchmarks.sweeping`.

A bridge starts with `keep_days` on a store in which all is older, with events, deliveries, parts, conversations and the
index of words, and begins to delete at once. Meanwhile one message after the other is submitted, each a hundredth of a
second after the last, beside the same on the same store before, with nothing to delete.
"""

import asyncio
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.growing import DAY, filled
from benchmarks.serving import serving
from benchmarks.table import Row, main, percentile

ROWS = tuple(int(each) for each in os.environ.get("SWEPT", "200000 1000000").split())
#: s of submissions, and between two of them
SECONDS, PAUSE = 20.0, 0.01
KEEP = 30  # days
_MORE = """
INSERT INTO events (id, name, account, at, subject, data, about)
  SELECT printf('%032x', seq), 'message.delivered', account, created_at, id,
    json_object('id', id, 'to', recipient, 'text', text, 'state', state), seq FROM messages;
INSERT INTO ledger (id, endpoint, account, event, state, attempts, due_at, created_at, delivered_at, status, error)
  SELECT printf('%032x', seq), 'gone', account, seq, 'delivered', 1, at, at, at, 200, '' FROM events;
INSERT INTO parts (message, idx, state, reference, line, attempts, error, intent_at, sent_at, done_at)
  SELECT id, 1, state, seq % 256, line, 1, '', created_at, created_at, created_at FROM messages;
"""


@dataclass(frozen=True, slots=True)
class Waits:
    """Of submissions, ms; and how many old rows were deleted a second meanwhile."""

    times: Sequence[float]
    deleted: float

    def __str__(self) -> str:
        median, p99 = statistics.median(self.times), percentile(self.times, 0.99)
        return f"{median:.1f} ms, p99 {p99:.1f}, longest {max(self.times):.0f}; {self.deleted:.0f} deleted a second"


async def old(path: Path, rows: int) -> None:
    """A store whose messages are all at least three times as old as they are kept."""
    store = await filled(path, rows, now=time.time_ns() // 1_000_000 - 3 * KEEP * DAY)

    await asyncio.to_thread(store._write_connection.executescript, _MORE)
    while await store.index_conversations():
        pass
    await store.close()


async def waits(folder: Path, keep: int, account: str) -> Waits:
    """Of a bridge that keeps everything for so many days, 0 for ever."""
    async with serving(folder, store=f"keep_days = {keep}", account=account) as bridge:
        before, began, times = kept(folder), time.monotonic(), list[float]()
        while time.monotonic() < began + SECONDS:
            asked = time.perf_counter()
            await bridge.post("/v1/messages", {"to": "+15550123", "text": "Your parcel is here"})
            times.append(1000 * (time.perf_counter() - asked))
            await asyncio.sleep(PAUSE)
        async with bridge.http.get(bridge.url + "/readyz") as answer:
            assert answer.status in (200, 503), answer.status
        return Waits(times, (before - kept(folder) + len(times)) / SECONDS)


def kept(folder: Path) -> int:
    """How many rows there are of what is deleted first: deliveries, then messages with all that is about them."""
    with closing(sqlite3.connect(f"file:{folder}/bridge.db?mode=ro", uri=True)) as conn:
        return sum(int(conn.execute(f"SELECT count(*) FROM {each}").fetchone()[0]) for each in ("ledger", "messages"))


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """All rows."""
    found = []
    for rows in ROWS:
        with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as name:
            folder = Path(name)
            tell(f"  {rows:,} old rows …")
            await old(folder / "bridge.db", rows)
            still = await waits(folder, 0, "still")
            tell(f"  nothing to delete: {still}")
            swept = await waits(folder, KEEP, "swept")
            tell(f"  while they are deleted: {swept}")
        against, what = "nothing to delete", f"submission while {rows:,} old rows are deleted"
        note = f"{swept.deleted:,.0f} of them a second"
        for share, word, target in ((0.5, "median", "ratio ≤ 2"), (0.99, "p99", "ratio ≤ 2")):
            ours, theirs = percentile(swept.times, share), percentile(still.times, share)
            found.append(Row(f"{what}, {word}", "ms", ours, against, theirs, target, note))
        found.append(Row(f"{what}, longest", "ms", max(swept.times), against, max(still.times), "< 200", note))
    return found


if __name__ == "__main__":
    sys.exit(main({"sweeping": measure}))
