"""What is forgotten with time: only what is finished, in steps, and never what somebody is still owed."""

import pytest

from bridge.model.message import Message, State
from bridge.model.query import LedgerQuery, MessageQuery
from bridge.model.radio import InboundPart
from bridge.model.webhook import Endpoint
from bridge.ports.store_rows import Outcome
from bridge.store.retention import SLICE, THOROUGH
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import BY, NOW, message

LATER = NOW + 1


async def finish(store: SqliteStore, *messages: Message) -> None:
    """They fail, the one after the other."""
    await store.submit(messages)
    for each in messages:
        await store.claim("office", ("",), NOW)
        await store.record(Outcome(each.id, 1, State.FAILED, error="refused"), NOW)


async def swept(store: SqliteStore, older_than: int = 0, keys_older_than: int = 0) -> None:
    """A whole sweep."""
    while await store.sweep(older_than, keys_older_than):
        pass


async def left(store: SqliteStore) -> list[str]:
    return [row.text for row in reversed((await store.messages("shop", MessageQuery(limit=2000))).rows)]


async def test_what_still_waits_is_kept_however_old_it_is(store: SqliteStore) -> None:
    await finish(store, message(1))
    await store.submit([message(2), message(3, state=State.SCHEDULED, due_at=NOW + 10)])
    await swept(store, LATER)
    assert await left(store) == ["text 2", "text 3"]
    assert await store.parts(message(2).id) == []


async def test_an_unknown_outcome_is_finished_for_all_that_time_can_tell(store: SqliteStore) -> None:
    await store.submit([message(1)])
    await store.claim("office", ("",), NOW)
    await store.record(Outcome(message(1).id, 1, State.UNKNOWN), NOW)
    await swept(store, LATER)
    assert await left(store) == []


async def test_nothing_is_forgotten_where_nothing_is_to_be(store: SqliteStore) -> None:
    await finish(store, message(1))
    await swept(store)
    assert await left(store) == ["text 1"]


async def test_an_event_stays_until_its_last_delivery_is_made(store: SqliteStore) -> None:
    endpoint = Endpoint("e1", "shop", "http://127.0.0.1:9/hook", events=("message.failed",))
    await store.add_endpoint(endpoint, BY)
    await finish(store, message(1))
    await store.submit([message(2)])
    await swept(store, LATER)
    ((delivery, event),) = await store.owed(endpoint.id, 10)
    assert (delivery.event, event.data["text"]) == ("message.failed", "text 1")
    assert len((await store.ledger("shop", LedgerQuery())).rows) == 1


async def test_the_position_of_the_newest_event_stays_known_and_is_not_given_again(store: SqliteStore) -> None:
    """Who reads on from there would otherwise miss what comes next, or see it all once more."""
    await finish(store, message(1))
    before = await store.newest_event()
    await swept(store, LATER)
    assert await store.events("", 0, 10) == []
    assert await store.newest_event() == before
    await finish(store, message(2))
    assert await store.newest_event() > before


async def test_a_sweep_takes_a_few_milliseconds_at_a_time(store: SqliteStore) -> None:
    await store.submit([message(number, state=State.FAILED) for number in range(5000)])
    assert await store.sweep(LATER, 0)
    assert 4000 < await store.count("", MessageQuery()) <= 5000
    await store.submit([message(5000, created_at=LATER)])
    await swept(store, LATER)
    assert await left(store) == ["text 5000"]


async def test_what_is_forgotten_is_found_by_an_index_however_much_is_kept(store: SqliteStore) -> None:
    await store.add_endpoint(Endpoint("e1", "shop", "http://127.0.0.1:9/hook"), BY)
    await finish(store, message(1))
    await store.receive(InboundPart("office", "SM:1", "+15550150", "hello", NOW), "office", NOW)
    statements: list[str] = []
    store._write_connection.set_trace_callback(statements.append)
    await swept(store, LATER)
    store._write_connection.set_trace_callback(None)
    few = ("loopbacks", "deleted_counts")
    dropped = [each for each in statements if each.startswith("DELETE") and each.split()[2] not in few]
    assert {each.split()[2] for each in dropped} >= {"messages", "parts", "received"}
    for each in dropped:
        plan = [row[3] for row in store._write_connection.execute(f"EXPLAIN QUERY PLAN {each}")]
        assert [row for row in plan if "SCAN" in row and "json_each" not in row] == [], each


async def test_a_clock_that_was_wrong_once_keeps_nothing_for_ever(store: SqliteStore) -> None:
    """The stamps of that time are young; what came later and has grown old lies behind them."""
    await store.submit([message(number, created_at=NOW + 10**10, state=State.FAILED) for number in range(SLICE + 1)])
    await store.submit([message(SLICE + 1, state=State.FAILED)])
    for _ in range(THOROUGH):
        await swept(store, LATER)
    assert await store.count("", MessageQuery()) == SLICE + 1


@pytest.mark.parametrize(("keys_older_than", "known"), [(NOW, True), (LATER, False)])
async def test_an_idempotency_key_is_known_for_its_time(store: SqliteStore, keys_older_than: int, known: bool) -> None:
    await store.submit([message(1)], "key", "digest")
    await swept(store, 0, keys_older_than)
    assert (await store.remembered("shop", "key", "digest") is not None) is known
