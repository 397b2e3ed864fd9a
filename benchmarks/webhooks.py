"""From a committed event to the request at the receiver: `python -m benchmarks.webhooks`.

Everything is the product's own: the store on a file with its fsync, the ledger, the HTTP client. The receiver
is a process of its own on loopback that only notes when a request was complete. The floor, in the same run,
is a bare aiohttp client that posts the same bytes one after the other and does nothing else.
"""

import asyncio
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection

import aiohttp

from api.webhooks.poster import Webhooks
from benchmarks.receivers import receiver
from benchmarks.table import Row, main, percentile
from bridge.bus import Bus
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account
from bridge.model.radio import InboundPart
from bridge.ports.clock import SystemClock
from bridge.ports.store import Store
from bridge.store import open_store
from bridge.webhooks.deliverer import Deliverer

SINGLES, BURST, BURSTS = 300, 100, 20
BODY = b"x" * 400
#: one by one, and whole bursts
Measured = tuple[list[float], list[float]]


def receive(pipe: Connection) -> None:
    """The receiver's process."""

    async def serve() -> None:
        # monotonic ns, the same clock in all processes
        async with receiver(lambda _: pipe.send(time.monotonic_ns())) as url:
            pipe.send(url)
            await asyncio.Event().wait()

    asyncio.run(serve())


class FarEnd:
    """The receiver as the benchmark sees it: where it listens and what it heard when."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.url: str = pipe.recv()

    async def moments(self, count: int) -> list[int]:
        """When the next `count` requests were complete."""
        return await asyncio.to_thread(lambda: [self._pipe.recv() for _ in range(count)])


class Bare:
    """The floor: a client that has nothing to read, sign or write down."""

    def __init__(self, far: FarEnd, session: aiohttp.ClientSession) -> None:
        self._far = far
        self._session = session

    async def post(self, count: int) -> float:
        """Milliseconds from the first post to the last request received."""
        began = time.monotonic_ns()
        for _ in range(count):
            async with self._session.post(self._far.url, data=BODY, allow_redirects=False) as response:
                await response.read()
        return ((await self._far.moments(count))[-1] - began) / 1e6


class Bridge:
    """The product, with a note of when each event was committed."""

    def __init__(self, far: FarEnd, store: Store, bus: Bus) -> None:
        self._far = far
        self._store = store
        self._slot = 0
        self._committed: list[int] = []
        bus.subscribe(lambda events: self._committed.extend([time.monotonic_ns()] * len(events)))

    async def post(self, count: int) -> float:
        """Milliseconds from the first event committed to the last request received."""
        self._committed.clear()
        await asyncio.gather(*(self._sms() for _ in range(count)))
        return ((await self._far.moments(count))[-1] - self._committed[0]) / 1e6

    async def _sms(self) -> None:
        self._slot += 1
        part = InboundPart("office", str(self._slot), "+15550100", "Your table is ready. Ask for Lin at the door.")
        await self._store.receive(part, "office", time.time_ns() // 1_000_000)


@asynccontextmanager
async def bridge(far: FarEnd) -> AsyncIterator[Bridge]:
    """A store, a ledger and an endpoint."""
    bus = Bus()
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(f"sqlite:///{folder}/bridge.db", bus)
        noting = Bridge(far, store, bus)  # before the ledger, so that its note comes first
        webhooks = Webhooks()
        ledger = Deliverer(store, bus, SystemClock(), webhooks)
        await Gateway(store, bus).endpoints.add("benchmark", Account("shop"), far.url)
        await ledger.start()
        try:
            yield noting
        finally:
            await ledger.close()
            undelivered = await store.owed((await store.endpoints())[0].id, 1)
            assert not undelivered
            await webhooks.close()
            await store.close()


async def compare(far: FarEnd) -> tuple[Measured, Measured]:
    """Both by turns, so that what else the machine does hits both alike."""
    async with aiohttp.ClientSession() as session, bridge(far) as ours:
        posters: Sequence[Bridge | Bare] = (ours, Bare(far, session))
        measured: tuple[Measured, Measured] = (([], []), ([], []))
        for poster in posters:
            await poster.post(BURST)  # makes connections, fills caches
        for number in range(SINGLES + BURSTS):
            for place, (singles, bursts) in enumerate(measured):
                await asyncio.sleep(0.005 if number < SINGLES else 0.1)
                if number < SINGLES:
                    singles.append(await posters[place].post(1))
                else:
                    bursts.append(await posters[place].post(BURST))
        return measured


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """All rows."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=receive, args=(there,), daemon=True)
    process.start()
    try:
        (singles, bursts), (bare_singles, bare_bursts) = await compare(FarEnd(here))
    finally:
        process.terminate()
        process.join()
    against = "bare aiohttp client, nothing stored"
    rows = [
        Row(
            f"event committed to webhook, {what}",
            "ms",
            of(singles),
            against,
            of(bare_singles),
            note=f"{SINGLES} events",
        )
        for what, of in (("median", statistics.median), ("p99", lambda times: percentile(times, 0.99)))
    ]
    note = f"best of {BURSTS}"
    rows.append(Row(f"burst of {BURST} webhooks", "ms", min(bursts), against, min(bare_bursts), note=note))
    for row in rows:
        tell(f"  {row.what}: {row.ours:.2f} ms, bare {row.theirs:.2f} ms")
    return rows


if __name__ == "__main__":
    sys.exit(main({"webhooks": measure}))
