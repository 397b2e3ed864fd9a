"""An SMS in the inbox, and one of which more comes in later."""

from dataclasses import replace

from bridge.model.inbox import Received
from bridge.model.query import InboxQuery
from bridge.store import inbox
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW

PARTIAL = Received("id-1", "office", "office", "+15550150", "one [part 2 of 2 missing]", NOW, NOW, partial=True)


async def test_more_of_an_sms_comes_under_its_id_and_leaves_its_marks(store: SqliteStore) -> None:
    kept = await store._write(inbox.keep, PARTIAL, NOW)
    await store.inbox("shop", InboxQuery(mark_read=True), NOW)
    more = await store._write(inbox.keep_more, replace(kept, text="one two", partial=False), NOW + 5)
    (row,) = (await store.inbox("shop", InboxQuery(), NOW)).rows
    assert row == replace(more, read=True)
    assert (row.id, row.text, row.partial, row.received_at) == ("id-1", "one two", False, NOW)


async def test_one_that_was_forgotten_is_not_found(store: SqliteStore) -> None:
    kept = await store._write(inbox.keep, PARTIAL, NOW)
    assert await store._read(inbox.at, kept.seq) == kept
    assert await store._read(inbox.at, kept.seq + 1) is None
