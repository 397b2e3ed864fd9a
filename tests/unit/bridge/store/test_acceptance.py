"""What a submission puts into the store."""

import pytest

from bridge.errors import IdempotencyConflict, NotPossible
from bridge.model.message import State
from bridge.model.query import MessageQuery
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import message


async def test_a_known_key_gives_what_is_left_of_its_first_call_in_order(store: SqliteStore) -> None:
    first = [message(1), message(2, state=State.CANCELLED), message(3)]
    await store.submit(first, "key", "digest")
    await store.delete_messages("shop", MessageQuery(states=frozenset({State.CANCELLED})))
    assert await store.submit([message(9)], "key", "digest") == ([first[0], first[2]], True)
    assert await store.remembered("shop", "key", "digest") == [first[0], first[2]]


async def test_a_key_of_another_request_or_of_deleted_messages_is_refused(store: SqliteStore) -> None:
    await store.submit([message(1, state=State.CANCELLED)], "key", "digest")
    with pytest.raises(IdempotencyConflict):
        await store.submit([message(2)], "key", "other")
    await store.delete_messages("shop", MessageQuery(states=frozenset({State.CANCELLED})))
    with pytest.raises(NotPossible, match="deleted"):
        await store.submit([message(2)], "key", "digest")
    with pytest.raises(NotPossible, match="deleted"):
        await store.remembered("shop", "key", "digest")
    assert await store.remembered("cafe", "key", "digest") is None
