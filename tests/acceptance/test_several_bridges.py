"""Several bridges on one PostgreSQL database: each sends by its own lines, and one goes on where another ends."""

import json
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from bridge.model.message import State
from device_drivers.virtual.world import World
from tests.acceptance.test_power_cut import Serve, received, settled
from tests.support.database_way import DatabaseWay
from tests.support.postgresql import Server
from tests.support.receivers import Receiver
from tests.support.waiting import until

#: seconds between signs of life: a bridge is missed soon, and none that only waits for a processor
BEAT = 2.0
NAMES = ("east", "west")


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that keeps what it commits."""
    made = Server(durable=True)
    yield made
    made.stop()


@dataclass
class Two:
    """Two bridges with a line each, of their own name, and the network that both are in."""

    world: World
    bridges: dict[str, Serve]
    key: str
    http: aiohttp.ClientSession

    async def submit(self, bridge: str, text: str, line: str = "") -> str:
        """Have a bridge accept a message, asking it again where it says so; returns the message's id."""
        body = {"to": "+15550150", "text": text} | ({"line": line} if line else {})
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": secrets.token_hex(8)}
        url = f"{self.bridges[bridge].url}/v1/messages"

        async def accepted() -> str:
            async with self.http.post(url, json=body, headers=headers) as answer:
                if answer.status == 503:
                    return ""
                assert answer.status < 300, await answer.text()
                return str((await answer.json())["id"])

        return await until(accepted, patience=60)

    async def message(self, bridge: str, id: str) -> dict[str, str]:
        """A message as a bridge tells it."""
        return dict(await self._get(bridge, f"messages/{id}"))

    async def lines(self, bridge: str) -> dict[str, str]:
        """The state of each line as a bridge tells it."""
        told = await self._get(bridge, "lines")
        return {line["name"]: line["state"] for line in told["lines"]}

    async def _get(self, bridge: str, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        async with self.http.get(f"{self.bridges[bridge].url}/v1/{path}", headers=headers) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def watch(self, bridge: str, receiver: Receiver) -> None:
        """Have webhooks made to a receiver."""
        url, headers = f"{self.bridges[bridge].url}/v1/webhooks", {"Authorization": f"Bearer {self.key}"}
        async with self.http.post(url, json={"url": receiver.url}, headers=headers) as answer:
            assert answer.status < 300, await answer.text()

    async def until_refused(self, bridge: str) -> None:
        """Until a bridge accepts nothing, and says when to come again."""
        url, headers = f"{self.bridges[bridge].url}/v1/messages", {"Authorization": f"Bearer {self.key}"}

        async def refused() -> bool:
            async with self.http.post(url, json={"to": "1", "text": "no number"}, headers=headers) as answer:
                return answer.status == 503 and "Retry-After" in answer.headers

        await until(refused, patience=60)

    async def until_both_send(self) -> None:
        """Until each bridge tells that both lines are ready."""

        async def ready() -> bool:
            with suppress(aiohttp.ClientResponseError):  # 503, while a server starts
                return all([await self.lines(name) == dict.fromkeys(NAMES, "ready") for name in self.bridges])
            return False

        await until(ready)

    def arrived(self) -> Counter[str]:
        """How often each text came to a handset."""
        numbers = self.world.customers
        return Counter(sms.text for number in numbers for sms in self.world.network.handset(number).received)


def bridge(folder: Path, name: str, port: str, url: str) -> Serve:
    """A bridge of this name, with a line of this name."""
    (folder / name).mkdir(exist_ok=True)
    return Serve(folder / name, port, url, name, f'bridge = "{name}"\nbeat = {BEAT}\n')


@asynccontextmanager
async def two(world: World, folder: Path, url: str, by: str = "") -> AsyncIterator[Two]:
    """Both bridges, ready to send; the first, which has the duties, reaches the database by a way of its own."""
    async with AsyncExitStack() as stack:
        ports = dict(zip(NAMES, world.modems, strict=True))
        ways = {"east": by or url, "west": url}
        bridges = {name: bridge(folder, name, str(modem.port), ways[name]) for name, modem in ports.items()}
        key = json.loads(await bridges["east"].command("account", "add", "shop", "--json"))["apikey"]
        http = await stack.enter_async_context(aiohttp.ClientSession())
        for each in bridges.values():
            await each.start()
            stack.push_async_callback(each.kill, signal.SIGTERM)
        both = Two(world, bridges, key, http)
        await both.until_both_send()
        yield both


async def test_each_sends_by_its_own_line_what_any_has_accepted(server: Server, tmp_path: Path) -> None:
    url = server.url(server.create())
    async with World(tmp_path / "world", modems=2) as world, two(world, tmp_path, url) as both:
        sent = {
            await both.submit(bridge, f"{bridge} by {line or 'any'} {number}", line): line
            for number in range(5)
            for bridge in NAMES
            for line in ("", *NAMES)
        }
        states = await settled(both.http, both.bridges["east"], both.key, {f"{b} by any 4" for b in NAMES})
        for name, line in sent.items():
            message = await both.message("west", name)
            assert not line or message["line"] == line
        assert set(states.values()) <= {State.SENT, State.DELIVERED}
        assert len(states) == len(sent)
        assert both.arrived() == Counter(dict.fromkeys(states, 1))


async def test_one_of_the_same_name_or_with_the_same_device_is_refused(server: Server, tmp_path: Path) -> None:
    url = server.url(server.create())
    async with World(tmp_path / "world", modems=2) as world, two(world, tmp_path, url):
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        twin = Serve(elsewhere, "/dev/null", url, "office", 'bridge = "east"\n')
        with pytest.raises(AssertionError, match="serve ended"):
            await twin.start()
        assert "in use by another bridge named 'east'" in (elsewhere / "log").read_text()
        thief = Serve(elsewhere, "/dev/null", url, "east", f'bridge = "north"\nbeat = {BEAT}\n')
        with pytest.raises(AssertionError, match="serve ended"):
            await thief.start()
        assert "devices.east: the bridge 'east' has a device of this name" in (elsewhere / "log").read_text()


@pytest.mark.timeout(120)
async def test_a_bridge_that_is_killed_settles_its_own_when_it_is_back_and_nothing_of_another(
    server: Server, tmp_path: Path
) -> None:
    url = server.url(server.create())
    async with World(tmp_path / "world", modems=2) as world, two(world, tmp_path, url) as both:
        world.network.rules.send_latency = 5.0
        hers, his = await both.submit("west", "by east", "east"), await both.submit("west", "by west", "west")

        async def in_hand() -> bool:
            return {(await both.message("west", each))["state"] for each in (hers, his)} == {State.SENDING}

        await until(in_hand)
        await both.bridges["east"].kill()
        assert (await both.message("west", hers))["state"] == State.SENDING
        await both.bridges["east"].start()
        assert (await both.message("west", hers))["state"] == State.UNKNOWN

        async def sent() -> bool:
            return (await both.message("east", his))["state"] in (State.SENT, State.DELIVERED)

        await until(sent)
        assert both.arrived()["by west"] == 1


@pytest.mark.timeout(180)
async def test_another_bridge_takes_the_device_of_one_that_is_gone_and_keeps_it(server: Server, tmp_path: Path) -> None:
    url = server.url(server.create())
    async with World(tmp_path / "world", modems=2) as world, two(world, tmp_path, url) as both:
        world.network.rules.send_latency = 5.0
        hers, his = await both.submit("west", "in her hand", "east"), await both.submit("west", "by west", "west")

        async def in_hand() -> bool:
            return {(await both.message("west", each))["state"] for each in (hers, his)} == {State.SENDING}

        await until(in_hand)
        await both.bridges["east"].kill()
        world.network.rules.send_latency = 0.0
        folder = tmp_path / "spare"
        folder.mkdir()
        spare = Serve(folder, str(world.modems[0].port), url, "east", f'bridge = "spare"\nbeat = {BEAT}\n')
        await spare.start()
        both.bridges["spare"] = spare
        try:
            assert (await both.message("west", hers))["state"] == State.UNKNOWN
            later = await both.submit("west", "by the spare", "east")
            for sent in (his, later):

                async def out(message: str = sent) -> bool:
                    return (await both.message("west", message))["state"] in (State.SENT, State.DELIVERED)

                await until(out)
            assert both.arrived() - Counter(["in her hand"]) == Counter(["by west", "by the spare"])
            with pytest.raises(AssertionError, match="serve ended"):
                await both.bridges["east"].start()
            log = (tmp_path / "east" / "log").read_text()
            assert "devices.east: the bridge 'spare' has a device of this name" in log
        finally:
            await spare.kill(signal.SIGTERM)


def on_duty(url: str) -> str:
    """The bridge that has the duties."""
    with psycopg.connect(url) as session:
        row = session.execute("SELECT bridge FROM duties WHERE until > clock_timestamp()").fetchone()
    return str(row[0]) if row else ""


def told(receiver: Receiver) -> set[str]:
    """The texts of which webhooks told that they were sent."""
    return {each.text for each in receiver.heard if each.json["data"].get("status") == "sent"}


@pytest.mark.timeout(180)
async def test_another_takes_over_what_only_one_does_from_a_bridge_that_is_killed(
    server: Server, tmp_path: Path
) -> None:
    url = server.url(server.create())
    async with World(tmp_path / "world", modems=2) as world, two(world, tmp_path, url) as both, Receiver() as receiver:
        await both.watch("west", receiver)
        assert on_duty(url) == "east"
        await both.submit("west", "before", "west")
        await until(lambda: told(receiver) == {"before"})
        await both.bridges["east"].kill()
        began = time.monotonic()
        await both.submit("west", "after", "west")
        await until(lambda: told(receiver) == {"before", "after"})
        assert on_duty(url) == "west"
        assert time.monotonic() - began < 30
        await both.bridges["east"].start()
        await both.until_both_send()
        await both.submit("east", "again", "east")
        await until(lambda: told(receiver) == {"before", "after", "again"})
        assert on_duty(url) == "west"
        # but for what the first had under way, of which nobody knows whether it arrived
        events = Counter(
            each.event_id for each in receiver.heard if each.json["data"].get("message") in ("after", "again")
        )
        assert set(events.values()) == {1}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("late", [True, False], ids=["what was under way comes late", "what was under way is lost"])
async def test_a_bridge_that_is_cut_off_from_the_database_loses_nothing_and_sends_nothing_twice(
    server: Server, tmp_path: Path, late: bool
) -> None:
    database = server.create()
    url = server.url(database)
    async with (
        DatabaseWay(server) as way,
        World(tmp_path / "world", modems=2) as world,
        two(world, tmp_path, url, way.url(database)) as both,
        Receiver() as receiver,
    ):
        await both.watch("west", receiver)
        world.network.rules.send_latency = 0.2
        texts = [f"before {number}" for number in range(10)]
        for text in texts:
            await both.submit("west", text)
        await until(both.arrived)
        way.cut()
        world.network.handset("+15550150").send("+15550100", "while nobody can keep it")
        for number in range(5):
            for line in NAMES:
                texts.append(f"meanwhile by {line} {number}")
                await both.submit("west", texts[-1], line)
        await until(lambda: on_duty(url) == "west", patience=60)
        await until(lambda: {f"meanwhile by west {number}" for number in range(5)} <= told(receiver), patience=60)
        assert (await both.lines("west"))["east"] == "absent"
        way.heal(late)
        await both.until_both_send()
        states = await settled(both.http, both.bridges["east"], both.key, set(texts))
        assert sorted(states) == sorted(texts)
        assert set(states.values()) <= {State.SENT, State.DELIVERED}
        assert both.arrived() == Counter(texts)
        await until(lambda: told(receiver) == set(texts))
        assert on_duty(url) == "west"
        inbox = await received(both.http, both.bridges["west"], both.key, 1)
        assert inbox == ["while nobody can keep it"]


@pytest.mark.timeout(240)
async def test_both_go_on_when_the_server_was_killed_and_started_again(server: Server, tmp_path: Path) -> None:
    url = server.url(server.create())
    async with World(tmp_path / "world", modems=2) as world, two(world, tmp_path, url) as both:
        world.network.rules.send_latency = 0.1
        texts = [f"before {number}" for number in range(20)]
        for number, text in enumerate(texts):
            await both.submit(NAMES[number % 2], text)
        server.kill()
        for name in NAMES:
            await both.until_refused(name)
        server.start()
        await both.until_both_send()
        for number in range(10):
            texts.append(f"after {number}")
            await both.submit(NAMES[number % 2], texts[-1])
        states = await settled(both.http, both.bridges["west"], both.key, set(texts))
        assert set(states.values()) <= {State.SENT, State.DELIVERED}
        assert both.arrived() == Counter(texts)
        await until(lambda: on_duty(url) in NAMES)


@pytest.mark.timeout(240)
async def test_callers_are_told_to_come_again_while_a_server_lives_and_says_nothing(
    server: Server, tmp_path: Path
) -> None:
    """TCP takes it for well: callers waited for as long as it was stopped."""
    url = server.url(server.create())
    async with World(tmp_path / "world", modems=2) as world, two(world, tmp_path, url) as both:
        server.signal(signal.SIGSTOP)
        for name in NAMES:
            await both.until_refused(name)
        server.signal(signal.SIGCONT)
        await both.until_both_send()
        texts = {name: f"after by {name}" for name in NAMES}
        for name, text in texts.items():
            await both.submit(name, text)
        states = await settled(both.http, both.bridges["west"], both.key, set(texts.values()))
        assert set(states.values()) <= {State.SENT, State.DELIVERED}
        assert both.arrived() == Counter(texts.values())
