"""What is written down about a part before and after it is in a device's hands."""

from bridge.model.message import State
from bridge.ports.store_rows import Outcome
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
