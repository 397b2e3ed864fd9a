"""A whole bridge with a modem line and a WhatsApp line, on a virtual network that has both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bridge.ports.driver import Device
from device_drivers.virtual.whatsapp.platform import Whatsapp
from device_drivers.virtual.world import World
from tests.support.running import Bridge, config, running

#: the name of the WhatsApp line
LINE = "shop-whatsapp"


@dataclass(frozen=True, slots=True)
class WhatsappSite:
    """A running bridge, and who is at the far ends."""

    bridge: Bridge
    world: World
    platform: Whatsapp

    @property
    def callback(self) -> str:
        """Where Meta calls the bridge."""
        return f"{self.bridge.url}/callbacks/{LINE}"


@asynccontextmanager
async def on_whatsapp(directory: Path, modems: int = 1, **options: Any) -> AsyncIterator[WhatsappSite]:
    """A bridge whose callback is known to the emulated platform; people may be written to at any time."""
    async with World(directory / "world", modems=modems, whatsapps=1) as world:
        (platform,) = world.whatsapps
        platform.faults.always_open = True
        devices = {f"line{number}": {"port": str(modem.port)} for number, modem in enumerate(world.modems)}
        settings = config(directory, devices)
        own = Device(LINE, "whatsapp_cloud", {**platform.options, "timeout": 2.0, **options})
        settings = replace(settings, devices={**settings.devices, LINE: own})
        async with running(settings) as bridge:
            site = WhatsappSite(bridge, world, platform)
            for name in settings.devices:
                await bridge.ready(name)
            assert await platform.subscribe(site.callback)
            yield site
