"""How many messages a second are accepted, each by a request of its own: `python -m benchmarks.accepting`.

32 connections that stay open, from a process of its own, against the real `serve` process; an answer means that the
message is on disk (fsync). No line is configured, so nothing but acceptance is measured. The floor, by turns in the
same run, is a bare aiohttp handler that reads the body and answers.
"""

import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.load import CONNECTIONS, Load, Request, client, load
from benchmarks.processes import python, started
from benchmarks.serving import Bridge, serving
from benchmarks.table import Row, main

SECONDS, ROUNDS = 4, 3
TEXT = "Your code is 482913. It ends in ten minutes."
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@asynccontextmanager
async def bare(folder: Path) -> AsyncIterator[str]:
    """The floor's URL."""
    async with started(*python("benchmarks.bare"), log=folder / "bare.log") as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}/"


def requests(bridge: Bridge, floor: str) -> dict[str, Request]:
    """What is asked of whom."""
    form = urlencode({"apikey": bridge.apikey, "recipients": "+15550123", "message": TEXT})
    native = f'{{"to":"+15550123","text":"{TEXT}"}}'
    return {
        "floor": Request(floor, form, FORM),
        "/sendsms": Request(bridge.url + "/sendsms", form, FORM),
        "/v1/messages": Request(bridge.url + "/v1/messages", native, JSON, f"Bearer {bridge.apikey}"),
    }


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """The best of some rounds, by turns, so that what else the machine does hits all alike."""
    best: dict[str, Load] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with bare(folder) as floor, serving(folder / "bridge") as bridge:
            asked = requests(bridge, floor)
            for number in range(ROUNDS):
                for what, request in asked.items():
                    borne = await load(folder, request, SECONDS)
                    tell(f"  round {number + 1}: {what:14}{borne.rate:9,.0f}/s  p50 {borne.p50:.1f}  p99 {borne.p99:.1f} ms")
                    if what not in best or borne.rate > best[what].rate:
                        best[what] = borne
    return _rows(best)


def _rows(best: dict[str, Load]) -> Sequence[Row]:
    floor, against = best.pop("floor"), "bare aiohttp handler, nothing stored"
    note = f"{CONNECTIONS} connections, {client()}, each fsynced; best of {ROUNDS}"
    rows = []
    for what, ours in best.items():
        rows.append(Row(f"accepted by {what}", "/s", ours.rate, against, floor.rate, "≥ 10,000", note))
        rows.append(Row(f"accepted by {what}, p50", "ms", ours.p50, against, floor.p50))
        rows.append(Row(f"accepted by {what}, p99", "ms", ours.p99, against, floor.p99, "< 20"))
    return rows


if __name__ == "__main__":
    sys.exit(main({"accepting": measure}))
