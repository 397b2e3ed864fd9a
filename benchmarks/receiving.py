"""From the network to the application: `python -m benchmarks.receiving`.

A customer writes, the virtual network (a process of its own) hands the SMS to the modem with +CMTI, and a receiver on
loopback notes when the webhook's request was complete. The clock starts when the customer's request is written to the
network's control socket, a fraction of a millisecond before +CMTI. The peers run a program for each SMS instead, which
writes into a pipe; as they mostly sleep they are measured at the same time, each on a modem of its own.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks import peers
from benchmarks.network import Customer, Network, network
from benchmarks.peers import GAMMU, GAMMU_BUSY, GAMMU_TUNED, SMSTOOLS, SMSTOOLS_TUNED, Peer, Running
from benchmarks.receivers import receiver
from benchmarks.serving import serving
from benchmarks.table import Row, main, percentile

SINGLES, BURST = 200, 100
PAUSE = 0.02  # s between one SMS's webhook and the next SMS
#: SMS to each peer that sleeps between its looks, and seconds between them: no multiple of any wait of theirs
SLOW, EVERY = 14, 2.7
FAST = 50
#: seconds for what was written last
PATIENCE = 20.0
SLEEPERS = (GAMMU, GAMMU_TUNED, SMSTOOLS, SMSTOOLS_TUNED)


class Heard:
    """What came to the application, and when."""

    def __init__(self) -> None:
        #: text → perf_counter seconds
        self.at: dict[str, float] = {}
        self.times_heard = 0
        self._waiting: tuple[int, asyncio.Future[None]] | None = None

    def hear(self, text: str) -> None:
        """A text is here."""
        self.at.setdefault(text, time.perf_counter())
        self.times_heard += 1
        if self._waiting is not None and len(self.at) >= self._waiting[0]:
            self._waiting[1].set_result(None)
            self._waiting = None

    def hear_webhook(self, body: bytes) -> None:
        """A webhook has come."""
        self.hear(json.loads(body)["data"]["message"])

    async def until(self, count: int, patience: float = PATIENCE) -> None:
        """Wait until so many different texts are here. Raises TimeoutError."""
        if len(self.at) < count:
            self._waiting = (count, asyncio.get_running_loop().create_future())
            try:
                await asyncio.wait_for(self._waiting[1], patience)
            finally:
                self._waiting = None


async def ours(folder: Path) -> tuple[list[float], list[float]]:
    """Milliseconds of single SMS, and of those of a burst since its beginning."""
    heard = Heard()
    async with (
        receiver(heard.hear_webhook) as url,
        network(folder / "world") as far,
        serving(folder / "bridge", far.ports) as bridge,
        far.writing() as customer,
    ):
        await bridge.post("/v1/webhooks", {"url": url, "events": ["message.received"]})
        await one_by_one(customer, far.numbers[0], heard, 10, "warming up")
        singles = await one_by_one(customer, far.numbers[0], heard, SINGLES, "single")
        burst = await at_once(customer, far.numbers[0], heard, BURST)
    assert heard.times_heard == len(heard.at)  # none twice
    return singles, burst


async def one_by_one(customer: Customer, to: str, heard: Heard, count: int, word: str) -> list[float]:
    """Write, wait until it is heard, and again; milliseconds of each."""
    times = []
    for number in range(count):
        before, text, began = len(heard.at), f"{word} {number}", time.perf_counter()
        customer.write(to, text)
        await heard.until(before + 1)
        times.append(1000 * (heard.at[text] - began))
        await customer.written(1)
        await asyncio.sleep(PAUSE)
    return times


async def at_once(customer: Customer, to: str, heard: Heard, count: int) -> list[float]:
    """Write all at once; milliseconds from the first write to each one's being heard."""
    texts, before, began = [f"burst {number}" for number in range(count)], len(heard.at), time.perf_counter()
    customer.write(to, *texts)
    await heard.until(before + count)
    await customer.written(count)
    return [1000 * (heard.at[text] - began) for text in texts]


async def sleepers(folder: Path) -> dict[str, list[float]]:
    """Milliseconds of SMS to the peers that look now and then, all at the same time."""
    found: dict[str, list[float]] = {}
    present = [peer for peer in SLEEPERS if peer.installed]
    async with network(folder / "world", len(SLEEPERS)) as far:
        await asyncio.gather(*(_sleeper(folder, far, place, peer, found) for place, peer in enumerate(present)))
    return found


async def _sleeper(folder: Path, far: Network, place: int, peer: Peer, found: dict[str, list[float]]) -> None:
    async with at_work(folder, far, place, peer) as heard, far.writing() as customer:
        began = {}
        for number in range(SLOW):
            text = f"text {number}"
            began[text] = time.perf_counter()
            customer.write(far.numbers[place], text)
            await asyncio.sleep(EVERY)
        await heard.until(1 + SLOW)
        found[peer.name] = [1000 * (heard.at[text] - moment) for text, moment in began.items()]


@asynccontextmanager
async def at_work(folder: Path, far: Network, place: int, peer: Peer) -> AsyncIterator[Heard]:
    """The peer, once it has heard its first SMS."""
    heard = Heard()

    def listen(running: Running) -> None:
        running.hear = heard.hear

    async with peers.running(peer, folder / peer.name.replace(", ", "-"), far.ports[place], listen):
        async with far.writing() as customer:
            customer.write(far.numbers[place], "first")
            await heard.until(1, 60)
        yield heard


async def busy(folder: Path) -> list[float]:
    """Milliseconds of SMS to the peer that asks its modem without pause."""
    async with (
        network(folder / "world") as far,
        at_work(folder, far, 0, GAMMU_BUSY) as heard,
        far.writing() as customer,
    ):
        return await one_by_one(customer, far.numbers[0], heard, FAST, "text")


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """All rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        singles, burst = await ours(folder / "ours")
        tell(f"  ours: {_said(singles)}; burst: {_said(burst)}")
        theirs = await sleepers(folder / "sleepers")
        if GAMMU_BUSY.installed:
            theirs[GAMMU_BUSY.name] = await busy(folder / "busy")
        for peer, times in theirs.items():
            tell(f"  {peer}: {_said(times)}")
    return list(_rows(singles, burst, theirs))


def _said(times: Sequence[float]) -> str:
    return f"median {statistics.median(times):.1f} ms, p99 {percentile(times, 0.99):.1f} ms"


def _rows(singles: Sequence[float], burst: Sequence[float], theirs: Mapping[str, Sequence[float]]) -> Iterator[Row]:
    for what, share, target in (("median", 0.5, "≤ 2.5"), ("p99", 0.99, "≤ 5")):
        mine = percentile(singles, share)
        for peer in (*SLEEPERS, GAMMU_BUSY):
            times = theirs.get(peer.name, ())
            his, note = (percentile(times, share), f"{SINGLES} SMS; peer {len(times)}") if times else (None, "")
            yield Row(f"+CMTI to webhook, {what}", "ms", mine, peer.name, his, target, note)
    note = f"all {len(burst)} came, once each"
    yield Row(f"burst of {BURST}: last webhook", "ms", max(burst), "-", target="none lost", note=note)


if __name__ == "__main__":
    sys.exit(main({"receiving": measure}))
