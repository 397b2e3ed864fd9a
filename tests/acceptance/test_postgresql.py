"""A bridge on PostgreSQL: the bridge and the server are killed while messages flow, and nothing is lost or doubled."""

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psycopg
import pytest

from bridge.model.message import State
from device_drivers.virtual.world import World
from tests.acceptance.test_power_cut import Serve, received, serving, settled
from tests.support.postgresql import Server
from tests.support.waiting import until

#: so many are accepted before each kill, and after the last
ROUND = 20


@dataclass
class Asked:
    """What callers heard."""

    #: texts of which a 2xx came back
    accepted: set[str] = field(default_factory=set)
    #: for each 503 whether it said when to try again
    refused: list[bool] = field(default_factory=list)
    #: any other answer
    failed: list[int] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that keeps what it commits."""
    made = Server(durable=True)
    yield made
    made.stop()


async def ask(http: aiohttp.ClientSession, serve: Serve, key: str, asked: Asked) -> None:
    """Submit one text after the other, each once, whatever the answer."""
    for number in range(100_000):
        body = {"to": f"+{15550150 + number % 10}", "text": f"out {number}"}
        headers = {"Authorization": f"Bearer {key}"}
        try:
            async with http.post(f"{serve.url}/v1/messages", json=body, headers=headers) as answer:
                if answer.status < 300:
                    asked.accepted.add(body["text"])
                elif answer.status == 503:
                    asked.refused.append("Retry-After" in answer.headers)
                else:
                    asked.failed.append(answer.status)
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.02)


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_kills_of_the_server_and_the_bridge_lose_nothing_and_send_nothing_twice(
    server: Server, tmp_path: Path
) -> None:
    asked, written = Asked(), list[str]()
    url = server.url(server.create())
    async with World(tmp_path / "world", modems=1) as world, serving(world, tmp_path, url) as (serve, key):
        world.network.rules.send_latency = 0.01

        async def more() -> None:
            enough = len(asked.accepted) + ROUND
            for _ in range(5):
                written.append(f"in {len(written)}")
                world.network.handset("+15550150").send("+15550100", written[-1])
            await until(lambda: len(asked.accepted) >= enough)

        async with aiohttp.ClientSession() as http:
            asking = asyncio.get_running_loop().create_task(ask(http, serve, key, asked))
            await more()
            server.kill()
            await until(lambda: len(asked.refused) >= 3)
            world.network.handset("+15550150").send("+15550100", "while nobody can keep it")
            written.append("while nobody can keep it")
            server.start()
            await more()  # the bridge was not started again
            await serve.kill()
            await serve.start()
            await more()
            asking.cancel()
            states = await settled(http, serve, key, asked.accepted)
            inbox = await received(http, serve, key, len(written))

    arrived = Counter(sms.text for number in world.customers for sms in world.network.handset(number).received)
    assert all(asked.refused)
    assert asked.accepted <= states.keys()
    assert all(count == 1 for count in arrived.values()), "sent twice"
    sure = {text for text, state in states.items() if state in (State.SENT, State.DELIVERED)}
    unsure = {text for text, state in states.items() if state is State.UNKNOWN}
    assert sure | unsure == states.keys()
    assert sure <= arrived.keys()
    assert len(unsure) <= 1  # what the modem had in hand when the bridge was killed
    assert Counter(inbox) == Counter(written)


async def test_a_second_bridge_is_refused_and_commands_work_without_one(server: Server, tmp_path: Path) -> None:
    url = server.url(server.create())
    async with World(tmp_path / "world", modems=1) as world, serving(world, tmp_path, url) as (serve, _):
        assert "shop" in await serve.command("account", "list")
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        other = Serve(elsewhere, "/dev/null", url)
        with pytest.raises(AssertionError, match="assert 1 == 0"):
            await other.command("account", "list")


@pytest.mark.timeout(180)
async def test_a_bridge_waits_for_its_server_which_is_away_when_it_starts(server: Server, tmp_path: Path) -> None:
    url, log = server.url(server.create()), tmp_path / "log"
    async with World(tmp_path / "world", modems=1) as world:
        serve = Serve(tmp_path, str(world.modems[0].port), url)
        await asyncio.to_thread(server.kill)
        starting = asyncio.get_running_loop().create_task(serve.start())
        try:
            await until(lambda: log.exists() and "waiting for the database: store.url" in log.read_text(), patience=100)
            await asyncio.to_thread(server.start)
            await starting
        finally:
            starting.cancel()
            await serve.kill(signal.SIGTERM)


@pytest.mark.timeout(240)
async def test_a_database_that_becomes_read_only_is_told_to_callers_until_it_is_written_again(
    server: Server, tmp_path: Path
) -> None:
    """As at a failover to a standby: the sessions end, and those after them cannot write."""
    name = server.create()
    ends = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sms-bridge' AND datname = %s"
    )
    asked = Asked()
    async with World(tmp_path / "world", modems=1) as world, serving(world, tmp_path, server.url(name)) as (serve, key):
        world.network.rules.send_latency = 0.01
        async with aiohttp.ClientSession() as http:

            async def ready() -> int:
                async with http.get(f"{serve.url}/readyz") as answer:
                    return answer.status

            async def is_ready() -> bool:
                return await ready() == 200

            asking = asyncio.get_running_loop().create_task(ask(http, serve, key, asked))
            await until(lambda: len(asked.accepted) >= ROUND, patience=60)
            with psycopg.connect(server.url("postgres"), autocommit=True) as other:
                other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
                other.execute(ends, (name,))
            await until(lambda: len(asked.refused) >= ROUND, patience=60)
            assert await ready() == 503
            # some more, so that all that goes on by itself has met it
            enough = len(asked.refused) + 5 * ROUND
            await until(lambda: len(asked.refused) >= enough, patience=60)
            with psycopg.connect(server.url("postgres"), autocommit=True) as other:
                other.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
            await until(is_ready, patience=60)
            enough = len(asked.accepted) + ROUND
            await until(lambda: len(asked.accepted) >= enough, patience=60)
            asking.cancel()
            states = await settled(http, serve, key, asked.accepted)
    assert all(asked.refused)
    assert not asked.failed
    assert asked.accepted <= states.keys()
    assert set(states.values()) <= {State.SENT, State.DELIVERED}
    arrived = Counter(sms.text for number in world.customers for sms in world.network.handset(number).received)
    assert arrived == Counter(states.keys())
