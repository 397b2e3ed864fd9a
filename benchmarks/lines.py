"""What a line costs beside many others: `python -m benchmarks.lines`.

1, 8, 32 and 128 modems and 16 phones, each number with a bridge of its own, all of them at the same time: processor
time is what is measured, and claims. First nothing happens, for as long as a modem's health takes to come round; then
messages are sent one by one, each when the last has arrived, so that every line is idle when one comes. A claim is a
question to the store for a message to send; two a message is one that finds it and one that finds nothing more.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.counted import WIDTH
from benchmarks.idle import Server
from benchmarks.network import network
from benchmarks.serving import Bridge, serving
from benchmarks.table import Row, main
from bridge.devices.device_worker import REFRESH_INTERVAL

MODEMS, PHONES = (1, 8, 32, 128), 16
#: so many have numbers in one virtual network
MOST_MODEMS, MOST_PHONES = 32, 8
#: sent one by one
MESSAGES = 20
#: a fictional number
CUSTOMER = "+15550150"
PATIENCE = 60.0  # s


@dataclass(frozen=True, slots=True)
class Found:
    """What so many lines cost."""

    lines: int
    #: ms of processor for a line and minute without anything to do
    idle: float
    #: claims for a message
    claims: float


def processor(pid: int) -> float:
    """Seconds on a processor, of all threads that run now (proc(5), schedstat), to the nanosecond."""
    return sum(int(each.read_text().split()[0]) for each in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


async def of_modems(folder: Path, many: int, all_ready: asyncio.Barrier) -> Found:
    """What so many modems cost."""
    async with AsyncExitStack() as stack:
        ports: list[str] = []
        for first in range(0, many, MOST_MODEMS):
            there = network(folder / f"world{first}", min(MOST_MODEMS, many - first), first=first)
            ports += (await stack.enter_async_context(there)).ports
        return await _found(folder, many, ports, "", all_ready)


async def of_phones(folder: Path, all_ready: asyncio.Barrier) -> Found:
    """What the phones cost."""
    async with AsyncExitStack() as stack:
        adb = await stack.enter_async_context(aclosing(Server(folder / "adb")))
        await adb.start()
        tables = ""
        for first in range(0, PHONES, MOST_PHONES):
            there = network(folder / f"world{first}", modems=0, phones=min(MOST_PHONES, PHONES - first), first=first)
            for place, phone in enumerate((await stack.enter_async_context(there)).phones, start=first):
                await adb.connect(phone["address"])
                tables += (
                    f'[devices.phone{place}]\ndriver = "android_adb"\nserial = "{phone["address"]}"\n'
                    f'adb_port = {adb.port}\nnumbers = ["{phone["number"]}"]\n'
                )
        return await _found(folder, PHONES, [], tables, all_ready)


async def _found(folder: Path, lines: int, ports: Sequence[str], tables: str, all_ready: asyncio.Barrier) -> Found:
    counted = folder / "claims"
    before = (sys.executable, "-m", "benchmarks.counted", counted)
    async with serving(folder / "bridge", ports, *before, devices=tables, patience=PATIENCE) as bridge:
        await all_ready.wait()
        began = processor(bridge.pid)
        await asyncio.sleep(REFRESH_INTERVAL)
        idle = processor(bridge.pid) - began
        claims = await _claims(bridge, counted)
    return Found(lines, 1000 * idle / lines * 60 / REFRESH_INTERVAL, claims)


async def _claims(bridge: Bridge, counted: Path) -> float:
    """Claims for a message; the one that finds nothing is made with the commit that says that the message is sent."""
    before = int(counted.read_text()[:WIDTH])
    for number in range(1, MESSAGES + 1):
        accepted = await bridge.post("/v1/messages", {"to": CUSTOMER, "text": f"Number {number}"})
        async with asyncio.timeout(PATIENCE):
            while (await bridge.get(f"/v1/messages/{accepted['id']}"))["state"] in {"queued", "sending"}:
                await asyncio.sleep(0.02)
    return (int(counted.read_text()[:WIDTH]) - before) / MESSAGES


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """All at the same time."""
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / str(number) for number in range(len(MODEMS) + 1)]
        for folder in folders:
            folder.mkdir()
        all_ready = asyncio.Barrier(len(folders))
        modems = (of_modems(folder, many, all_ready) for folder, many in zip(folders, MODEMS, strict=False))
        *found, phone = await asyncio.gather(*modems, of_phones(folders[-1], all_ready))
    return [row for kind, some in (("modems", found), ("phones", [phone])) for row in _rows(kind, some, tell)]


def _rows(kind: str, found: Sequence[Found], tell: Callable[[str], None]) -> Sequence[Row]:
    rows = []
    for each in found:
        what = f"{each.lines} {kind}"
        tell(f"  {what}: {each.idle:.1f} ms of processor per idle line and minute, {each.claims:.2f} claims a message")
        first = found[0] if each is not found[0] else None
        against, idle, claims = (f"{first.lines} {kind}", first.idle, first.claims) if first else ("-", None, None)
        note = f"over {REFRESH_INTERVAL:.0f} s"
        rows += [
            Row(f"processor per idle line, {what}", "ms/min", each.idle, against, idle, "< 60", note),
            Row(f"claims per message, {what}", "", each.claims, against, claims, "≤ 2", "one by one"),
        ]
    return rows


if __name__ == "__main__":
    sys.exit(main({"lines": measure}))
