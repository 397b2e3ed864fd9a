"""A disk on which each fsync takes long, as on a worn SD card: `python -m benchmarks.disk`.

A small library, compiled here and preloaded into the bridge, lets each fsync wait 20 ms or 200 ms and counts them. Each
message is still on disk before it is acknowledged: what keeps up does so because several share a commit. Messages are
accepted over many connections at once, sent and reported by modems, and received; beside it the same on the disk as it
is. To keep up is to carry one message a second for each modem, which is more than a real one does. Without a C compiler
nothing is measured.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accepting import requests
from benchmarks.load import client, load
from benchmarks.network import Network, network
from benchmarks.processes import output
from benchmarks.receivers import receiver
from benchmarks.receiving import Heard
from benchmarks.serving import Bridge, serving
from benchmarks.table import Row, main
from benchmarks.wearing import disk_folder, written

SLOW = (0, 20, 200)  # ms
CONNECTIONS, SECONDS = 64, 5
MODEMS, SENT, RECEIVED = 4, 80, 80
#: messages and SMS one by one, for what each costs
SINGLES = 10
#: s until the indices of words and conversations have followed, and that nothing happens
SETTLING, IDLE = 20.0, 60.0
PATIENCE = 120.0
_SOURCE = Path(__file__).with_name("slow_disk.c")


@dataclass(frozen=True, slots=True)
class Disk:
    """How long an fsync takes, and how many there were."""

    environment: Mapping[str, str]
    counted: Path

    @property
    def syncs(self) -> int:
        """So far."""
        return int.from_bytes(self.counted.read_bytes(), sys.byteorder)


@dataclass(frozen=True, slots=True)
class Speed:
    """What it bears, a second."""

    accepted: float
    #: ms
    p99: float
    sent: float
    received: float


async def compiled(folder: Path) -> Path:
    """The library. Raises NotStarted."""
    library = folder / "slow_disk.so"
    await output("gcc", "-shared", "-fPIC", "-O1", "-o", library, _SOURCE, "-ldl", log=folder / "gcc.log")
    return library


def disk(folder: Path, library: Path, slow: int) -> Disk:
    """One of this slowness, ms."""
    counted = folder / f"syncs{slow}"
    counted.write_bytes(bytes(8))
    return Disk({"LD_PRELOAD": str(library), "SLOW_DISK_MS": str(slow), "SLOW_DISK_COUNT": str(counted)}, counted)


async def speed(folder: Path, slow: Disk) -> Speed:
    """All three ways."""
    async with serving(folder / "accepting", environment=slow.environment) as bridge:
        borne = await load(folder, requests(bridge, "")["/sendsms"], SECONDS, CONNECTIONS)
    heard = Heard()
    async with (
        receiver(heard.hear_webhook) as url,
        network(folder / "world", MODEMS) as far,
        serving(folder / "bridge", far.ports, environment=slow.environment) as bridge,
    ):
        await bridge.post("/v1/webhooks", {"url": url, "events": ["message.received"]})
        sent = await sending(bridge, far)
        return Speed(borne.rate, borne.p99, sent, await receiving(far, heard))


async def sending(bridge: Bridge, far: Network) -> float:
    """Messages a second, all waiting from the beginning, until the last one's delivery is committed."""
    began = time.perf_counter()
    texts = [{"to": far.customers[0], "text": f"Number {number}"} for number in range(SENT)]
    await bridge.post("/v1/messages", {"messages": texts})
    while await delivered(bridge) < SENT:
        await asyncio.sleep(0.02)
    return SENT / (time.perf_counter() - began)


async def delivered(bridge: Bridge) -> int:
    """How many are."""
    async with bridge.http.get(f"{bridge.url}/v1/messages?state=delivered&limit={SENT}") as answer:
        return len((await answer.json())["messages"])


async def receiving(far: Network, heard: Heard) -> float:
    """SMS a second, written to all modems at once, until the last webhook."""
    async with far.writing() as customer:
        began = time.perf_counter()
        for number in range(RECEIVED):
            customer.write(far.numbers[number % MODEMS], f"text {number}")
        await heard.until(RECEIVED, PATIENCE)
        took = time.perf_counter() - began
        await customer.written(RECEIVED)
    return RECEIVED / took


async def costs(folder: Path, slow: Disk) -> tuple[float, float, float, float]:
    """Syncs of a message that goes out alone, and of one that comes in; syncs and KiB of an idle hour."""
    heard = Heard()
    async with (
        receiver(heard.hear_webhook) as url,
        network(folder / "world") as far,
        serving(folder / "bridge", far.ports, environment=slow.environment) as bridge,
        far.writing() as customer,
    ):
        await bridge.post("/v1/webhooks", {"url": url, "events": ["message.received"]})
        await asyncio.sleep(2)
        before = slow.syncs
        for number in range(1, SINGLES + 1):
            await bridge.post("/v1/messages", {"to": far.customers[0], "text": f"Number {number}"})
            await far.arrivals(far.customers[0], number, PATIENCE)
            await asyncio.sleep(0.3)
        between = slow.syncs
        for number in range(1, SINGLES + 1):
            customer.write(far.numbers[0], f"text {number}")
            await heard.until(number)
            await asyncio.sleep(0.3)
        after = slow.syncs
        await asyncio.sleep(SETTLING)
        still, bytes_before = slow.syncs, written(bridge.pid)
        await asyncio.sleep(IDLE)
        hour = 3600 / IDLE
        idle = (slow.syncs - still) * hour, (written(bridge.pid) - bytes_before) * hour / 1024
    return (between - before) / SINGLES, (after - between) / SINGLES, *idle


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """All rows."""
    if shutil.which("gcc") is None:
        tell("  needs a C compiler: apt install gcc")
        return [Row("accepted, fsync 20 ms", "/s", None, "-", target="≥ 1,000", note="no gcc")]
    found: dict[int, Speed] = {}
    with tempfile.TemporaryDirectory(dir=disk_folder()) as name:
        folder = Path(name)
        library = await compiled(folder)
        for slow in SLOW:
            found[slow] = await speed(folder / f"{slow}", disk(_made(folder / f"{slow}"), library, slow))
            tell(f"  fsync {slow} ms more: {found[slow]}")
        place = _made(folder / "costs")
        sent, received, syncs, kib = await costs(place, disk(place, library, 0))
    plain, note = found.pop(0), f"{CONNECTIONS} connections, {client()}"
    against = "this disk as it is"
    rows = []
    for slow, each in found.items():
        target, modems = "≥ 1,000" if slow == 20 else "", f"{MODEMS} modems"
        rows += [
            Row(f"accepted, fsync {slow} ms", "/s", each.accepted, against, plain.accepted, target, note),
            Row(f"accepted, fsync {slow} ms, p99", "ms", each.p99, against, plain.p99, note=note),
            Row(f"sent and reported, fsync {slow} ms", "/s", each.sent, against, plain.sent, f"≥ {MODEMS}", modems),
            Row(f"received, fsync {slow} ms", "/s", each.received, against, plain.received, f"≥ {MODEMS}", modems),
        ]
    return [
        *rows,
        Row("fsyncs of a message sent alone", "", sent, "-", note="accepted, sent, reported, checkpoints included"),
        Row("fsyncs of an SMS received alone", "", received, "-", note="with its webhook"),
        Row("fsyncs of an idle hour", "", syncs, "-", note=f"from {IDLE:.0f} s, one modem"),
        Row("written in an idle hour", "KiB", kib, "-", note=f"from {IDLE:.0f} s, one modem"),
    ]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main({"disk": measure}))
