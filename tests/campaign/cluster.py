"""Rounds of bridges that share a PostgreSQL database, and whether its books are right afterwards.

The virtual network, the server and the ways to it belong to this process; each bridge is a process of its own.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import aiohttp

from device_drivers.virtual.world import World
from tests.campaign.exchange import Exchange, Told, violations
from tests.campaign.serve import Serve, configured
from tests.campaign.sites import HEADINGS, ORDERS, REST, SPAN, TROUBLES
from tests.support.database_way import DatabaseWay
from tests.support.postgresql import Server

#: what happens to the server, and to a bridge, its modem or the way between it and the server
OF_THE_SERVER = ("kill server", "stop server")
OF_A_BRIDGE = ("kill", "end", "freeze", "cut", "cut and lose", "unplug")
#: seconds between a bridge's signs of life: after three times as long another one takes its duties over
BEAT = 0.5
#: seconds for which a bridge is frozen or cut off: some are missed, some are not
ABSENCE = (0.2, 4.0)
#: characters that are shown of the log of one that ended
LAST = 350
#: of a modem that has a message in hand
_TAKES = 0.1


@dataclass
class Bridge:
    """One with its modem, and the way from it to the server."""

    place: int
    serve: Serve
    way: DatabaseWay
    #: one trouble after the other
    trouble: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class Cluster(Exchange):
    """The bridges, their server, and what is known of them outside."""

    server: Server
    bridges: list[Bridge]
    chance: Random
    #: held by whoever kills and starts the server
    process: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def door(self) -> str:
        return self.chance.choice(self.bridges).serve.url


@asynccontextmanager
async def cluster(directory: Path, count: int, seed: int = 0) -> AsyncIterator[Cluster]:
    """So many bridges on a database of their own, each with a modem, all running and ready."""
    async with AsyncExitStack() as undo:
        world = await undo.enter_async_context(World(directory / "world", modems=count))
        world.network.rules.send_latency = _TAKES
        http = await undo.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)))
        server = Server(durable=True)
        undo.callback(server.stop)
        database, bridges = server.create(), list[Bridge]()
        for place in range(count):
            way = await undo.enter_async_context(DatabaseWay(server))
            stick = f'[devices.stick{place}]\ndriver = "gsm_modem"\nport = "{world.modems[place].port}"\n'
            store = f'bridge = "bridge{place}"\nbeat = {BEAT}\n'
            serve = configured(directory / f"bridge{place}", stick + "send_timeout = 2.0\n", way.url(database), store)
            undo.push_async_callback(serve.end)
            bridges.append(Bridge(place, serve, way))
        key = (await bridges[0].serve.command("account", "add", "shop"))["apikey"]
        for bridge in bridges:
            await bridge.serve.start()
        ready = Cluster(world, http, key, server, bridges, Random(seed))
        await _until_ready(ready)
        yield ready


async def _until_ready(cluster: Cluster) -> None:
    """Each bridge tells that all lines are ready."""
    ready = ["ready"] * len(cluster.bridges)
    async with asyncio.timeout(REST):
        for bridge in cluster.bridges:
            while [line["state"] for line in await cluster.rows(bridge.serve, cluster.key, "/v1/lines")] != ready:
                await asyncio.sleep(0.2)


# -- a round ---------------------------------------------------------------------------------------
async def play(cluster: Cluster, number: int, chance: Random) -> tuple[list[str], tuple[object, ...]]:
    """One round; what does not add up, and the cells of its line."""
    troubles = [_drawn(cluster, chance) for _ in range(chance.randint(3, TROUBLES))]
    customers = cluster.world.customers
    async with asyncio.TaskGroup() as group:
        for each in range(ORDERS):
            customer, modem = customers[each % 4], chance.randrange(len(cluster.bridges))
            group.create_task(_order(cluster, f"out {number}.{each}", chance.uniform(0, SPAN), customer))
            group.create_task(_letter(cluster, f"in {number}.{each}", chance.uniform(0, SPAN), modem, customer))
        for at, kind, bridge, seconds in troubles:
            group.create_task(_later(cluster, at, kind, bridge, seconds))
    told = await rest(cluster)
    if told is None:
        return _ended(cluster), (number, len(troubles), len(cluster.accepted), *("?" for _ in HEADINGS[3:]))
    states = Counter(state for _, state in told.rows)
    cells = (
        number, len(troubles), len(cluster.accepted), *(states[each] for each in HEADINGS[3:8]),
        cluster.written.total(),
    )  # fmt: skip
    return violations(cluster.asked, cluster.accepted, cluster.written, told), cells


def _drawn(cluster: Cluster, chance: Random) -> tuple[float, str, Bridge, float]:
    kind = chance.choice(OF_THE_SERVER + OF_A_BRIDGE * 2)
    return chance.uniform(0.2, SPAN), kind, chance.choice(cluster.bridges), chance.uniform(*ABSENCE)


async def _order(cluster: Cluster, text: str, at: float, recipient: str) -> None:
    await asyncio.sleep(at)
    await cluster.submit(text, recipient)


async def _letter(cluster: Cluster, text: str, at: float, modem: int, customer: str) -> None:
    await asyncio.sleep(at)
    cluster.letter(text, modem, customer)


async def _later(cluster: Cluster, at: float, kind: str, bridge: Bridge, seconds: float) -> None:
    await asyncio.sleep(at)
    await trouble(cluster, kind, bridge, seconds)


async def trouble(cluster: Cluster, kind: str, bridge: Bridge, seconds: float) -> None:
    """Have something happen to a bridge, or to the server of all, and put it right; `seconds` that it lasts."""
    if kind in OF_THE_SERVER:
        async with cluster.process:
            if kind == "kill server":
                await asyncio.to_thread(_restart, cluster.server)
            else:
                cluster.server.signal(signal.SIGSTOP)
                await asyncio.sleep(seconds)
                cluster.server.signal(signal.SIGCONT)
        return
    async with bridge.trouble:
        if kind in ("kill", "end"):
            await (bridge.serve.kill() if kind == "kill" else bridge.serve.end())
            await bridge.serve.start()
        elif kind == "freeze":
            bridge.serve.signal(signal.SIGSTOP)
            await asyncio.sleep(seconds)
            bridge.serve.signal(signal.SIGCONT)
        elif kind == "unplug":
            cluster.world.modems[bridge.place].unplug()
            await asyncio.sleep(seconds)
            cluster.world.modems[bridge.place].replug()
        else:
            bridge.way.cut()
            await asyncio.sleep(seconds)
            bridge.way.heal(late=kind == "cut")


def _restart(server: Server) -> None:
    server.kill()
    server.start()


# -- the books -------------------------------------------------------------------------------------
def _ended(cluster: Cluster) -> list[str]:
    """The bridges that ended by themselves."""
    return [
        f"bridge{each.place} ended by itself: {each.serve.last_words()[-LAST:]}"
        for each in cluster.bridges
        if not each.serve.running
    ]


async def rest(cluster: Cluster) -> Told | None:
    """Once nothing moves any more, or after a time in which it should have come to rest; None when one has ended."""
    loop = asyncio.get_running_loop()
    end = loop.time() + REST
    while True:
        if _ended(cluster):
            return None
        try:
            told = await _ask(cluster)
        except (aiohttp.ClientError, TimeoutError):  # one has not found its server again
            if loop.time() > end:
                raise
        else:
            if loop.time() > end or (not told.moves and told.inbox.total() >= cluster.written.total()):
                return told
        await asyncio.sleep(0.5)


async def _ask(cluster: Cluster) -> Told:
    """What any one of them tells: they have the same books."""
    serve, key = cluster.chance.choice(cluster.bridges).serve, cluster.key
    rows = [(str(row["text"]), str(row["state"])) for row in await cluster.rows(serve, key, "/v1/messages")]
    inbox = Counter(str(row["text"]) for row in await cluster.rows(serve, key, "/v1/inbox"))
    # nobody knows better than the bridge that had it
    unsure = {text for text, state in rows if state == "unknown"}
    return Told(rows, inbox, cluster.arrived(), unsure)


async def season(
    directory: Path, rounds: range, seed: int, count: int
) -> AsyncGenerator[tuple[int, list[str], tuple[object, ...]]]:
    """These rounds on one database: the number of each, what does not add up, its cells."""
    async with cluster(directory, count, seed) as ready:
        for number in rounds:
            found, cells = await play(ready, number, Random(f"{seed} cluster {number}"))
            yield number, found, cells
            if found:
                return
