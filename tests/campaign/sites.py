"""A hub and its sites over ways that flap; their books are the hub's.

The virtual network and the ways live in this process and survive; hub and sites are processes of their own.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

import aiohttp

from device_drivers.virtual.world import World
from tests.campaign.exchange import REST, TAKES, Exchange, Told
from tests.campaign.serve import Serve, configured
from tests.support.bad_way import BadWay
from tests.support.dialled_bridges import DIAL_KEY, Wire

#: what happens to the hub, and to a site, its modem or the way to it
OF_THE_HUB = ("kill hub",)
OF_A_SITE = ("kill", "unplug", "lose", "lose_answers", "repeat", "hold_back", "cut", "away", "delay", "flaps")


@dataclass
class Site:
    """A site with its modem, and the way to it."""

    place: int
    serve: Serve
    way: BadWay
    key: str
    #: of a site that dials the hub: what it goes by instead
    wire: Wire | None = None

    async def start(self) -> None:
        """On another port each time; the way leads there."""
        await self.serve.start()
        self.way.target = self.serve.url

    def cut(self) -> None:
        """Every connection between it and the hub."""
        (self.wire or self.way).cut()


@dataclass
class Roof(Exchange):
    """The hub, its sites, and what is known of them outside."""

    hub: Serve
    sites: list[Site]
    #: held by whoever ends or starts a bridge
    process: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def door(self) -> str:
        return self.hub.url

    async def start(self) -> None:
        """The hub, on another port each time; the sites that dial it are led there."""
        await self.hub.start()
        for site in self.sites:
            if site.wire is not None:
                site.wire.target = self.hub.url

    @property
    def serves(self) -> Mapping[str, Serve]:
        return {"hub": self.hub, **{f"site{site.place}": site.serve for site in self.sites}}

    def write(self, text: str, site: Site, customer: str) -> None:
        """A customer writes to a site."""
        self.letter(text, site.place, customer)

    def drawn(self, chance: Random) -> Callable[[], Awaitable[None]]:
        return partial(trouble, self, chance.choice(OF_THE_HUB * 2 + OF_A_SITE), chance.choice(self.sites))

    async def repair(self) -> None:
        for site in self.sites:
            if site.wire is not None:
                site.wire.cut_after = 0
            faults = site.way.faults
            faults.lose = faults.lose_answers = faults.repeat = faults.hold_back = 0
            faults.delay = faults.flaps = 0.0
            self.world.modems[site.place].replug()
            with suppress(aiohttp.ClientError):  # it came while the site was dead
                await site.way.let_through()

    async def ask(self) -> Told:
        unsure = {
            str(row["text"])
            for site in self.sites
            for row in await self.rows(site.serve, site.key, "/v1/messages")
            if row["state"] == "unknown"
        }
        inbox = Counter(str(row["text"]) for row in await self.rows(self.hub, self.key, "/v1/inbox"))
        rows = [(str(row["text"]), str(row["state"])) for row in await self.rows(self.hub, self.key, "/v1/messages")]
        return Told(rows, inbox, self.arrived(), unsure)


@asynccontextmanager
async def roof(directory: Path, count: int, seed: int = 0) -> AsyncIterator[Roof]:
    """A hub and so many sites, each with a modem, all running and ready; every second of them dials the hub."""
    async with AsyncExitStack() as undo:
        world = await undo.enter_async_context(World(directory / "world", modems=count))
        world.network.rules.send_latency = TAKES
        http = await undo.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)))
        sites, devices = list[Site](), ""
        for place in range(count):
            way = BadWay(seed=seed + place)
            await way.start()
            undo.push_async_callback(way.close)
            port = world.modems[place].port
            stick = f'[devices.stick]\ndriver = "gsm_modem"\nport = "{port}"\nsend_timeout = 2.0\n'
            wire = Wire() if place % 2 else None
            if wire is not None:
                await wire.plug()
                undo.push_async_callback(wire.unplug)
                stick += f'[hubs.hub]\nurl = "{wire.url}"\nsite = "site{place}"\ndial_key = "{DIAL_KEY}"\n'
            serve = configured(directory / f"site{place}", stick)
            key = (await serve.command("account", "add", "hub"))["apikey"]
            sites.append(Site(place, serve, way, key, wire))
            reached = f'url = "{way.url}"' if wire is None else f'dial_key = "{DIAL_KEY}"'
            devices += f'[devices.site{place}]\ndriver = "bridge_remote"\n{reached}\nkey = "{key}"\n'
            devices += "timeout = 2\npatience = 3\n"
            undo.push_async_callback(serve.end)
            await sites[place].start()
        hub = configured(directory / "hub", devices)
        key = (await hub.command("account", "add", "shop"))["apikey"]
        undo.push_async_callback(hub.end)
        ready = Roof(world, http, key, hub, sites)
        await ready.start()
        await _until_ready(ready)
        yield ready


async def _until_ready(roof: Roof) -> None:
    async with asyncio.timeout(REST):
        while [line["state"] for line in await roof.rows(roof.hub, roof.key, "/v1/lines")] != ["ready"] * len(
            roof.sites
        ):
            await asyncio.sleep(0.2)


# -- what happens to them --------------------------------------------------------------------------
async def trouble(roof: Roof, kind: str, site: Site) -> None:
    """Have something happen to the hub, or to a site, its modem or its way."""
    if kind == "kill hub":
        async with roof.process:
            await roof.hub.kill()
            await roof.start()
    elif kind == "kill":
        async with roof.process:
            await site.serve.kill()
            site.cut()
            await site.start()
    elif kind == "unplug":
        roof.world.modems[site.place].unplug()
        await asyncio.sleep(1)
        roof.world.modems[site.place].replug()
    elif site.wire is not None:
        await _disturb(site.wire, kind)
    elif kind == "cut":
        site.way.cut()
    elif kind == "away":
        site.way.faults.flaps = 1.0
        site.way.cut()
    elif kind in ("delay", "flaps"):
        setattr(site.way.faults, kind, 0.4)
    else:
        setattr(site.way.faults, kind, 2)


async def _disturb(wire: Wire, kind: str) -> None:
    """The connection of a site that dials: cut, also within a request and its answer, gone, or held up."""
    if kind in ("lose", "lose_answers", "repeat", "hold_back"):
        wire.cut_after = {"lose": 1, "lose_answers": 400, "repeat": 200, "hold_back": 700}[kind]
    elif kind in ("away", "flaps"):
        await wire.unplug()
        await asyncio.sleep(1)
        await wire.plug()
    elif kind == "delay":
        wire.flows.clear()
        await asyncio.sleep(1)
        wire.flows.set()
    else:
        wire.cut()
