"""Dials the hubs of the configuration, as it changes."""

import asyncio
from collections.abc import Callable, Mapping

from bridge.config.hub import Hub
from bridge.tasks import Tasks


class Dialling:
    """A connection to each hub. `close` it."""

    def __init__(self, serve: Callable[[], asyncio.BaseProtocol]) -> None:
        """`serve` makes the HTTP server's protocol for what a hub asks."""
        self._serve = serve
        #: by the hubs' names
        self._dialled: dict[str, tuple[Hub, Tasks]] = {}

    async def adopt(self, hubs: Mapping[str, Hub]) -> None:
        """Dial these from now on, and hang up where one is not among them or is another now."""
        for name, (hub, tasks) in list(self._dialled.items()):
            if hubs.get(name) != hub:
                del self._dialled[name]
                await tasks.close()
        for name in hubs.keys() - self._dialled.keys():
            self._start(name, hubs[name])

    def _start(self, name: str, hub: Hub) -> None:
        from device_drivers.bridge_remote.dialler import Dialler

        tasks = Tasks(f"hub {name}")
        tasks.start(Dialler(hub.url, hub.site, hub.dial_key, self._serve, hub.ca).run(), "dialler")
        self._dialled[name] = (hub, tasks)

    async def close(self) -> None:
        """Hang up."""
        await self.adopt({})
