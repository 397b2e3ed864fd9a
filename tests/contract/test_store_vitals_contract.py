"""What every store tells of itself: that it can be written, what waits in it, its room on disk."""

from dataclasses import replace

import pytest

from bridge.errors import StoreUnavailable
from bridge.model.history import QUARTER, HistoryQuery, Latest, Quarter
from bridge.model.message import State
from bridge.model.webhook import Endpoint, EndpointChange
from bridge.ports.store import Store
from bridge.ports.store_rows import Outcome
from tests.support.store_rows import BY, NOW, claimed, message, sent

SHOP, OTHER = (Endpoint(name, name, f"http://127.0.0.1/{name}") for name in ("shop", "cafe"))


async def test_proves_that_it_can_be_written_and_leaves_nothing_behind(store: Store) -> None:
    await store.submit([message(1)])
    before = await store.newest_event()
    for _ in range(2):
        await store.prove()
    assert await store.newest_event() == before
    assert (await store.message(message(1).id)).state is State.QUEUED


async def test_cannot_prove_it_once_it_is_closed(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.prove()


async def test_counts_what_waits_by_state(store: Store) -> None:
    later = message(4, state=State.SCHEDULED, due_at=NOW + 60_000, not_before=NOW + 60_000)
    await store.submit([message(number) for number in (1, 2, 3)] + [later])
    for number in (1, 2):
        assert await store.claim("office", ("",), NOW) is not None
        if number == 1:
            await store.record(Outcome(message(1).id, 1, State.UNKNOWN, error="no answer"), NOW)
    waiting = await store.backlog(NOW)
    assert (waiting.scheduled, waiting.queued, waiting.sending, waiting.unknown) == (1, 1, 1, 1)


async def test_tells_since_when_the_longest_due_message_waits(store: Store) -> None:
    assert (await store.backlog(NOW)).due_since == 0
    await store.submit([message(1, due_at=NOW + 5_000)])
    assert (await store.backlog(NOW)).due_since == 0
    await store.submit([message(2, due_at=NOW - 5_000, route="office"), message(3, due_at=NOW - 1_000)])
    assert (await store.backlog(NOW)).due_since == NOW - 5_000


async def test_counts_the_webhooks_owed_to_each_account(store: Store) -> None:
    for endpoint in (SHOP, replace(SHOP, id="shop-2"), OTHER):
        await store.add_endpoint(endpoint, BY)
    assert await store.backlog(NOW) == replace(await store.backlog(NOW), owed={"shop": 0, "cafe": 0}, owed_since=0)
    await store.submit([message(1), message(2, created_at=NOW + 7)])
    waiting = await store.backlog(NOW)
    assert (dict(waiting.owed), waiting.owed_since) == ({"shop": 4, "cafe": 0}, NOW)


async def test_a_paused_endpoint_waits_for_nobody(store: Store) -> None:
    await store.add_endpoint(SHOP, BY)
    await store.submit([message(1)])
    await store.change_endpoint("shop", SHOP.id, EndpointChange(paused=True), BY)
    waiting = await store.backlog(NOW)
    assert (dict(waiting.owed), waiting.owed_since) == ({}, 0)


async def test_tells_its_room(store: Store) -> None:
    room = await store.room()
    assert room.database + room.log > 0
    assert (room.free is None) is (room.total is None)
    assert room.free is None or 0 < room.free < (room.total or 0)


async def test_remembers_how_lines_were_and_when_they_were_used(store: Store) -> None:
    await store.submit([message(1)])
    await sent(store, message(1), await claimed(store, message(1)), 7)
    assert await store.latest(["office", "nobody's"]) == [Latest(NOW + 1, 0), Latest(0, 0)]
    quarter = Quarter("office", NOW - NOW % QUARTER, -71, 1, 899)
    await store.keep_quarters([quarter], 0)
    assert list(await store.quarters("office", 0, NOW)) == [quarter]
    assert (await store.past_alarms(HistoryQuery())).rows == (await store.past_trips(HistoryQuery())).rows == ()
