"""How many messages a second one bulk submission takes: `python -m benchmarks.bulk [messages]`.

A real server on a loopback port over a real SQLite file, against the least that any such server must do in
the same run: `json.loads` of the body and one transaction with one row a message.
"""

import asyncio
import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from aiohttp import ClientSession, web

from api.app import build_app, runner
from bridge.events import Bus
from bridge.gateway import Gateway, digest
from bridge.model import Account
from bridge.ports import Credential
from bridge.store import open_store

MESSAGES = 50_000
ROUNDS = 5
Taken = tuple[float, float]  # seconds by the clock, seconds of processor
TARGET = 50_000  # messages/s
HEADERS = {"Authorization": "Bearer bench", "Content-Type": "application/json"}


def batch(count: int) -> bytes:
    """A body with so many different messages."""
    entries = [
        {"to": f"+155501{number % 100:02}", "text": f"Your code is {number:06}. It ends in ten minutes."}
        for number in range(count)
    ]
    return json.dumps({"messages": entries}).encode()


class Stopwatch:
    """Both kinds of seconds since it was made; the second kind says the same on a busy machine."""

    def __init__(self) -> None:
        self._started = time.perf_counter(), time.process_time()

    def read(self) -> Taken:
        return time.perf_counter() - self._started[0], time.process_time() - self._started[1]


def floor(folder: Path, body: bytes) -> Taken:
    """What it takes for parsing the body and committing its rows, and nothing else."""
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS messages (seq INTEGER PRIMARY KEY, recipient TEXT, text TEXT)")
    watch = Stopwatch()
    rows = [(entry["to"], entry["text"]) for entry in json.loads(body)["messages"]]
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO messages (recipient, text) VALUES (?, ?)", rows)
    connection.execute("COMMIT")
    taken = watch.read()
    connection.close()
    return taken


async def submit(session: ClientSession, url: str, body: bytes, count: int) -> Taken:
    """What it takes from the first byte of the request to the last of the answer, the caller's side included."""
    watch = Stopwatch()
    async with session.post(url, data=body, headers=HEADERS) as response:
        answer = await response.json()
    taken = watch.read()
    assert (response.status, answer["count"]) == (202, count)
    return taken


async def longest_pause(done: asyncio.Event) -> float:
    """Seconds for which the event loop did not come round: what every other caller waits."""
    longest, last = 0.0, time.perf_counter()
    while not done.is_set():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return longest


async def measure(folder: Path, count: int, tell: Callable[[str], None]) -> float:
    """Messages per second of the best round."""
    store = await open_store(f"sqlite:///{folder}/bridge.db")
    await store.add_account(Account("bench"), [Credential("apikey", "", digest("bench"))])
    serving = runner(build_app(Gateway(store, Bus()), dialects={"native": ""}))
    await serving.setup()
    await web.TCPSite(serving, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{serving.addresses[0][1]}/v1/messages"
    body = batch(count)
    best = 0.0
    async with ClientSession() as session:
        for number in range(1, ROUNDS + 1):
            done = asyncio.Event()
            pause = asyncio.get_running_loop().create_task(longest_pause(done))
            ours, least = await submit(session, url, body, count), floor(folder, body)
            done.set()
            best = max(best, count / ours[0])
            tell(
                f"round {number}: {count / ours[0]:8,.0f} messages/s, {count / ours[1]:8,.0f} per processor second; "
                f"floor {count / least[0]:8,.0f}/s; {ours[0] / least[0]:5.1f} times the floor by the clock, "
                f"{ours[1] / least[1]:5.1f} by the processor; the loop paused {1000 * await pause:4.0f} ms"
            )
    await serving.cleanup()
    await store.close()
    return best


def main() -> int:
    """Print the rounds; 1 when the best is under the target."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    with tempfile.TemporaryDirectory() as folder:
        best = asyncio.run(measure(Path(folder), count, print))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"best {best:,.0f} messages/s (target {TARGET:,}), {count} in one call, peak memory {peak:.0f} MiB")
    return 0 if best >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
