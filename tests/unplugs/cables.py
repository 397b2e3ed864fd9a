"""A bridge with a modem and a phone whose cables are pulled, and what it has by then."""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from device_drivers.virtual.phone.server import AdbServer, NoServer
from device_drivers.virtual.world import World
from tests.campaign.serve import Serve
from tests.support.ports import free_port
from tests.support.waiting import until
from tests.unplugs.watched import COUNTS

#: seconds until a line is what it should be
PATIENCE = 60.0
#: seconds at most from putting a cable in to pulling it out again, where nobody waits for the line
SOON = 0.5
#: readings in a row that have to be the same, and the pause between them: the last of a lost link's threads ends
STEADY, PAUSE = 3, 0.2


@dataclass(frozen=True)
class Counts:
    """What a process has."""

    threads: int
    tasks: int
    descriptors: int
    #: of memory, for Python's objects
    blocks: int
    #: KiB in use out of malloc's heaps, without the store's page cache
    allocated: int
    #: KiB that the process takes of the machine, with what is free in its heaps
    resident: int
    #: KiB of them once what is free went back, without the store's page cache
    needed: int

    @property
    def held(self) -> tuple[int, int, int]:
        """What may not be more by a single one."""
        return self.threads, self.tasks, self.descriptors


class Cables:
    """Of a modem and of a phone, both in the hands of one bridge."""

    def __init__(
        self, world: World, adb: AdbServer, serve: Serve, http: aiohttp.ClientSession, key: str, chance: Random
    ) -> None:
        self._world = world
        self._adb = adb
        self._serve = serve
        self._http = http
        self._headers = {"Authorization": f"Bearer {key}"}
        self._chance = chance
        #: how often each cable was pulled
        self.pulled = 0
        self._asked = 0

    async def pull(self) -> None:
        """Pull both cables once more: while all is quiet, with a message under way, or while they are connecting."""
        match self.pulled % 3:
            case 0:
                await self._all("ready")
            case 1:
                await self._all("ready")
                await self._submit()
                await asyncio.sleep(self._chance.uniform(0, 0.2))
            case _:
                await asyncio.sleep(self._chance.uniform(0, SOON))
        self.pulled += 1
        for device in (*self._world.modems, *self._world.phones):
            device.unplug()
        if self.pulled % 3:
            await self._all("absent")
        await self._put_in()

    async def _put_in(self) -> None:
        for modem in self._world.modems:
            modem.replug()
        for phone in self._world.phones:
            phone.replug()
            with contextlib.suppress(NoServer):  # it has forgotten the phone by itself
                await self._adb.disconnect(phone.address)
            with contextlib.suppress(NoServer):  # the bridge was faster
                await self._adb.connect(phone.address)  # what USB does by itself

    async def count(self) -> Counts:
        """What the bridge has once its lines are ready, messages have gone out, and nothing ends any more."""
        await self._all("ready")
        await until(self._is_idle, PATIENCE)
        found = [await self._counts()]
        async with asyncio.timeout(PATIENCE):
            while len(found) < STEADY or len({each.held for each in found[-STEADY:]}) > 1:
                await asyncio.sleep(PAUSE)
                found.append(await self._counts())
        return found[-1]

    async def _counts(self) -> Counts:
        told = self._serve.directory / COUNTS
        told.unlink(missing_ok=True)
        self._serve.signal(signal.SIGUSR1)
        await until(told.exists, PATIENCE)
        return Counts(**json.loads(told.read_text()))

    # -- asking -----------------------------------------------------------------------------------
    async def _all(self, state: str) -> None:
        async def look() -> bool:
            lines = (await self._get("/v1/lines"))["lines"]
            return all(line["state"] == state for line in lines)

        await until(look, PATIENCE)

    async def _is_idle(self) -> bool:
        """Has every message come to its end?"""
        messages = (await self._get("/v1/messages?limit=50"))["messages"]
        return not any(message["state"] in ("queued", "sending") for message in messages)

    async def _submit(self) -> None:
        """One message for each line; what becomes of it is not the question here."""
        for line in ("modem", "phone"):
            self._asked += 1
            body = {"to": self._world.customers[0], "text": f"number {self._asked}", "line": line, "ttl": 5}
            async with self._http.post(f"{self._serve.url}/v1/messages", json=body, headers=self._headers) as answer:
                answer.raise_for_status()

    async def _get(self, path: str) -> Any:
        async with self._http.get(self._serve.url + path, headers=self._headers) as answer:
            answer.raise_for_status()
            return await answer.json()


@asynccontextmanager
async def cables(directory: Path, chance: Random) -> AsyncIterator[Cables]:
    """Everything plugged in, and a bridge that counts what it has."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(World(directory / "world", modems=1, phones=1))
        adb = AdbServer(directory / "adb")
        await adb.start()
        stack.push_async_callback(adb.close)
        await adb.connect(world.phones[0].address)
        serve = Serve(directory, _configured(directory, world, adb), module="tests.unplugs.watched")
        key = (await serve.command("account", "add", "shop"))["apikey"]
        http = await stack.enter_async_context(aiohttp.ClientSession())
        await serve.start()
        stack.push_async_callback(serve.kill)
        yield Cables(world, adb, serve, http, key, chance)


def _configured(directory: Path, world: World, adb: AdbServer) -> Path:
    port = free_port()
    path = directory / "config.toml"
    path.write_text(
        f'[http]\nport = {port}\n[store]\nurl = "sqlite:///{directory}/bridge.db"\n[log]\nlevel = "error"\n'
        f'[devices.modem]\ndriver = "gsm_modem"\nport = "{world.modems[0].port}"\n'
        f'[devices.phone]\ndriver = "android_adb"\nserial = "{world.phones[0].address}"\nadb_port = {adb.port}\n'
    )
    return path


def row(pulled: int, counts: Counts) -> str:
    """A row of the table."""
    sizes = {name: f"{getattr(counts, name) / 1024:.1f}" for name in ("allocated", "resident", "needed")}
    values = {name: f"{value:,}" for name, value in asdict(counts).items()} | sizes
    return f"| {pulled:,} | " + " | ".join(values.values()) + " |"
