"""What a process tells the others of its database, and what it hears of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from bridge.accounts.credentials import OPERATOR
from bridge.bus import Bus
from bridge.model.account import Account
from bridge.model.event import LOOPBACK_ARRIVED, MESSAGE_SUBMITTED, Event
from bridge.model.message import State
from bridge.model.webhook import Endpoint
from bridge.ports.store import Store
from bridge.ports.store_rows import Queued
from bridge.store import open_store
from bridge.store.postgresql import news
from bridge.store.postgresql.connection import Connection
from bridge.store.postgresql.news import LONGEST, Listener, Teller
from bridge.store.writer import Tx
from tests.support.database_way import DatabaseWay
from tests.support.empty_store import empty_store
from tests.support.postgresql import server
from tests.support.store_rows import BY, NOW, SHOP, message
from tests.support.waiting import until


@dataclass
class Ear:
    """What was heard."""

    events: list[Event] = field(default_factory=list)
    queued: list[Queued] = field(default_factory=list)
    endpoints: list[str | None] = field(default_factory=list)
    admissions: int = 0
    #: how often everybody was told to look again
    wakes: int = 0
    bus: Bus = field(default_factory=Bus)

    def on(self, bus: Bus) -> "Ear":
        self.bus = bus
        bus.subscribe(self.events.extend)
        bus.subscribe_queues(self._hear_queued)
        bus.subscribe_endpoints(self.endpoints.append)
        bus.subscribe_admission(self._admit)
        return self

    def _hear_queued(self, queued: object) -> None:
        assert isinstance(queued, list | tuple)
        self.queued += queued
        self.wakes += not queued

    def _admit(self) -> None:
        self.admissions += 1


@pytest.fixture
def url(tmp_path: Path) -> str:
    return empty_store(tmp_path, "postgresql")


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Ear]:
    """Another process, once it listens."""
    bus, teller = Bus(), Teller()
    connection = Connection(url, ("BEGIN", ()), prepare=teller.find_channel)
    connection.close()
    ear = Ear().on(bus)
    listener = Listener(url, teller, bus)
    await until(lambda: ear.wakes)
    yield ear
    await listener.close()


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    bus = Bus()
    made = await open_store(url, bus, exclusive=True)
    await made.add_account(SHOP, [])
    yield made
    await made.close()


async def test_a_message_is_heard_of_by_its_route_and_its_event(store: Store, url: str) -> None:
    async with listening(url) as ear:
        await store.submit([message(1), message(2, due_at=NOW + 5000, state=State.SCHEDULED, expires_at=NOW + 9000)])
        await until(lambda: len(ear.queued) == 2)
        assert ear.queued == [Queued("", 1), Queued("", 1, NOW + 5000, NOW + 9000)]
        assert [(event.name, event.account) for event in ear.events] == [(MESSAGE_SUBMITTED, "shop")]


async def test_a_change_of_who_may_come_in_is_heard_of(store: Store, url: str) -> None:
    async with listening(url) as ear:
        before = ear.admissions
        await store.add_account(Account("cafe", NOW), [], BY)
        await until(lambda: ear.admissions > before)


async def test_a_change_of_an_endpoint_is_heard_of(store: Store, url: str) -> None:
    async with listening(url) as ear:
        await store.add_endpoint(Endpoint("e1", "shop", "http://127.0.0.1/", secret="x", created_at=NOW), BY)
        await until(lambda: "e1" in ear.endpoints)


async def test_what_is_undone_is_not_told(store: Store, url: str) -> None:
    def fail(tx: Tx) -> None:
        tx.queued.append(Queued("nowhere"))
        raise ZeroDivisionError

    async with listening(url) as ear:
        with pytest.raises(ZeroDivisionError):
            await store._writer.do(fail)  # type: ignore[attr-defined]
        await store.submit([message(1)])
        await until(lambda: ear.queued)
        assert ear.queued == [Queued("")]


async def test_a_process_does_not_hear_itself(url: str) -> None:
    bus = Bus()
    ear = Ear().on(bus)
    store = await open_store(url, bus, exclusive=True)
    await until(lambda: ear.wakes)
    async with listening(url) as other:
        await store.add_account(SHOP, [], BY)
        await store.submit([message(1)])
        await until(lambda: other.queued)
        assert ear.queued == [Queued("")]
    await store.close()


async def test_everybody_looks_again_when_the_session_was_lost(url: str) -> None:
    async with listening(url) as ear:
        before = ear.wakes
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        await until(lambda: ear.wakes > before + 1)  # when it is lost, and when there is another
        store = await open_store(url, exclusive=True)
        await store.add_account(SHOP, [])
        await store.submit([message(1)])
        await until(lambda: ear.queued)
        await store.close()


async def test_everybody_looks_again_where_a_server_says_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """TCP takes its side of the way for well."""
    monkeypatch.setattr(news, "SILENCE", 0.5)
    monkeypatch.setattr(news, "PATIENCE", 0.5)
    database = url.removeprefix("postgresql://sms@/").partition("?")[0]
    bus, teller = Bus(), Teller()
    Connection(url, ("BEGIN", ()), prepare=teller.find_channel).close()
    async with DatabaseWay(server()) as way:
        ear, listener = Ear().on(bus), Listener(way.url(database), teller, bus)
        await until(lambda: ear.wakes)
        before = ear.wakes
        way.cut()
        await until(lambda: ear.wakes > before)
        way.heal(late=False)
        await listener.close()


async def test_words_that_it_does_not_know_make_everybody_look(url: str) -> None:
    async with listening(url) as ear:
        for words in ("", "{}", '{"by": "x", "queued": 7}'):
            before = ear.wakes
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_notify(channel, %s) FROM (SELECT 'sms_bridge_' || oid AS channel "
                              "FROM pg_namespace WHERE nspname = current_schema()) here", (words,))  # fmt: skip
            await until(lambda before=before: ear.wakes > before)  # type: ignore[misc]


def heard(tx: Tx) -> tuple[Ear, str]:
    """What a process hears of a transaction of another one."""
    bus = Bus()
    ear, words = Ear().on(bus), Teller().written(tx)
    Teller().pass_on(words, bus)
    return ear, words


def test_says_nothing_of_what_nobody_waits_for() -> None:
    assert Teller().written(Tx(conn=None)) == ""  # type: ignore[arg-type]


def test_an_event_is_told_once_for_each_account_and_a_loop_back_with_what_it_says() -> None:
    plain = Event(1, "e", MESSAGE_SUBMITTED, "shop", NOW, "m1", {"text": "secret words"})
    loop = Event(3, "f", LOOPBACK_ARRIVED, OPERATOR, NOW, "token", {"from": "a", "to": "b"})
    ear, words = heard(Tx(conn=None, events=[plain, plain, loop]))  # type: ignore[arg-type]
    assert [event.name for event in ear.events] == [MESSAGE_SUBMITTED, LOOPBACK_ARRIVED]
    assert ear.events[1] == loop
    assert "secret words" not in words


def test_more_than_a_notification_takes_makes_everybody_look() -> None:
    ear, words = heard(Tx(conn=None, queued=[Queued(f"line {number}") for number in range(1000)]))  # type: ignore[arg-type]
    assert (len(words) < LONGEST, ear.queued, ear.wakes) == (True, [], 1)


def test_queues_are_told_by_route() -> None:
    queued = [Queued("a", 2), Queued("b", 1, NOW, NOW + 9), Queued("a", 3, 0, NOW + 5), Queued("b", 1, NOW - 1)]
    ear, _ = heard(Tx(conn=None, queued=queued))  # type: ignore[arg-type]
    assert ear.queued == [Queued("a", 5, 0, NOW + 5), Queued("b", 2, NOW - 1, NOW + 9)]


async def test_what_is_counted_against_limits_is_counted_by_both(url: str) -> None:
    counted: list[tuple[list[str], int]] = []
    bus, teller = Bus(), Teller()
    Connection(url, ("BEGIN", ()), prepare=teller.find_channel).close()
    async with listening(url) as ear:
        ear.bus.tallies.on("requests", lambda of, count: counted.append((list(of), count)))
        one = Listener(url, teller, bus)
        for number in range(500):
            bus.tallies.add("requests", f"account {number}", "60")
            bus.tallies.add("requests", f"account {number}", "60")
        await until(lambda: len(counted) == 500)
        await one.close()
    assert counted[7] == (["account 7", "60"], 2)


async def test_listens_again_to_a_server_that_comes_back(url: str) -> None:
    bus = Bus()
    ear = Ear().on(bus)
    listener = Listener(url.replace("/store_", "/nowhere_"), Teller(), bus)
    await until(lambda: ear.wakes >= 2)  # without a session everybody looks every now and then
    await listener.close()
    await asyncio.sleep(0)
