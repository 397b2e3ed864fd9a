"""Where a season plays: a virtual network in this process, an adb server, and a bridge that is a process of its own."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from device_drivers.virtual.control import command
from device_drivers.virtual.modem.profile import PROFILES
from device_drivers.virtual.phone.server import AdbServer, NoServer
from device_drivers.virtual.world import World
from tests.campaign.books import Books, token_of
from tests.campaign.catalogue import Request
from tests.campaign.clients import TEMPLATE
from tests.campaign.clock import Clock
from tests.campaign.receivers import Receiver
from tests.campaign.serve import Serve
from tests.support.ports import free_port

CUSTOMERS = 8
#: account → what it does when an outcome is unknown
ACCOUNTS: Mapping[str, str] = {"hold": "hold", "resend": "resend", "fail": "fail"}
CREDITS = 100_000
#: what a network in good health takes: so that there is something to break in the middle of
HEALTHY: Mapping[str, Any] = {"send_latency": 0.05, "delivery_delay": 0.02, "report_delay": 0.05}
#: seconds after which a message expires that says nothing of it itself
EXPIRES = 120
#: seconds until all lines are ready for the first time
READY = 60.0

Keys = Mapping[str, Mapping[str, str]]


@dataclass
class Stage:
    """Everything that a round needs."""

    directory: Path
    world: World
    adb: AdbServer
    serve: Serve
    receiver: Receiver
    books: Books
    http: aiohttp.ClientSession
    keys: Keys
    #: what the virtual network says that it can do
    catalogue: Mapping[str, Any]

    async def ask(self, request: Request) -> dict[str, Any]:
        """Steer the virtual network as anybody does: over its control socket."""
        return await command(self.world.control.path, request)

    async def get(self, account: str, path: str, **query: str) -> Any:
        """Ask the bridge over its native API. Raises aiohttp.ClientError, TimeoutError."""
        return await self.call("GET", account, path, params=query)

    async def call(self, method: str, account: str, path: str, **request: Any) -> Any:
        """Any call of the native API. Raises aiohttp.ClientError, TimeoutError."""
        headers = {"Authorization": f"Bearer {self.keys[account]['apikey']}"}
        async with (
            asyncio.timeout(10),
            self.http.request(method, self.serve.url + path, headers=headers, **request) as answer,
        ):
            answer.raise_for_status()
            return await answer.json()

    async def attach_phones(self) -> None:
        """Make adb's server look for the phones: what USB does by itself."""
        for phone in self.world.phones:
            with contextlib.suppress(NoServer, OSError):
                await self.adb.disconnect(phone.address)
            with contextlib.suppress(NoServer, OSError):
                await self.adb.connect(phone.address)

    @property
    def lines(self) -> Sequence[str]:
        """The numbers of ours."""
        return [modem.number for modem in self.world.modems] + self.phones

    @property
    def phones(self) -> list[str]:
        """Those of ours that are phones'."""
        return [sim.number for phone in self.world.phones for sim in phone.sims]

    def on_phones(self) -> frozenset[str]:
        """Tokens of SMS that lie in a phone's own store."""
        rows = (row for phone in self.world.phones for row in phone.provider.rows())
        return frozenset(token for row in rows if (token := token_of(row.body or "")))

    def shown(self) -> frozenset[str]:
        """Whole texts that customers' phones showed."""
        handsets = (self.world.network.handset(number) for number in self.world.customers)
        return frozenset(sms.text for handset in handsets for sms in handset.received)


@asynccontextmanager
async def stage(
    directory: Path, chance: Random, modems: int, phones: int, clock: bool = False, make: str | None = None
) -> AsyncIterator[Stage]:
    """A new network, a new store, and a bridge whose lines are all ready.

    `clock`: its clock can be stepped. `make`: of the modems; drawn where there is none.
    """
    books = Books()
    drawn = [chance.choice(sorted(PROFILES)) for _ in range(modems)]
    profiles = [PROFILES[make or each] for each in drawn]
    async with AsyncExitStack() as stack:
        world = World(directory / "world", profiles, CUSTOMERS, seed=chance.randrange(1 << 30), phones=phones)
        await stack.enter_async_context(world)
        world.network.listen(books.carried)
        adb = AdbServer(directory / "adb")
        await adb.start()
        stack.push_async_callback(adb.close)
        receiver = Receiver(books, Random(chance.randrange(1 << 30)))
        await receiver.start()
        stack.push_async_callback(receiver.close)
        serve = Serve(directory, _configured(directory, world, adb), Clock(directory) if clock else None)
        keys = {
            name: await serve.command("account", "add", name, "--on-unknown", how) for name, how in ACCOUNTS.items()
        }
        for name in ACCOUNTS:
            await serve.command("account", "top-up", name, str(CREDITS), "--yes")
            await serve.command("template", "add", name, TEMPLATE, "{text}")
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)))
        stack.push_async_callback(serve.kill)
        await command(world.control.path, {"command": "rules", **HEALTHY})
        catalogue = await command(world.control.path, {"command": "catalogue"})
        catalogue["rules"] |= {name: [catalogue["rules"][name][0], value] for name, value in HEALTHY.items()}
        ready = Stage(directory, world, adb, serve, receiver, books, http, keys, catalogue)
        await ready.attach_phones()
        await serve.start()
        await _made_ready(ready)
        yield ready


async def _made_ready(stage: Stage) -> None:
    """What a phone held before it was first opened stays on it: so wait for all, then let webhooks come."""
    async with asyncio.timeout(READY):
        while not all(line["state"] == "ready" for line in (await stage.get("hold", "/v1/lines"))["lines"]):
            await asyncio.sleep(0.1)
    for name in ACCOUNTS:
        hooks: list[dict[str, Any]] = [{"url": f"{stage.receiver.url}/zhenzi", "format": "zhenzi"}]
        if name == "hold":
            hooks.append({"url": f"{stage.receiver.url}/hook", "events": ["message.received", "message.delivered"]})
        for hook in hooks:
            await stage.call("POST", name, "/v1/webhooks", json=hook)


def _configured(directory: Path, world: World, adb: AdbServer) -> Path:
    """Patience as short as the rounds are; everything else as it comes."""
    port = free_port()
    lines = [
        f'[http]\nport = {port}\n[store]\nurl = "sqlite:///{directory}/bridge.db"',
        f"[sending]\nretry_interval = 0.3\nexpire_after = {EXPIRES}",
    ]
    for place, modem in enumerate(world.modems):
        told = {"driver": "gsm_modem", "port": modem.port, "send_timeout": 5.0, "command_timeout": 2.0}
        lines.append(_table(f"modem{place}", told | {"poll_interval": 2.0, "watchdog": 2.0}))
    for place, phone in enumerate(world.phones):
        told = {"driver": "android_adb", "serial": phone.address, "adb_port": adb.port, "segments_per_minute": 30}
        patience = {"poll_interval": 0.5, "settle": 0.3, "send_timeout": 5.0, "command_timeout": 4.0}
        lines.append(_table(f"phone{place}", told | patience))
    path = directory / "config.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def _table(name: str, options: Mapping[str, Any]) -> str:
    return "\n".join([f"[devices.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in options.items())])
