"""The real `serve` process with an account, and its HTTP API as a client sees it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.processes import output, python, started, until


@dataclass
class Bridge:
    """A running bridge."""

    url: str
    apikey: str
    pid: int
    http: aiohttp.ClientSession

    async def post(self, path: str, value: object) -> Any:
        """A call of the native API."""
        async with self.http.post(self.url + path, json=value) as answer:
            told = await answer.json()
        if not answer.ok:
            raise ValueError(f"{path}: {answer.status} {told}")
        return told

    async def get(self, path: str) -> Any:
        """A question to the native API."""
        async with self.http.get(self.url + path) as answer:
            return await answer.json()

    async def ready(self, lines: int, patience: float = 30.0) -> None:
        """Wait until so many lines can send, for so many seconds at most."""
        async with asyncio.timeout(patience):
            while await self._ready() < lines:
                await asyncio.sleep(0.05)

    async def _ready(self) -> int:
        return sum(line["state"] == "ready" for line in (await self.get("/v1/lines"))["lines"])


@asynccontextmanager
async def serving(
    folder: Path,
    ports: Sequence[str] = (),
    *before: str | Path,
    devices: str = "",
    account: str = "bench",
    environment: Mapping[str, str] | None = None,
    store: str = "",
    url: str = "",
    role: str = "all",
    patience: float = 30.0,
) -> AsyncIterator[Bridge]:
    """`serve` with a modem at each port, all of them ready. `before` goes in front of the command, for a profiler;
    `devices` are further tables of the configuration and `store` further lines of [store], whose `url` others may have,
    too; `account` must be a new one each time, `patience` are the seconds that the lines may take."""
    folder.mkdir(parents=True, exist_ok=True)
    config, log = folder / "config.toml", folder / "bridge.log"
    modems = [f'[devices.line{number}]\ndriver = "gsm_modem"\nport = "{port}"\n' for number, port in enumerate(ports)]
    config.write_text(
        f'[http]\nport = 0\n[store]\nurl = "{url or f"sqlite:///{folder}/bridge.db"}"\n{store}\n'
        '[log]\nlevel = "warning"\n' + "".join([*modems, devices])
    )
    control = folder / "control.json"
    async with started(
        *before, *python("bridge", "serve", "--role", role, "--config", config), log=log, environment=environment
    ) as process:
        await until(control.exists, process, log)
        added = await output(*python("bridge", "account", "add", account, "--json", "--config", config), log=log)
        apikey = json.loads(added)["apikey"]
        headers = {"Authorization": f"Bearer {apikey}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            bridge = Bridge(json.loads(control.read_text())["url"], apikey, process.pid, http)
            await bridge.ready(len(ports) + devices.count("[devices."), patience)
            yield bridge
