"""How many messages a second one bulk submission takes: `python -m benchmarks.bulk`.

100,000 messages in one POST to the real `serve` process, against the least that any such server must do in the same
run: `json.loads` of the body and one transaction, with fsync, of one row a message.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import processor_seconds
from benchmarks.serving import Bridge, serving
from benchmarks.table import Row, main, percentile

MESSAGES = 100_000
ROUNDS = 5
HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds by the clock, and seconds of the processor, which are the same on a busy machine."""

    clock: float
    processor: float


def batch(count: int) -> bytes:
    """A body with so many different messages."""
    entries = [
        {"to": f"+155501{number % 100:02}", "text": f"Your code is {number:06}. It ends in ten minutes."}
        for number in range(count)
    ]
    return json.dumps({"messages": entries}).encode()


def floor(folder: Path, body: bytes) -> Taken:
    """What it takes for parsing the body and committing its rows, and nothing else."""
    with closing(sqlite3.connect(folder / "floor.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS messages (seq INTEGER PRIMARY KEY, recipient TEXT, text TEXT)")
        began = time.perf_counter(), time.process_time()
        rows = [(entry["to"], entry["text"]) for entry in json.loads(body)["messages"]]
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO messages (recipient, text) VALUES (?, ?)", rows)
        connection.execute("COMMIT")
        return Taken(time.perf_counter() - began[0], time.process_time() - began[1])


async def submit(bridge: Bridge, body: bytes) -> Taken:
    """From the first byte of the request to the last of the answer."""
    began = time.perf_counter(), processor_seconds(bridge.pid)
    async with bridge.http.post(f"{bridge.url}/v1/messages", data=body, headers=HEADERS) as response:
        answer = await response.json()
    taken = Taken(time.perf_counter() - began[0], processor_seconds(bridge.pid) - began[1])
    assert (response.status, answer["count"]) == (202, MESSAGES)
    return taken


async def asked(bridge: Bridge) -> float:
    """Seconds until another caller has an answer that needs nothing."""
    began = time.perf_counter()
    async with bridge.http.get(f"{bridge.url}/livez") as response:
        await response.read()
    return time.perf_counter() - began


async def submitted(bridge: Bridge) -> float:
    """Seconds until another caller's message is accepted."""
    began = time.perf_counter()
    await bridge.post("/v1/messages", {"to": "+15550150", "text": "meanwhile"})
    return time.perf_counter() - began


async def waits(bridge: Bridge, one: Callable[[Bridge], Awaitable[float]], done: asyncio.Event) -> list[float]:
    """How long another caller waited each time, until a call in bulk is done."""
    found: list[float] = []
    while not done.is_set():
        found.append(await one(bridge))
        await asyncio.sleep(0.002)
    return found


async def beside(bridge: Bridge, body: bytes) -> tuple[list[float], list[float]]:
    """The waits of others during a call: for an answer, and for a message to be accepted."""
    done = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(waits(bridge, asked, done))
        submitting = group.create_task(waits(bridge, submitted, done))
        await submit(bridge, body)
        done.set()
    return asking.result(), submitting.result()


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """The best of some rounds, by turns with the floor, so that what else the machine does hits both alike."""
    body, ours, least = batch(MESSAGES), [], []
    with tempfile.TemporaryDirectory() as name:
        async with serving(Path(name) / "bridge") as bridge:
            for number in range(1, ROUNDS + 1):
                ours.append(await submit(bridge, body))
                least.append(floor(Path(name), body))
                tell(f"  round {number}: {MESSAGES / ours[-1].clock:,.0f}/s, floor {MESSAGES / least[-1].clock:,.0f}/s")
            asking, submitting = await beside(bridge, body)
    return [*_rows(ours, least), *_waits(asking, submitting)]


def _rows(ours: Sequence[Taken], least: Sequence[Taken]) -> Sequence[Row]:
    against, note = "json.loads and one INSERT a message", f"{MESSAGES:,} messages; best of {ROUNDS}"
    clock = (MESSAGES / min(taken.clock for taken in some) for some in (ours, least))
    processor = (MESSAGES / min(taken.processor for taken in some) for some in (ours, least))
    rate, floor_rate = clock
    busy, floor_busy = processor
    return [
        Row("bulk submission in one POST", "/s", rate, against, floor_rate, "≥ 100,000", note),
        Row("bulk, per second of processor time", "/s", busy, against, floor_busy, "≥ 100,000"),
    ]


def _waits(asking: Sequence[float], submitting: Sequence[float]) -> Sequence[Row]:
    note = f"all the time during one call of {MESSAGES:,} messages"
    return [
        Row("bulk: longest wait of another caller", "ms", 1000 * max(asking), "-", target="≤ 50", note="GET /livez"),
        Row("bulk: longest wait of another message", "ms", 1000 * max(submitting), "-", target="≤ 50", note=note),
        Row("bulk: p99 wait of another message", "ms", 1000 * percentile(submitting, 0.99), "-", target="≤ 50"),
    ]


if __name__ == "__main__":
    sys.exit(main({"bulk": measure}))
