"""A hub whose line is at a site, both real bridges in this process, and a way between them that fails when told to."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bridge.ports.driver import Device
from device_drivers.virtual.network.handset import Handset
from device_drivers.virtual.world import World
from tests.support.bad_way import BadWay
from tests.support.running import Bridge, config, running

#: of the hub's device; its line is at the site's first modem
SITE, LINE = "shop2", "shop2:line0"
#: short of patience, so that a test need not have much
OPTIONS: dict[str, Any] = {"timeout": 2.0, "patience": 3.0}


@dataclass
class TwoBridges:
    """A hub, its site, and what lies between and beyond them."""

    hub: Bridge
    site: Bridge
    way: BadWay
    world: World

    @property
    def modem(self) -> Any:
        """The site's first."""
        return self.world.modems[0]

    def person(self, number: str = "") -> Handset:
        """Somebody with a phone."""
        return self.world.network.handset(number or self.world.customers[0])


def hub_config(directory: Path, url: str, key: str, **options: Any) -> Any:
    """A hub with one device: a site at this URL."""
    directory.mkdir(parents=True, exist_ok=True)
    device = Device(SITE, "bridge_remote", {"url": url, "key": key, **OPTIONS, **options})
    return replace(config(directory, {}), devices={SITE: device})


@asynccontextmanager
async def two_bridges(
    directory: Path, modems: int = 1, send_timeout: float = 10.0, **options: Any
) -> AsyncIterator[TwoBridges]:
    """Both of them, the hub's lines ready; `send_timeout` of the site's modems, in seconds."""
    (directory / "site").mkdir()
    way = BadWay()
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(World(directory / "site/world", modems=modems))
        sticks = {
            f"line{number}": {"port": str(modem.port), "send_timeout": send_timeout}
            for number, modem in enumerate(world.modems)
        }
        site = await stack.enter_async_context(running(config(directory / "site", sticks)))
        for name in sticks:
            await site.ready(name)
        way.target = site.url
        await way.start()
        try:
            async with running(hub_config(directory / "hub", way.url, site.keys["apikey"], **options)) as hub:
                await hub.ready(LINE)
                yield TwoBridges(hub, site, way, world)
        finally:
            await way.close()
