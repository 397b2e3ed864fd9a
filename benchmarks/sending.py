"""What a message costs over the modem's own time: `python -m benchmarks.sending`.

The queue is full, one virtual modem (a process of its own) takes 300 ms, then 0 ms, from a PDU to its +CMGS, and the
network notes when each message comes to the recipient. Overhead is the mean time between two of them less the modem's.
Ours runs as `serve`, gets its messages over HTTP and asks for delivery reports, which come at once; the peers ask for
none, which favours them. The peers mostly sleep, so they are measured at the same time, each on a modem of its own.
The floor is a loop that writes AT+CMGS and the PDU and waits for OK, with no report and nothing stored: what the
emulated modem itself takes over its nominal time.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import serial

from benchmarks import peers
from benchmarks.network import Network, network
from benchmarks.peers import GAMMU, GAMMU_TUNED, SMSTOOLS, SMSTOOLS_TUNED, Peer, Running
from benchmarks.processes import processor_seconds
from benchmarks.serving import Bridge, serving
from benchmarks.table import Row, main
from bridge.model.radio import Outgoing
from device_drivers.gsm_modem.pdu import encode_submit

MESSAGES, FLOOR_MESSAGES, PEER_MESSAGES = 100, 40, 20
LATENCIES = (0.3, 0.0)  # s
MODEMS, EACH = 32, 20
#: one by one on an idle bridge
SINGLES = 50
PATIENCE = 90.0  # s
PEERS = (GAMMU, GAMMU_TUNED, SMSTOOLS, SMSTOOLS_TUNED)
TEXT = "Your parcel is here"


async def overhead(far: Network, customer: str, count: int, latency: float) -> float:
    """Milliseconds a message beyond the modem's own, once so many have arrived."""
    arrivals = await far.arrivals(customer, count, PATIENCE)
    return (arrivals[-1] - arrivals[0]) / (len(arrivals) - 1) - 1000 * latency


@dataclass(frozen=True, slots=True)
class Cost:
    """What a message through one modem costs over the modem's own time."""

    #: ms by the clock, and of the bridge's processor time with the report
    overhead: float
    processor: float
    #: transactions, with the report's
    commits: float


async def ours(folder: Path, latency: float) -> Cost:
    """The bridge's costs on one modem."""
    async with network(folder / "world", 1, latency) as far, serving(folder / "bridge", far.ports) as bridge:
        commits = await committed(bridge)
        await submit(bridge, far.customers[0], MESSAGES)
        used = processor_seconds(bridge.pid)
        beyond = await overhead(far, far.customers[0], MESSAGES, latency)
        used, commits = processor_seconds(bridge.pid) - used, await committed(bridge) - commits
        return Cost(beyond, 1000 * used / MESSAGES, commits / MESSAGES)


async def committed(bridge: Bridge) -> float:
    """How many transactions there have been, by the bridge's own count."""
    async with bridge.http.get(f"{bridge.url}/metrics", headers={"Authorization": ""}) as answer:
        answer.raise_for_status()
        lines = (await answer.text()).splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("sms_bridge_store_commits_total "))


async def submit(bridge: Bridge, customer: str, count: int) -> None:
    """All of them in one call, so that submitting is not measured along."""
    messages = [{"to": customer, "text": f"{TEXT} {number}"} for number in range(count)]
    await bridge.post("/v1/messages", {"messages": messages})


async def throughput(folder: Path, modems: int) -> float:
    """Messages a second of so many modems, once each had its first."""
    async with network(folder / "world", modems, LATENCIES[0]) as far, serving(folder / "bridge", far.ports) as bridge:
        await submit(bridge, far.customers[0], modems * EACH)
        arrivals = await far.arrivals(far.customers[0], modems * EACH, PATIENCE)
        return 1000 * (len(arrivals) - modems) / (arrivals[-1] - arrivals[modems - 1])


async def idle(folder: Path) -> float:
    """Milliseconds from a request to an idle bridge until the network has the message: the median."""
    times = []
    async with network(folder / "world") as far, serving(folder / "bridge", far.ports) as bridge:
        for number in range(1, SINGLES + 1):
            asked = asyncio.get_running_loop().create_task(far.arrivals(far.customers[0], number, PATIENCE))
            await asyncio.sleep(0.03)
            began = time.perf_counter()
            await bridge.post("/v1/messages", {"to": far.customers[0], "text": TEXT})
            await asked
            times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


async def floor(folder: Path, latency: float) -> float:
    """The overhead of the bare loop."""
    async with network(folder / "world", 1, latency) as far:
        await asyncio.to_thread(_send_bare, far.ports[0], far.customers[0])
        return await overhead(far, far.customers[0], FLOOR_MESSAGES, latency)


def _send_bare(port: str, to: str) -> None:
    with serial.Serial(port, 115200, timeout=PATIENCE) as modem:
        modem.write(b"ATE0\r")
        modem.read_until(b"OK\r\n")
        modem.write(b"AT+CMGF=0\r")
        modem.read_until(b"OK\r\n")
        for number in range(FLOOR_MESSAGES):
            pdu, length = encode_submit(Outgoing("", to, f"{TEXT} {number}", report=False))
            modem.write(f"AT+CMGS={length}\r".encode())
            modem.read_until(b"> ")
            modem.write(pdu.encode() + b"\x1a")
            modem.read_until(b"OK\r\n")


async def theirs(folder: Path, latency: float) -> dict[str, float]:
    """The peers' overheads, all at the same time."""
    present = [peer for peer in PEERS if peer.installed]
    async with network(folder / "world", len(PEERS), latency) as far:
        ways = zip(present, far.ports, far.customers, strict=False)
        found = await asyncio.gather(*(_peer(folder, far, *way, latency) for way in ways))
    return dict(zip((peer.name for peer in present), found, strict=True))


async def _peer(folder: Path, far: Network, peer: Peer, port: str, customer: str, latency: float) -> float:
    def fill(running: Running) -> None:
        for number in range(PEER_MESSAGES):
            running.submit(customer, f"{TEXT} {number}", number)

    async with peers.running(peer, folder / peer.name.replace(", ", "-"), port, fill):
        return await overhead(far, customer, PEER_MESSAGES, latency)


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """All rows."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for latency in LATENCIES:
            place = folder / f"{latency}"
            mine, least = await ours(place / "ours", latency), await floor(place / "floor", latency)
            tell(f"  {1000 * latency:.0f} ms: ours {mine.overhead:.2f} ms, bare loop {least:.2f} ms")
            others = await theirs(place / "theirs", latency)
            tell(f"  {1000 * latency:.0f} ms: " + ", ".join(f"{peer} {took:.0f} ms" for peer, took in others.items()))
            what = f"overhead per message, +CMGS {1000 * latency:.0f} ms"
            note = f"{MESSAGES} messages; peers {PEER_MESSAGES}"
            rows.append(Row(what, "ms", mine.overhead, "bare loop, stores nothing", least, "≤ 3", note))
            rows += [Row(what, "ms", mine.overhead, peer.name, others.get(peer.name), "≤ 3", note) for peer in PEERS]
            note = f"+CMGS {1000 * latency:.0f} ms, with the report"
            rows.append(Row("processor per message sent", "ms", mine.processor, "-", note=note))
            rows.append(Row("transactions per message sent", "", mine.commits, "-", note=note))
        rows.append(Row("request to network, idle", "ms", await idle(folder / "idle"), "-", note="median"))
        one, many = await throughput(folder / "one", 1), await throughput(folder / "many", MODEMS)
        note = f"+CMGS 300 ms, {EACH} messages a modem; linear would be {MODEMS / LATENCIES[0]:.0f}/s"
        against = f"{MODEMS} × one modem"
        rows.append(Row(f"throughput of {MODEMS} modems", "/s", many, against, MODEMS * one, "ratio ≥ 0.97", note))
    return rows


if __name__ == "__main__":
    sys.exit(main({"sending": measure}))
