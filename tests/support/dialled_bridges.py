"""A hub and a site that dials it, both real bridges in this process, and the TCP way between them that may be cut."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bridge.config.hub import Hub
from bridge.config.schema import Config
from bridge.model.scope import Scope
from bridge.ports.driver import Device
from device_drivers.virtual.network.handset import Handset
from device_drivers.virtual.world import World
from tests.support.ports import port_for
from tests.support.running import SHOP, Bridge, config, running
from tests.support.two_bridges import LINE, OPTIONS, SITE

#: name of the hub's key at the site
HUB_KEY = "hub-key"
DIAL_KEY = "by this key shop2 dials in"
Front = Callable[[Bridge], AbstractAsyncContextManager[str]]


@dataclass
class Wire:
    """TCP from the site to the hub: cut, held up, or away when told to."""

    target: str = ""
    #: what the site calls the machine at the other end
    origin: str = "http://127.0.0.1"
    #: connections that were made
    dials: int = 0
    #: bytes from the hub after which the connection is cut, once; 0 for never
    cut_after: int = 0
    #: cleared: nothing passes, and nobody is told
    flows: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _plugging: asyncio.Lock = field(default_factory=asyncio.Lock)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.port = port_for(self)

    @property
    def url(self) -> str:
        """Where the site dials."""
        return f"{self.origin}:{self.port}"

    async def plug(self) -> None:
        """Listen; on the same port as before. Harmless when it does."""
        self.flows.set()
        async with self._plugging:  # two troubles of a campaign may end at once
            if self._server is not None:
                return
            self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port, reuse_address=True)

    async def unplug(self) -> None:
        """Cut what is open, and listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Cut what is open."""
        for writer in self._open:
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self.target.rpartition("/")[2].partition(":")
        try:
            there, back = await asyncio.open_connection(host, int(port))
        except (OSError, ValueError):  # the hub does not run
            writer.transport.abort()
            return
        self.dials += 1
        self._open |= {writer, back}
        for source, sink, counted in ((reader, back, False), (there, writer, True)):
            task = asyncio.get_running_loop().create_task(self._pass(source, sink, counted))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, counted: bool) -> None:
        try:
            while piece := await source.read(4096):
                await self.flows.wait()
                if counted and self.cut_after:
                    self.cut_after = max(0, self.cut_after - len(piece))
                    if not self.cut_after:
                        self.cut()
                        return
                sink.write(piece)
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            self._open.discard(sink)
            sink.close()


def _nothing() -> None:
    """What happens between an end and a start."""


def _copy(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    for path in target.glob("bridge.db*"):
        path.unlink()
    for path in source.glob("bridge.db*"):
        shutil.copy(path, target)


@dataclass
class DialledBridges:
    """A hub, its site that dials it, and what lies between and beyond them."""

    hub: Bridge
    site: Bridge
    wire: Wire
    world: World
    directory: Path
    #: the hub's, at the site
    key: str
    #: file with the authorities that the site trusts; "" for the system's
    ca: str
    _hub_stack: AsyncExitStack
    _site_stack: AsyncExitStack

    def person(self) -> Handset:
        """Somebody with a phone."""
        return self.world.network.handset(self.world.customers[0])

    async def restart_hub(self, between: Callable[[], None] = _nothing) -> None:
        """End the hub and start it on its store; it listens on another port, to which the way leads."""
        await self._hub_stack.aclose()
        between()
        settings = hub_config(self.directory / "hub", self.key)
        self.hub = await self._hub_stack.enter_async_context(running(settings))
        self.wire.target = self.hub.url

    async def restart_site(self, between: Callable[[], None] = _nothing, **changed: Any) -> None:
        """End the site and start it on its store, with this changed in its configuration."""
        await self._site_stack.aclose()
        between()
        self.site = await self._site_stack.enter_async_context(running(replace(self.site_config(), **changed)))

    def back_up(self, name: str) -> Callable[[], None]:
        """Copies the store of a bridge that does not run: what `restore` brings back."""
        return lambda: _copy(self.directory / name, self.directory / f"{name}-backup")

    def restore(self, name: str) -> Callable[[], None]:
        """Puts the copy in the place of the store."""
        return lambda: _copy(self.directory / f"{name}-backup", self.directory / name)

    def site_config(self) -> Config:
        """The site's modem, and the hub that it dials."""
        return site_config(self.directory, self.world, self.wire.url, self.ca)


def site_config(directory: Path, world: World, hub: str, ca: str = "") -> Config:
    """A site with one modem that dials a hub."""
    stick = {"line0": {"port": str(world.modems[0].port), "send_timeout": 10.0}}
    return replace(config(directory / "site", stick), hubs={"hub": Hub(hub, SITE, DIAL_KEY, ca)})


def hub_config(directory: Path, key: str, **options: Any) -> Config:
    """A hub with one device: a site that dials in."""
    directory.mkdir(parents=True, exist_ok=True)
    device = Device(SITE, "bridge_remote", {"dial_key": DIAL_KEY, "key": key, **OPTIONS, **options})
    return replace(config(directory, {}), devices={SITE: device})


@asynccontextmanager
async def dialled_bridges(
    directory: Path, origin: str = "http://127.0.0.1", ca: str = "", front: Front | None = None
) -> AsyncIterator[DialledBridges]:
    """Both of them, the hub's line ready; `front`: what stands before the hub, and where."""
    (directory / "site").mkdir()
    wire = Wire(origin=origin)
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(World(directory / "site/world", modems=1))
        await wire.plug()
        stack.push_async_callback(wire.unplug)
        hub_stack = await stack.enter_async_context(AsyncExitStack())
        site_stack = await stack.enter_async_context(AsyncExitStack())
        site = await site_stack.enter_async_context(running(site_config(directory, world, wire.url, ca)))
        await site.ready("line0")
        scopes = frozenset({Scope.SEND, Scope.READ, Scope.INBOX})
        _, printed = await site.gateway.administration.add_key("test", SHOP, HUB_KEY, scopes)
        key = printed["apikey"]
        hub = await hub_stack.enter_async_context(running(hub_config(directory / "hub", key)))
        wire.target = await stack.enter_async_context(front(hub)) if front else hub.url
        await hub.ready(LINE)
        yield DialledBridges(hub, site, wire, world, directory, key, ca, hub_stack, site_stack)
