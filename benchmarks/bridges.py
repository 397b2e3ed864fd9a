"""What bridges that share a PostgreSQL do together: `python -m benchmarks.bridges`.

First messages are accepted by one, two and four processes with the API, from as many callers in each case. Then
eight bridges with eight modems each (300 ms from a PDU to its +CMGS) send what one of them accepted, with the server 0,
20 and 60 ms away, there and back. One bridge writes at a time: the further away the server is, the more outcomes share
a transaction. Everything is on one machine, whose processors the modems' emulation has its share of.
"""

import asyncio
import itertools
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path

from benchmarks.accepting import JSON, TEXT
from benchmarks.load import CONNECTIONS, Load, Request, load
from benchmarks.network import Network, network
from benchmarks.postgresql import away
from benchmarks.sending import submit
from benchmarks.serving import Bridge, serving
from benchmarks.table import Row, main
from tests.support.postgresql import Server

SECONDS = 6
PROCESSES = (1, 2, 4)
BRIDGES, MODEMS, EACH = 8, 8, 4
#: modems of one virtual network, which is a process of its own
WORLD = 32
LATENCY = 0.3  # s
DISTANCES = (0, 20, 60)  # ms, there and back
PATIENCE = 300.0  # s


async def accepted(folder: Path, url: str, processes: int) -> Load:
    """What so many processes with the API accept together."""
    async with AsyncExitStack() as stack:
        fronts = [
            await stack.enter_async_context(_bridge(folder / f"front{number}", url, role="api"))
            for number in range(processes)
        ]
        many = CONNECTIONS // processes
        borne = await asyncio.gather(*(_press(folder / f"front{n}", each, many) for n, each in enumerate(fronts)))
    return Load(sum(each.rate for each in borne), max(each.p50 for each in borne), max(each.p99 for each in borne))


async def _press(folder: Path, bridge: Bridge, connections: int) -> Load:
    body = f'{{"to":"+15550123","text":"{TEXT}"}}'
    request = Request(bridge.url + "/v1/messages", body, JSON, f"Bearer {bridge.apikey}")
    return await load(folder, request, SECONDS, connections)


@asynccontextmanager
async def _bridge(folder: Path, url: str, devices: str = "", role: str = "all") -> AsyncIterator[Bridge]:
    name = folder.name
    store = f'directory = "{folder}"\nbridge = "{name}"\n'
    there = serving(folder, devices=devices, account=name, store=store, url=url, role=role, patience=PATIENCE)
    async with there as bridge:
        yield bridge


async def throughput(folder: Path, url: str, bridges: int) -> float:
    """Messages a second of so many bridges, once each line had its first."""
    lines = bridges * MODEMS
    async with AsyncExitStack() as stack:
        worlds = [
            await stack.enter_async_context(
                network(folder / f"world{first}", min(WORLD, lines - first), LATENCY, first=first)
            )
            for first in range(0, lines, WORLD)
        ]
        ports = [port for world in worlds for port in world.ports]
        serving = [
            await stack.enter_async_context(_bridge(folder / f"bridge{number}", url, _devices(number, mine)))
            for number, mine in enumerate(ports[first : first + MODEMS] for first in range(0, lines, MODEMS))
        ]
        await submit(serving[0], worlds[0].customers[0], lines * EACH)
        arrivals = await _arrivals(worlds, worlds[0].customers[0], lines * EACH)
    return 1000 * (len(arrivals) - lines) / (arrivals[-1] - arrivals[lines - 1])


def _devices(bridge: int, ports: Sequence[str]) -> str:
    return "".join(
        f'[devices.line{bridge}-{number}]\ndriver = "gsm_modem"\nport = "{port}"\n' for number, port in enumerate(ports)
    )


async def _arrivals(worlds: Sequence[Network], customer: str, count: int) -> list[int]:
    """When (Unix ms) so many messages came to a customer, by whichever network. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await asyncio.gather(*(world.arrivals(customer, 0, 0) for world in worlds))
            if sum(map(len, found)) >= count:
                return sorted(itertools.chain(*found))
            await asyncio.sleep(0.2)


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """Acceptance by processes, then sending by distance."""
    server = await asyncio.to_thread(Server, durable=True)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            loads = {}
            for processes in PROCESSES:
                url = server.url(server.create())
                loads[processes] = await accepted(_made(folder / f"accepting{processes}"), url, processes)
                tell(f"  accepted by {processes}: {loads[processes]}")
            one = await throughput(_made(folder / "one"), server.url(server.create()), 1)
            tell(f"  one bridge: {one:.1f}/s")
            rates = {}
            for distance in DISTANCES:
                rates[distance] = await _distant(server, _made(folder / f"away{distance}"), distance)
                tell(f"  {BRIDGES} bridges, {distance} ms away: {rates[distance]:.1f}/s")
    finally:
        await asyncio.to_thread(server.stop)
    return [*_accepting(loads), *_sending(one, rates)]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def _distant(server: Server, folder: Path, distance: int) -> float:
    database = server.create()
    async with away(server, folder, distance) if distance else nullcontext() as port:
        url = f"postgresql://sms@127.0.0.1:{port}/{database}" if port else server.url(database)
        return await throughput(folder, url, BRIDGES)


def _accepting(loads: dict[int, Load]) -> list[Row]:
    note = f"/v1/messages, {CONNECTIONS} connections, each fsynced by the server"
    first, rows = loads[PROCESSES[0]], []
    for processes, borne in loads.items():
        against, rate, p99 = ("one process", first.rate, first.p99) if processes != PROCESSES[0] else ("-", None, None)
        what = f"accepted by {processes} processes with the API" if processes > 1 else "accepted by one process"
        rows.append(Row(what, "/s", borne.rate, against, rate, "", note))
        rows.append(Row(f"{what}, p99", "ms", borne.p99, against, p99, "", note))
    return rows


def _sending(one: float, rates: dict[int, float]) -> list[Row]:
    note = f"+CMGS {1000 * LATENCY:.0f} ms, {EACH} messages a modem; linear would be {BRIDGES * MODEMS / LATENCY:.0f}/s"
    against = f"{BRIDGES} × one bridge"
    return [
        Row(f"{BRIDGES} bridges of {MODEMS} modems, {distance} ms away", "/s", rate, against, BRIDGES * one, "", note)
        for distance, rate in rates.items()
    ]


if __name__ == "__main__":
    sys.exit(main({"bridges": measure}))
