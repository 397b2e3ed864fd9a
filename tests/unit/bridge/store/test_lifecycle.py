"""What is written down about a part before and after it is in a device's hands."""

import pytest

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


@pytest.mark.parametrize(
    ("references", "counted"),
    [((), None), ((4,), 4), ((4, 5, 7), 7), ((254, 255, 0), 0), ((4, 200), None), ((4, 200, 201), 201)],
)
async def test_a_part_remembers_the_reference_before_it_where_they_count_up(
    store: SqliteStore, references: tuple[int, ...], counted: int | None
) -> None:
    """A part whose own reference nobody knows has one that came next (3GPP TS 23.040 §9.2.3.6)."""
    for number, reference in enumerate(references, start=10):
        await store.submit([message(number)])
        await store.claim("office", ("",), NOW)
        await store.record(Outcome(message(number).id, 1, State.SENT, reference), NOW)
    await store.submit([FIRST])
    await store.claim("office", ("",), NOW)
    query = "SELECT prior FROM parts WHERE message = ?"
    assert store._write_connection.execute(query, (FIRST.id,)).fetchone() == (counted,)
