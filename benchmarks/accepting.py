"""How many messages a second are accepted, each by a request of its own: `python -m benchmarks.accepting`.

32 connections that stay open, from a process of its own, against the real `serve` process; an answer means that the
message is on disk (fsync). No line is configured, so nothing but acceptance is measured. The floor, by turns in the
same run, is a bare aiohttp handler that reads the body and answers.
"""

import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.load import CONNECTIONS, Load, Request, client, load
from benchmarks.processes import processor_seconds, python, started
from benchmarks.serving import Bridge, serving
from benchmarks.table import Row, main

SECONDS, ROUNDS = 4, 3
TEXT = "Your code is 482913. It ends in ten minutes."
FLOOR = "floor"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@asynccontextmanager
async def bare(folder: Path) -> AsyncIterator[tuple[str, int]]:
    """The floor's URL and process id."""
    async with started(*python("benchmarks.bare"), log=folder / "bare.log") as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}/", process.pid


def requests(bridge: Bridge, floor: str) -> dict[str, Request]:
    """What is asked of whom."""
    form = urlencode({"apikey": bridge.apikey, "recipients": "+15550123", "message": TEXT})
    native = f'{{"to":"+15550123","text":"{TEXT}"}}'
    return {
        FLOOR: Request(floor, form, FORM),
        "/sendsms": Request(bridge.url + "/sendsms", form, FORM),
        "/v1/messages": Request(bridge.url + "/v1/messages", native, JSON, f"Bearer {bridge.apikey}"),
    }


@dataclass(frozen=True, slots=True)
class Borne:
    """What a server bore, and the microseconds of processor time it took for a request."""

    load: Load
    processor: float


async def press(folder: Path, request: Request, pid: int) -> Borne:
    """One round."""
    before = processor_seconds(pid)
    borne = await load(folder, request, SECONDS)
    return Borne(borne, 1e6 * (processor_seconds(pid) - before) / (borne.rate * SECONDS))


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """The best of some rounds, by turns, so that what else the machine does hits all alike."""
    best: dict[str, Borne] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with bare(folder) as (url, pid), serving(folder / "bridge") as bridge:
            for number in range(1, ROUNDS + 1):
                for what, request in requests(bridge, url).items():
                    borne = await press(folder, request, pid if what == FLOOR else bridge.pid)
                    tell(f"  round {number}: {what:14}{borne.load.rate:9,.0f}/s, {borne.processor:.0f} µs of processor")
                    if what not in best or borne.load.rate > best[what].load.rate:
                        best[what] = borne
    return list(_rows(best))


def _rows(best: dict[str, Borne]) -> Iterator[Row]:
    floor, against = best.pop(FLOOR), "bare aiohttp handler, stores nothing"
    note = f"{CONNECTIONS} connections, {client()}, each fsynced; best of {ROUNDS}"
    for what, ours in best.items():
        yield Row(f"accepted by {what}", "/s", ours.load.rate, against, floor.load.rate, "≥ 19,500", note)
        yield Row(f"accepted by {what}, p50", "ms", ours.load.p50, against, floor.load.p50)
        yield Row(f"accepted by {what}, p99", "ms", ours.load.p99, against, floor.load.p99, "< 8")
        yield Row(f"accepted by {what}, processor", "µs", ours.processor, against, floor.processor)


if __name__ == "__main__":
    sys.exit(main({"accepting": measure}))
