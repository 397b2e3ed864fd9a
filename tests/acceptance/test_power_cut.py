"""SIGKILL under load, again and again: nothing lost, nothing sent twice, and what is not known is called unknown.

The virtual network lives in this process and survives; the bridge is a process of its own and does not.
"""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bridge.model.message import State
from device_drivers.virtual.world import World
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
KILLS = 4
#: so many are accepted at least before each of them
ROUND = 30
PATIENCE = 60.0  # s


class Serve:
    """`sms-bridge serve` in a process of its own, with one modem line and one account."""

    def __init__(self, directory: Path, port: str, store: str = "", device: str = "office", more: str = "") -> None:
        self._directory = directory
        self._config = directory / "config.toml"
        self._config.write_text(
            f'[http]\nport = 0\n[store]\nurl = "{store or f"sqlite:///{directory}/bridge.db"}"\n'
            f'directory = "{directory}"\n{more}'
            f'[devices.{device}]\ndriver = "gsm_modem"\nport = "{port}"\n'
        )
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""

    async def command(self, *arguments: str) -> str:
        """Run another command to its end."""
        process = await self._start(*arguments)
        out, _ = await process.communicate()
        assert process.returncode == 0, out
        return out.decode()

    async def start(self) -> None:
        """Until it answers."""
        self._process = await self._start("serve")
        control = self._directory / "control.json"
        async with asyncio.timeout(PATIENCE):
            while True:
                assert self._process.returncode is None, "serve ended"
                found = json.loads(control.read_text()) if control.exists() else {}
                if found.get("pid") == self._process.pid:
                    self.url = found["url"]
                    return
                await asyncio.sleep(0.02)

    async def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it the hard way, or another."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(how)
        await self._process.wait()

    async def _start(self, *arguments: str) -> asyncio.subprocess.Process:
        with (self._directory / "log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bridge", *arguments, "--config", str(self._config),
                stdout=asyncio.subprocess.PIPE, stderr=log, env=os.environ | {"PYTHONPATH": str(ROOT)},
            )  # fmt: skip


@asynccontextmanager
async def serving(world: World, directory: Path, store: str = "") -> AsyncIterator[tuple[Serve, str]]:
    serve = Serve(directory, str(world.modems[0].port), store)
    key = json.loads(await serve.command("account", "add", "shop", "--json"))["apikey"]
    await serve.start()
    try:
        yield serve, key
    finally:
        await serve.kill(signal.SIGTERM)


async def submit_until_killed(
    http: aiohttp.ClientSession, serve: Serve, key: str, numbers: range, accepted: set[str]
) -> None:
    """To `accepted` go the texts for which a 2xx came back."""
    for number in numbers:
        form = {"apikey": key, "recipients": f"+{15550150 + number % 10}", "message": f"out {number}"}
        try:
            async with http.post(f"{serve.url}/sendsms", data=form) as answer:
                if answer.status == 200:
                    accepted.add(form["message"])
        except aiohttp.ClientError:
            break
        await asyncio.sleep(0.005)


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_kills_under_load_lose_nothing_and_send_nothing_twice(tmp_path: Path) -> None:
    accepted: set[str] = set()
    written: list[str] = []
    async with World(tmp_path / "world", modems=1) as world, serving(world, tmp_path) as (serve, key):
        world.network.rules.send_latency = 0.01
        async with aiohttp.ClientSession() as http:
            for kill in range(KILLS):
                begin, enough = kill * 1000, len(accepted) + ROUND
                submitting = asyncio.get_running_loop().create_task(
                    submit_until_killed(http, serve, key, range(begin, begin + 1000), accepted)
                )
                for number in range(20):
                    written.append(f"in {kill}.{number}")
                    world.network.handset(f"+{15550150 + number % 10}").send("+15550100", written[-1])
                    if number < 10:
                        await asyncio.sleep(0.05)
                    if number == 9:
                        await until(lambda: len(accepted) >= enough)  # noqa: B023 - used at once
                # the last ten came in one burst; each kill falls into another moment of it
                await asyncio.sleep(0.04 * kill)
                await serve.kill()
                await submitting
                await serve.start()
            states = await settled(http, serve, key, accepted)
            inbox = await received(http, serve, key, len(written))

    arrived = Counter(sms.text for number in world.customers for sms in world.network.handset(number).received)
    assert accepted <= states.keys()  # none lost; one whose 2xx was cut off may be there besides
    assert all(count == 1 for count in arrived.values()), "sent twice"
    sure = {text for text, state in states.items() if state in (State.SENT, State.DELIVERED)}
    unsure = {text for text, state in states.items() if state is State.UNKNOWN}
    assert sure | unsure == states.keys()
    assert sure <= arrived.keys()
    assert len(unsure) <= KILLS  # one modem has one message in hand
    assert Counter(inbox) == Counter(written)


async def settled(http: aiohttp.ClientSession, serve: Serve, key: str, accepted: set[str]) -> dict[str, State]:
    """Each message's state by its text, once none has a way to go."""
    async with asyncio.timeout(PATIENCE):
        while True:
            rows, cursor = [], ""
            while True:
                query = {"limit": "500"} | ({"cursor": cursor} if cursor else {})
                page = await get(http, f"{serve.url}/v1/messages", key, query)
                rows += page["messages"]
                cursor = page["cursor"]
                if not cursor:
                    break
            if all(row["state"] not in ("queued", "scheduled", "sending") for row in rows):
                return {row["text"]: State(row["state"]) for row in rows}
            await asyncio.sleep(0.1)


async def received(http: aiohttp.ClientSession, serve: Serve, key: str, count: int) -> list[str]:
    """The texts of the inbox, once there are so many and a little later still."""
    async with asyncio.timeout(PATIENCE):
        while True:
            page = await get(http, f"{serve.url}/v1/inbox", key, {"limit": "500"})
            if len(page["messages"]) >= count:
                return [row["text"] for row in page["messages"]]
            await asyncio.sleep(0.1)


async def get(
    http: aiohttp.ClientSession, url: str, key: str, query: dict[str, str]
) -> dict[str, list[dict[str, str]]]:
    async with http.get(url, params=query, headers={"Authorization": f"Bearer {key}"}) as answer:
        answer.raise_for_status()
        found: dict[str, list[dict[str, str]]] = await answer.json()
        return found
