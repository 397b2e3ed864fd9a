"""What being watched costs: `python -m benchmarks.watching`.

Counting happens whether anybody reads or not; the library that writes Prometheus' format comes with the first
scrape. The bridge has one modem line and nothing to do, so that all of the processor time of the second half is the
scrapes'.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.processes import processor_seconds
from benchmarks.serving import Bridge, serving
from benchmarks.table import Row, main
from bridge.telemetry.metrics import Metrics
from device_drivers.virtual.world import World

IDLE, SCRAPES, COUNTS = 20.0, 200, 100_000
#: as Prometheus does it unless told otherwise
INTERVAL = 15  # s


def counting() -> float:
    """Microseconds that the counters of one accepted and sent message take."""
    metrics = Metrics()
    data = {"line": "office", "sent_at": 1000, "delivered_at": 3000}
    began = time.process_time()
    for _ in range(COUNTS):
        metrics.answered("native", 202, 0.004)
        metrics.submitted("shop", "native", 1)
        metrics.happened("message.submitted", "shop", {})
        metrics.attempted("office", 0.3)
        metrics.parts.add("office")
        metrics.last_sent.set(1.0, "office")
        metrics.sent("shop", "office", 350)
        metrics.happened("message.sent", "shop", data)
        metrics.reports.add("office", "delivered")
        metrics.happened("message.delivered", "shop", data)
        for _commit in range(3):
            metrics.committed(2, 0.0005)
    return 1e6 * (time.process_time() - began) / COUNTS


def resident(pid: int) -> float:
    """MiB (proc(5), statm)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20


async def idle(bridge: Bridge) -> float:
    """Percent of a core with nothing to do."""
    before = processor_seconds(bridge.pid)
    await asyncio.sleep(IDLE)
    return 100 * (processor_seconds(bridge.pid) - before) / IDLE


async def scrape(bridge: Bridge) -> int:
    """Bytes of the answer."""
    async with bridge.http.get(f"{bridge.url}/metrics", headers={"Authorization": ""}) as answer:
        answer.raise_for_status()
        return len(await answer.read())


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """Idle, then scraped again and again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with World(folder / "world", modems=1) as world, serving(folder, [str(world.modems[0].port)]) as bridge:
            unwatched, small = await idle(bridge), resident(bridge.pid)
            first = time.perf_counter()
            size = await scrape(bridge)
            first = time.perf_counter() - first
            before, began = processor_seconds(bridge.pid), time.perf_counter()
            for _ in range(SCRAPES):
                await scrape(bridge)
            took = (time.perf_counter() - began) / SCRAPES
            processor = (processor_seconds(bridge.pid) - before) / SCRAPES
            large = resident(bridge.pid)
    tell(f"  idle {unwatched:.2f} % of a core, {1000 * processor:.1f} ms of processor for a scrape of {size:,} bytes")
    nobody = "the same without a reader"
    return [
        Row("idle, read every 15 s", "% of a core", unwatched + 100 * processor / INTERVAL, nobody, unwatched, "< 0.5"),
        Row("memory after the first scrape", "MiB", large, nobody, small, "≤ 60"),
        Row("the first scrape", "ms", 1000 * first, "later ones", 1000 * took, note="the library is imported"),
        Row("counting, for a message", "µs", counting(), "-", note="accepted, sent, reported; 3 commits"),
    ]


if __name__ == "__main__":
    sys.exit(main({"watching": measure}))
