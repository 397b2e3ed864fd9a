"""A whole bridge on a virtual network, in this process: the real daemon, driver, serial port and store."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from bridge.accounts.credentials import new_credentials
from bridge.config.schema import Config, Http, Inbox, Sending
from bridge.config.storage import Storage
from bridge.daemon import run
from bridge.errors import NotPossible
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account
from bridge.model.inbox import Received
from bridge.model.line import Line
from bridge.model.message import Message, State
from bridge.model.query import InboxQuery, MessageQuery
from bridge.ports.clock import Clock
from bridge.ports.driver import Device
from bridge.ports.store import Store
from bridge.ports.virtual import VirtualPhones
from device_drivers.virtual.world import World
from tests.support.waiting import until

T = TypeVar("T")
SHOP = Account("shop")
#: how long a test waits for what must happen
PATIENCE = 30.0  # s


@dataclass
class Bridge:
    """A running bridge and what a test needs of it."""

    url: str
    gateway: Gateway
    store: Store
    keys: Mapping[str, str]
    http: aiohttp.ClientSession

    async def ready(self, line: str) -> Line:
        """A line, once it is ready."""

        def look() -> Line | None:
            return next((each for each in self.gateway.lines() if each.name == line and each.state == "ready"), None)

        found = await until(look)
        assert found is not None
        return found

    async def settled(self, *states: State, patience: float = PATIENCE) -> list[Message]:
        """All messages, once every one of them is in one of these states."""

        async def look() -> list[Message]:
            page = await self.gateway.messages(SHOP, MessageQuery(limit=10_000))
            return [] if any(message.state not in states for message in page.rows) else list(page.rows)

        return await until(look, patience)

    async def became(self, message: str, *states: State) -> Message:
        """A message, once it is in one of these states."""

        async def look() -> Message | None:
            found = await self.gateway.message(SHOP, message)
            return found if found.state in states else None

        found = await until(look)
        assert found is not None
        return found

    async def received(self, count: int, patience: float = PATIENCE) -> list[Received]:
        """The inbox, oldest first, once it holds so many."""

        async def look() -> list[Received]:
            rows = (await self.gateway.inbox(SHOP, InboxQuery(limit=10_000))).rows
            return list(reversed(rows)) if len(rows) >= count else []

        return await until(look, patience)

    async def send(self, to: str, text: str, **more: str) -> str:
        """Send through the SMSMobile dialect; the message's id."""
        form = {"apikey": self.keys["apikey"], "recipients": to, "message": text, **more}
        async with self.http.post(f"{self.url}/sendsms", data=form) as answer:
            told: dict[str, Any] = await answer.json()
        assert told["result"]["sent"] == "1", told
        return str(told["result"]["id"])


def config(directory: Path, devices: Mapping[str, Mapping[str, Any]], **sending: Any) -> Config:
    """A bridge with these modems, its store in `directory`, on any free port."""
    return Config(
        http=Http(port=0),
        store=Storage(f"sqlite:///{directory / 'bridge.db'}"),
        sending=Sending(**{"retry_interval": 0.1} | sending),
        inbox=Inbox(partial_after=3600.0),
        devices={name: Device(name, "gsm_modem", dict(options)) for name, options in devices.items()},
    )


@asynccontextmanager
async def running(
    settings: Config, machine: Clock | None = None, virtual: VirtualPhones | None = None
) -> AsyncIterator[Bridge]:
    """The daemon, from its first line to its last; by the time of this machine; a demo has `virtual` phones."""
    ready: asyncio.Future[run.Running] = asyncio.get_running_loop().create_future()
    daemon = run.run(settings, on_ready=ready.set_result, machine=machine, virtual=virtual)
    task = asyncio.get_running_loop().create_task(daemon)
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        up = ready.result()
        printed, credentials = new_credentials("shop")
        try:
            await up.store.add_account(SHOP, credentials)
        except NotPossible:  # a bridge before this one made it
            for credential in credentials:
                await up.store.add_credential("shop", credential, replace=True)
        async with aiohttp.ClientSession() as http:
            yield Bridge(up.url, up.gateway, up.store, printed, http)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def on_modems(directory: Path, count: int = 1, **sending: Any) -> AsyncIterator[tuple[Bridge, World]]:
    """A bridge with so many modem lines, `line0` …"""
    async with World(directory / "world", modems=count) as world:
        devices = {f"line{number}": {"port": str(modem.port)} for number, modem in enumerate(world.modems)}
        async with running(config(directory, devices, **sending)) as bridge:
            yield bridge, world
