"""One endpoint's queue over a real store: what is posted when, and what is on disk before the next attempt."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bridge.bus import Bus
from bridge.errors import StoreUnavailable
from bridge.model.event import Event
from bridge.model.query import LedgerQuery
from bridge.model.webhook import Delivery, DeliveryState, Endpoint, EndpointChange
from bridge.tasks import Tasks
from bridge.webhooks import endpoint_queue
from bridge.webhooks.endpoint_queue import EndpointQueue
from bridge.webhooks.retry_policy import Answer
from tests.support.clocks import FakeClock, settle, skip
from tests.support.store_rows import BY, SHOP
from tests.unit.bridge.webhooks.conftest import SOON, Poster, SlowStore

DOWN, REFUSED = Answer(503, "HTTP 503 Service Unavailable"), Answer(400, "HTTP 400 Bad Request")


class Work:
    """A queue at work, and how its run ends."""

    def __init__(self, queue: EndpointQueue, tasks: Tasks, clock: FakeClock) -> None:
        self.queue = queue
        self.clock = clock
        self.run = tasks.start(queue.run(), "queue")

    def pass_time(self, milliseconds: int) -> None:
        self.clock.at += milliseconds
        self.queue.wake()


@pytest.fixture
async def work(endpoint: Endpoint, store: SlowStore, clock: FakeClock, poster: Poster, bus: Bus) -> AsyncIterator[Work]:
    tasks = Tasks("test")
    yield Work(EndpointQueue(endpoint, store, clock, poster, tasks, bus.metrics), tasks, clock)
    store.may_record.set()
    await tasks.close()


async def test_delivers_in_order_one_at_a_time(work: Work, store: SlowStore, poster: Poster) -> None:
    poster.may_answer.clear()
    await store.receive_sms("one", "two", "three")
    work.queue.wake()
    await poster.has_posted(1)
    await settle()
    assert poster.posted == ["one"]
    poster.may_answer.set()
    await store.rows_when(lambda row: row.state is DeliveryState.DELIVERED)
    assert poster.posted == ["one", "two", "three"]


async def test_nothing_is_tried_again_before_its_last_outcome_is_on_disk(
    work: Work, store: SlowStore, poster: Poster
) -> None:
    """The record of the first attempt would overwrite that of the second: delivered, and owed for ever."""
    poster.answers = [DOWN]
    store.may_record.clear()
    await store.receive_sms("hello")
    work.queue.wake()
    await poster.has_posted(1)
    await settle()
    work.pass_time(60_000)
    await settle()
    assert poster.posted == ["hello"]
    store.may_record.set()
    await store.rows_when(lambda row: row.attempts == 1)
    work.pass_time(60_000)
    (row,) = await store.rows_when(lambda row: row.state is DeliveryState.DELIVERED)
    assert (row.attempts, store.writes) == (2, [1, 1])


async def test_what_was_delivered_is_recorded_while_the_next_is_under_way(
    work: Work, store: SlowStore, poster: Poster
) -> None:
    store.may_record.clear()
    await store.receive_sms("one", "two")
    work.queue.wake()
    assert await poster.has_posted(2) == ["one", "two"]
    assert {row.state for row in await store.rows()} == {DeliveryState.OWED}


async def test_finishing_waits_for_the_attempt_under_way_and_its_record_and_makes_no_other(
    work: Work, store: SlowStore, poster: Poster
) -> None:
    poster.may_answer.clear()
    await store.receive_sms("one", "two")
    work.queue.wake()
    await poster.has_posted(1)
    work.queue.finish()
    await settle()
    assert not work.run.done()
    poster.may_answer.set()
    await work.run
    assert [row.state for row in await store.rows()] == [DeliveryState.DELIVERED, DeliveryState.OWED]
    assert poster.posted == ["one"]


async def test_what_could_not_be_read_is_read_again_a_while_later(
    work: Work, store: SlowStore, poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint_queue, "STORE_AGAIN", 600.0)  # not over while the machine stands still
    async with asyncio.timeout(SOON):
        while not store.read:  # or the first look finds it
            await asyncio.sleep(0.002)
    await store.receive_sms("hello")
    store.unreadable = [StoreUnavailable("the store is locked")]
    work.queue.wake()
    await settle()
    assert poster.posted == []
    skip(600.0)
    assert await poster.has_posted(1) == ["hello"]


async def test_a_receiver_that_refuses_one_sms_gets_the_next_after_three_tries(
    work: Work, store: SlowStore, poster: Poster
) -> None:
    poster.answers = [REFUSED, REFUSED, REFUSED]
    await store.receive_sms("refused", "next")
    work.queue.wake()
    for attempts in (1, 2):
        await poster.has_posted(attempts)
        await settle()
        await store.rows_when(lambda row: row.attempts in (0, attempts))  # noqa: B023 - used at once
        work.pass_time(60_000)
    assert await poster.has_posted(4) == ["refused", "refused", "refused", "next"]


async def test_what_is_requeued_while_it_is_tried_begins_anew(
    work: Work, store: SlowStore, poster: Poster, endpoint: Endpoint
) -> None:
    """The outcome of the try under way would put it off again, or give it up."""
    poster.answers = [DOWN, DOWN]
    await store.receive_sms("hello")
    work.queue.wake()
    await store.rows_when(lambda row: row.attempts == 1)
    poster.may_answer.clear()
    work.pass_time(60_000)
    await poster.has_posted(2)
    assert await store.redeliver(SHOP.name, LedgerQuery(), [], work.clock.at) == 1
    work.queue.look_again(endpoint, ask=False)
    poster.may_answer.set()
    assert await poster.has_posted(3) == ["hello"] * 3
    (row,) = await store.rows_when(lambda row: row.state is DeliveryState.DELIVERED)
    assert row.attempts == 1


async def test_what_is_requeued_while_the_queue_is_read_goes_out(
    work: Work, store: SlowStore, poster: Poster, endpoint: Endpoint
) -> None:
    """The read behind the old cursor sees nothing of it, and must not pass for having read the news."""
    await store.receive_sms("hello")
    work.queue.wake()
    await store.rows_when(lambda row: row.state is DeliveryState.DELIVERED)
    store.may_answer.clear()
    store.read.clear()
    work.queue.wake()
    async with asyncio.timeout(SOON):
        while not store.read:
            await asyncio.sleep(0)
    assert await store.redeliver(SHOP.name, LedgerQuery(), [], work.clock.at) == 1
    work.queue.look_again(endpoint, ask=False)
    store.may_answer.set()
    assert await poster.has_posted(2) == ["hello", "hello"]


async def test_an_endpoint_that_is_gone_is_paused_with_what_else_was_changed_meanwhile(
    work: Work, store: SlowStore, poster: Poster, endpoint: Endpoint
) -> None:
    """Its secret was rotated while the attempt was under way: pausing it must not bring the old one back."""
    poster.answers, rotated = [Answer(410, "HTTP 410 Gone")], replace(endpoint, next_secret="new")
    poster.may_answer.clear()
    await store.receive_sms("one", "two")
    work.queue.wake()
    await poster.has_posted(1)
    await store.begin_rotation(SHOP.name, endpoint.id, "new", BY)
    poster.may_answer.set()
    async with asyncio.timeout(SOON):
        while await store.endpoints() != [replace(rotated, paused=True)]:
            await asyncio.sleep(0.002)
    work.pass_time(60_000)
    await settle()
    assert poster.posted == ["one"]


async def test_an_endpoint_that_was_moved_while_its_old_place_answered_410_goes_on_at_the_new_one(
    work: Work, store: SlowStore, poster: Poster, endpoint: Endpoint
) -> None:
    poster.answers = [Answer(410, "HTTP 410 Gone")]
    poster.may_answer.clear()
    await store.receive_sms("one", "two")
    work.queue.wake()
    await poster.has_posted(1)
    moved = await store.change_endpoint(SHOP.name, endpoint.id, EndpointChange(url="http://127.0.0.1:9/new"), BY)
    work.queue.look_again(moved, ask=True)
    poster.may_answer.set()
    await store.rows_when(lambda row: row.attempts > 0)
    work.pass_time(60_000)
    await store.rows_when(lambda row: row.state is DeliveryState.DELIVERED)
    assert await store.endpoints() == [moved]


async def test_that_an_endpoint_is_paused_is_written_once_the_store_takes_it(
    work: Work, store: SlowStore, poster: Poster, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was paused in the queue alone, and shown as one at work, until it was changed or the bridge restarted."""
    pause, troubles = store.pause_endpoint, [StoreUnavailable("the disk is full")]

    async def refusing(*given: Any) -> None:
        if troubles:
            raise troubles.pop()
        await pause(*given)

    monkeypatch.setattr(store, "pause_endpoint", refusing)
    poster.answers = [Answer(410, "HTTP 410 Gone")]
    await store.receive_sms("one")
    work.queue.wake()
    async with asyncio.timeout(SOON):
        while await store.endpoints() != [replace(endpoint, paused=True)]:
            await asyncio.sleep(0.002)


class FlakyPoster(Poster):
    """A receiver that takes the first event and then fails half of the time, by a seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.chance = random.Random(seed)
        self.took: list[str] = []

    async def __call__(self, endpoint: Endpoint, delivery: Delivery, event: Event, now: int) -> Answer:
        self.posted.append(str(event.data["text"]))
        if self.took and self.chance.random() < 0.5:
            return DOWN
        self.took.append(str(event.data["text"]))
        return Answer(202)


async def test_a_receiver_that_fails_half_of_the_time_gets_all_in_order_within_seconds(
    endpoint: Endpoint, store: SlowStore, clock: FakeClock, bus: Bus
) -> None:
    tasks, poster, texts = Tasks("test"), FlakyPoster(4), [str(number) for number in range(100)]
    work = Work(EndpointQueue(endpoint, store, clock, poster, tasks, bus.metrics), tasks, clock)
    await store.receive_sms(*texts)
    began = clock.at
    work.queue.wake()
    async with asyncio.timeout(SOON):
        while owed := await store.owed(endpoint.id, 1):
            if owed[0][0].due_at > clock.at:
                work.pass_time(owed[0][0].due_at - clock.at)
            await asyncio.sleep(0.001)
    assert poster.took == texts
    assert len(poster.posted) > 150
    assert clock.at - began < 24_000
    await tasks.close()


async def test_a_receiver_that_took_nothing_for_a_minute_is_left_alone_for_longer_and_longer(
    work: Work, store: SlowStore, poster: Poster, clock: FakeClock
) -> None:
    await store.receive_sms("taken")
    work.queue.wake()
    await store.rows_when(lambda row: row.state is DeliveryState.DELIVERED)
    poster.answers = [DOWN] * 40
    await store.receive_sms("waiting", at=clock.at - 1)
    work.queue.wake()
    waits = []
    for attempts in range(1, 31):
        _, waiting = await store.rows_when(lambda row: row.status == 202 or row.attempts == attempts)  # noqa: B023
        waits.append(waiting.due_at - clock.at)
        work.pass_time(waits[-1])
    brisk = [wait for wait in waits if wait < 5_600]
    assert waits[:3] == [pytest.approx(wait, rel=0.11) for wait in (50, 100, 200)]
    assert 15 <= len(brisk) <= 22
    assert waits[len(brisk) :][:3] == [pytest.approx(wait, rel=0.11) for wait in (10_000, 20_000, 40_000)]


async def test_an_endpoint_with_so_many_attempts_does_not_use_them_up_within_seconds(
    store: SlowStore, poster: Poster, clock: FakeClock, bus: Bus, endpoint: Endpoint
) -> None:
    tasks = Tasks("test")
    work = Work(
        EndpointQueue(replace(endpoint, max_attempts=5), store, clock, poster, tasks, bus.metrics), tasks, clock
    )
    poster.answers = [Answer(202), DOWN]
    await store.receive_sms("taken", "waiting")
    work.queue.wake()
    _, waiting = await store.rows_when(lambda row: row.attempts == 1)
    assert waiting.due_at - clock.at == pytest.approx(5_000, rel=0.11)
    await tasks.close()
