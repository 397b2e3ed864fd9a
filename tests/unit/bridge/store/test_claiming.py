"""What is written down about a part before and after it is in a device's hands."""

from bridge.model.message import State
from bridge.ports.store_rows import MOST_TOLD, Outcome
from bridge.store.claiming import LOOKED_AT
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW, message

FIRST, SECOND = message(1), message(2)


async def test_a_retry_writes_an_intent_of_its_own(store: SqliteStore) -> None:
    await store.submit([FIRST])
    await store.claim("office", ("",), NOW)
    await store.record(Outcome(FIRST.id, 1, State.QUEUED, error="congestion", retry_at=NOW + 50), NOW + 1)
    await store.claim("office", ("",), NOW + 50)
    (part,) = await store.parts(FIRST.id)
    assert (part.state, part.intent_at, part.attempts, part.error) == (State.SENDING, NOW + 50, 2, "")


async def test_a_line_gets_the_oldest_of_all_its_routes(store: SqliteStore) -> None:
    await store.submit([FIRST, SECOND])
    first = await store.claim("office", ("", "office"), NOW)
    second = await store.claim("office", ("", "office"), NOW)
    assert first is not None
    assert second is not None
    assert [first.message.id, second.message.id] == [FIRST.id, SECOND.id]
    assert await store.claim("office", ("", "office"), NOW) is None


async def test_all_routes_of_a_line_are_looked_through_by_one_statement(store: SqliteStore) -> None:
    """Each statement lets go of the interpreter, which others then have to give back."""
    await store.submit([FIRST, SECOND])
    statements: list[str] = []
    store._write_connection.set_trace_callback(statements.append)
    claim = await store.claim("office", ("", "office", "modem", ":1", "sim:1"), NOW)
    store._write_connection.set_trace_callback(None)
    assert claim is not None
    assert sum("FROM messages WHERE state = 'queued'" in each for each in statements) == 1


async def test_behind_many_whose_time_ran_out_one_is_claimed_once_those_are_taken_away(store: SqliteStore) -> None:
    """A claim looks at a few of a queue, however long it is."""
    await store.submit([message(10 + number, expires_at=NOW + 1) for number in range(LOOKED_AT)])
    await store.submit([message(1000)])
    assert await store.claim("office", ("",), NOW + 2) is None
    await store.advance(NOW + 2)
    claim = await store.claim("office", ("",), NOW + 2)
    assert claim is not None
    assert claim.message.id == message(1000).id


async def test_what_waits_is_counted_as_far_as_people_are_told(store: SqliteStore) -> None:
    await store.submit([message(number, route="van") for number in range(MOST_TOLD + 1)])
    await store.submit([message(5000, due_at=NOW + 9), message(5001)])
    assert [(queue.route, queue.count) for queue in await store.waiting(NOW)] == [("", 1), ("van", MOST_TOLD)]
