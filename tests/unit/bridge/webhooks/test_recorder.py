"""Outcomes on their way to the store: gathered, never lost, and never so far behind that a crash repeats much."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bridge.errors import StoreUnavailable
from bridge.model.webhook import Delivery, DeliveryState
from bridge.tasks import Tasks
from bridge.webhooks.recorder import STORE_AGAIN, UNRECORDED, Records
from tests.support.clocks import settle, skip
from tests.unit.bridge.webhooks.conftest import SlowStore


@pytest.fixture
async def records(store: SlowStore) -> AsyncIterator[Records]:
    tasks = Tasks("records")
    yield Records(store, tasks)
    await tasks.close()


async def made(store: SlowStore, count: int) -> list[Delivery]:
    """Deliveries that a receiver has taken and the store does not know of yet."""
    await store.receive_sms(*map(str, range(count)))
    return [replace(row, state=DeliveryState.DELIVERED, attempts=1) for row in await store.rows()]


async def test_a_burst_of_outcomes_is_one_write(store: SlowStore, records: Records) -> None:
    outcomes = await made(store, 5)
    for outcome in outcomes:
        records.add(outcome)
    await records.settled()
    assert store.writes == [5]
    assert await store.rows() == outcomes


async def test_an_outcome_is_written_though_nobody_waits_for_it(store: SlowStore, records: Records) -> None:
    (outcome,) = await made(store, 1)
    records.add(outcome)
    assert await store.rows_when(lambda row: row.state is DeliveryState.DELIVERED) == [outcome]


async def test_what_the_store_refuses_is_written_once_it_takes_it(store: SlowStore, records: Records) -> None:
    (outcome,) = await made(store, 1)
    store.troubles = [StoreUnavailable("the disk is full"), StoreUnavailable("the disk is full")]
    records.add(outcome)
    settled = asyncio.gather(records.settled())
    for _ in range(2):
        await settle()
        assert not settled.done()
        skip(STORE_AGAIN)
    await settled
    assert await store.rows() == [outcome]


async def test_there_is_no_room_for_more_while_the_store_refuses(store: SlowStore, records: Records) -> None:
    """What is delivered now would be delivered again after a crash."""
    (outcome,) = await made(store, 1)
    store.troubles = [StoreUnavailable("the disk is full")]
    await records.room()
    records.add(outcome)
    skip(1)
    await settle()
    room = asyncio.gather(records.room())
    await settle()
    assert not room.done()
    skip(STORE_AGAIN)
    await room
    assert await store.rows() == [outcome]


async def test_deliveries_are_never_further_ahead_of_their_records_than_a_crash_may_repeat(
    store: SlowStore, records: Records
) -> None:
    outcomes = await made(store, UNRECORDED)
    store.may_record.clear()
    for outcome in outcomes[:-1]:
        records.add(outcome)
    await records.room()
    records.add(outcomes[-1])
    room = asyncio.gather(records.room())
    await settle()
    assert not room.done()
    store.may_record.set()
    await room
    await records.settled()
    assert await store.rows() == outcomes
