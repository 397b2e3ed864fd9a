"""Bridges that share a PostgreSQL database; their books are those of any one of them.

The virtual network, the server and the ways to it belong to this process; each bridge is a process of its own.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

import aiohttp

from device_drivers.virtual.world import World
from tests.campaign.exchange import REST, TAKES, Exchange, Told
from tests.campaign.serve import Serve, configured
from tests.support.database_way import DatabaseWay
from tests.support.postgresql import Server

#: what happens to the server, and to a bridge, its modem or the way between it and the server
OF_THE_SERVER = ("kill server", "stop server")
OF_A_BRIDGE = ("kill", "end", "freeze", "cut", "cut and lose", "unplug")
#: seconds between a bridge's signs of life: after three times as long another one takes its duties over
BEAT = 0.5
#: seconds for which a bridge is frozen or cut off: some are missed, some are not
ABSENCE = (0.2, 4.0)


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

    @property
    def serves(self) -> Mapping[str, Serve]:
        return {f"bridge{each.place}": each.serve for each in self.bridges}

    def drawn(self, chance: Random) -> Callable[[], Awaitable[None]]:
        kind = chance.choice(OF_THE_SERVER + OF_A_BRIDGE * 2)
        return partial(trouble, self, kind, chance.choice(self.bridges), chance.uniform(*ABSENCE))

    async def ask(self) -> Told:
        """What any one of them tells: they have the same books."""
        serve, key = self.chance.choice(self.bridges).serve, self.key
        rows = [(str(row["text"]), str(row["state"])) for row in await self.rows(serve, key, "/v1/messages")]
        inbox = Counter(str(row["text"]) for row in await self.rows(serve, key, "/v1/inbox"))
        # nobody knows better than the bridge that had it
        unsure = {text for text, state in rows if state == "unknown"}
        return Told(rows, inbox, self.arrived(), unsure)


@asynccontextmanager
async def cluster(directory: Path, count: int, seed: int = 0) -> AsyncIterator[Cluster]:
    """So many bridges on a database of their own, each with a modem, all running and ready."""
    async with AsyncExitStack() as undo:
        world = await undo.enter_async_context(World(directory / "world", modems=count))
        world.network.rules.send_latency = TAKES
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


# -- what happens to them --------------------------------------------------------------------------
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
