"""What the demo runs on: a PostgreSQL server of its own, a virtual network, and the processes of the bridge."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from device_drivers.virtual.world import World
from tests.campaign.serve import Serve
from tests.support.postgresql import Server

#: processes that answer callers, and those with modems
FRONTS, BRIDGES = ("api-1", "api-2"), ("bridge-1", "bridge-2")
#: modems of each bridge
MODEMS = 2
#: seconds that the network takes for an SMS
LATENCY = 0.1
#: a process says so often that it is there: another takes over what only one does after three times as long
BEAT = 1.0  # s


class Hook:
    """The application that takes webhooks."""

    def __init__(self) -> None:
        #: by the events' ids: how often each came
        self.heard: dict[str, int] = {}
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen; returns the URL."""
        app = web.Application()
        app.router.add_post("/", self._hear)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def close(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _hear(self, request: web.Request) -> web.Response:
        await request.read()
        event = request.headers["Idempotency-Key"]
        self.heard[event] = self.heard.get(event, 0) + 1
        return web.Response()


@dataclass(frozen=True, slots=True)
class Stage:
    """All that runs."""

    folder: Path
    server: Server
    world: World
    hook: Hook
    http: aiohttp.ClientSession
    fronts: Mapping[str, Serve]
    bridges: Mapping[str, Serve]
    #: the API key of the account that sends
    key: str

    @property
    def processes(self) -> Mapping[str, Serve]:
        """Every process of the bridge."""
        return {**self.fronts, **self.bridges}

    async def ask(self, path: str, **query: str) -> Any:
        """What the API shows, by whichever process answers. Raises aiohttp.ClientError when none does."""
        trouble: Exception = aiohttp.ClientError("no process answers")
        for front in self.fronts.values():
            try:
                headers = {"Authorization": f"Bearer {self.key}"}
                async with self.http.get(f"{front.url}{path}", params=query, headers=headers) as answer:
                    answer.raise_for_status()
                    return await answer.json()
            except aiohttp.ClientError as error:
                trouble = error
        raise trouble

    async def tell(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Change something by the first process. Raises aiohttp.ClientError."""
        front, headers = next(iter(self.fronts.values())), {"Authorization": f"Bearer {self.key}"}
        async with self.http.request(method, f"{front.url}{path}", json=body, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def rows(self, path: str, name: str) -> list[dict[str, Any]]:
        """A whole list of the API."""
        rows, cursor = list[dict[str, Any]](), ""
        while True:
            page = await self.ask(path, limit="500", **({"cursor": cursor} if cursor else {}))
            rows += page[name]
            cursor = page["cursor"]
            if not cursor:
                return rows


@asynccontextmanager
async def stage(
    fronts: Sequence[str] = FRONTS, bridges: Sequence[str] = BRIDGES, modems: int = MODEMS
) -> AsyncIterator[Stage]:
    """Set everything up; at the end, everything is stopped and removed. Raises `tests.campaign.serve.NotStarted`."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sms-bridge-cluster-")))
        server = await _server(stack)
        url = server.url(await asyncio.to_thread(server.create))
        world = await stack.enter_async_context(World(folder / "world", modems=modems * len(bridges), customers=20))
        world.network.rules.send_latency = LATENCY
        hook = Hook()
        hooked = await hook.start()
        stack.push_async_callback(hook.close)
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(20)))
        callers = {name: _process(folder / name, url, "api", "") for name in fronts}
        senders = {
            name: _process(
                folder / name, url, "devices", _devices(world, range(number * modems, (number + 1) * modems))
            )
            for number, name in enumerate(bridges)
        }
        key = (await callers[fronts[0]].command("account", "add", "shop"))["apikey"]
        made = Stage(folder, server, world, hook, http, callers, senders, key)
        stack.push_async_callback(_end, made)
        await asyncio.gather(*(each.start() for each in made.processes.values()))
        await made.tell("POST", "/v1/webhooks", {"url": hooked})
        yield made


async def _server(stack: AsyncExitStack) -> Server:
    """A server, which is stopped at the end, also when that comes while it is being made."""
    making = asyncio.get_running_loop().run_in_executor(None, partial(Server, durable=True, apart=True))

    async def stop() -> None:
        (await making).stop()

    stack.push_async_callback(stop)
    return await asyncio.shield(making)


def _process(folder: Path, url: str, role: str, devices: str) -> Serve:
    folder.mkdir()
    config = folder / "config.toml"
    config.write_text(
        f"[http]\nport = 0\n[store]\nurl = {json.dumps(url)}\ndirectory = {json.dumps(str(folder))}\n"
        f'bridge = "{folder.name}"\nbeat = {BEAT}\n{devices}'
    )
    return Serve(folder, config, options=("--role", role))


def _devices(world: World, mine: range) -> str:
    return "".join(
        f'[devices.modem{number}]\ndriver = "gsm_modem"\nport = {json.dumps(str(world.modems[number].port))}\n'
        for number in mine
    )


async def _end(made: Stage) -> None:
    """Nothing of it is needed any more: what they have is in a database that goes away, too."""
    await asyncio.gather(*(each.kill() for each in made.processes.values()))
