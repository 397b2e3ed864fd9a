"""A queue for every endpoint there is, woken by what it asked for and by nothing else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bridge.bus import Bus, News
from bridge.errors import StoreUnavailable
from bridge.model.event import ALARM_RAISED, MESSAGE_RECEIVED, MESSAGE_SENT, Event
from bridge.model.query import LedgerQuery
from bridge.model.webhook import DeliveryState, Endpoint
from bridge.webhooks.deliverer import Deliverer
from bridge.webhooks.recorder import STORE_AGAIN
from tests.support.clocks import START, FakeClock, settle, skip
from tests.support.store_rows import BY
from tests.unit.bridge.webhooks.conftest import SOON, Poster, SlowStore


@pytest.fixture
async def ledger(store: SlowStore, bus: Bus, clock: FakeClock, poster: Poster) -> AsyncIterator[Deliverer]:
    deaths: list[BaseException] = []
    ledger = Deliverer(store, bus, clock, poster, deaths.append)
    await ledger.start()
    async with asyncio.timeout(SOON):
        while not store.read:  # what is owed from before
            await asyncio.sleep(0)
    yield ledger
    await ledger.close()
    assert deaths == []


async def test_what_is_owed_from_before_is_delivered_at_the_start(
    store: SlowStore, bus: Bus, clock: FakeClock, poster: Poster
) -> None:
    await store.receive_sms("hello")
    ledger = Deliverer(store, bus, clock, poster)
    await ledger.start()
    assert await poster.has_posted(1) == ["hello"]
    await ledger.close()
    assert [row.state for row in await store.rows()] == [DeliveryState.DELIVERED]


async def test_an_event_is_delivered_when_it_is_committed(ledger: Deliverer, store: SlowStore, poster: Poster) -> None:
    await store.receive_sms("hello")
    assert await poster.has_posted(1) == ["hello"]


@pytest.mark.parametrize(
    ("name", "account", "wakes"),
    [
        (MESSAGE_RECEIVED, "", True),
        (MESSAGE_RECEIVED, "shop", True),
        (MESSAGE_RECEIVED, "cafe", False),
        (MESSAGE_SENT, "shop", False),
        (ALARM_RAISED, "", False),
    ],
)
async def test_a_queue_is_woken_by_what_may_be_owed_to_it(
    ledger: Deliverer, store: SlowStore, bus: Bus, endpoint: Endpoint, name: str, account: str, wakes: bool
) -> None:
    store.read.clear()
    bus.publish([Event(1, "e", name, account, 0, "m1", {})])
    await settle()
    await store.owed("nobody", 1)  # it is read after what was asked for before
    assert store.read == [endpoint.id] * wakes + ["nobody"]


async def test_an_endpoint_that_another_process_added_has_a_queue_once_that_is_heard(
    ledger: Deliverer, store: SlowStore, bus: Bus, poster: Poster, endpoint: Endpoint
) -> None:
    await store.remove_endpoint("", endpoint.id, BY)
    await store.add_endpoint(replace(endpoint, id="e2"), BY)
    bus.hear(News(endpoints=["e2"]))
    await store.receive_sms("hello")
    assert await poster.has_posted(1) == ["hello"]


async def test_a_new_endpoint_gets_what_comes_from_then_on(
    ledger: Deliverer, store: SlowStore, poster: Poster, endpoint: Endpoint
) -> None:
    await store.remove_endpoint("", endpoint.id, BY)
    ledger.poke()
    await store.add_endpoint(replace(endpoint, id="e2"), BY)
    ledger.poke()
    await store.receive_sms("hello")
    assert await poster.has_posted(1) == ["hello"]
    (row,) = await store.rows_when(lambda row: row.state is DeliveryState.DELIVERED)
    assert row.endpoint == "e2"


async def test_what_is_redelivered_goes_out_though_the_store_could_not_be_read_at_first(
    ledger: Deliverer, store: SlowStore, poster: Poster, endpoint: Endpoint
) -> None:
    await store.receive_sms("hello")
    (row,) = await store.rows_when(lambda row: row.state is DeliveryState.DELIVERED)
    assert await store.redeliver("shop", LedgerQuery(), [row.id], START) == 1
    store.unreadable = [StoreUnavailable("the store is locked")]
    ledger.poke(endpoint.id)
    await settle()
    assert poster.posted == ["hello"]
    skip(STORE_AGAIN)
    assert await poster.has_posted(2) == ["hello", "hello"]


async def test_closing_gives_an_attempt_under_way_its_time_and_leaves_the_rest_owed(
    store: SlowStore, bus: Bus, clock: FakeClock, poster: Poster
) -> None:
    ledger = Deliverer(store, bus, clock, poster, grace=0.05)
    poster.may_answer.clear()
    await ledger.start()
    await store.receive_sms("one", "two")
    await poster.has_posted(1)
    await ledger.close()
    assert [row.state for row in await store.rows()] == [DeliveryState.OWED, DeliveryState.OWED]
    assert poster.posted == ["one"]
