"""An SMS in the inbox, and one of which more comes in later."""

import asyncio
from dataclasses import replace

from bridge.model.inbox import Received
from bridge.model.line import Channel
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


async def test_two_who_ask_for_what_is_unread_at_once_never_get_the_same(store: SqliteStore) -> None:
    for number in range(30):
        await store._write(inbox.keep, replace(PARTIAL, id=f"id-{number}"), NOW)
    query = InboxQuery(unread=True, mark_read=True, limit=10)
    pages = await asyncio.gather(*(store.inbox("shop", query, NOW) for _ in range(8)))
    while rest := (await store.inbox("shop", query, NOW)).rows:
        pages.append(replace(pages[0], rows=rest))
    got = [row.id for page in pages for row in page.rows]
    assert sorted(got) == sorted(f"id-{number}" for number in range(30))
    assert len((await store.inbox("shop", replace(query, unread=False, limit=100), NOW)).rows) == 30


async def test_what_was_read_of_one_channel_leaves_the_others_unread(store: SqliteStore) -> None:
    sms, whatsapp = replace(PARTIAL, id="sms"), replace(PARTIAL, id="whatsapp", channel=Channel.WHATSAPP)
    for received in (whatsapp, sms):
        await store._write(inbox.keep, received, NOW)
    unread = InboxQuery(unread=True, mark_read=True)

    async def read(query: InboxQuery) -> list[str]:
        return [row.id for row in (await store.inbox("shop", query, NOW)).rows]

    assert await read(replace(unread, channel=Channel.SMS)) == ["sms"]
    assert await read(replace(unread, channel=Channel.SMS)) == []
    assert await read(unread) == ["whatsapp"]
    await store._write(inbox.keep, replace(sms, id="later"), NOW)
    assert await read(replace(unread, channel=Channel.SMS)) == ["later"]
    assert await read(unread) == []


async def test_each_channel_is_found_by_its_index(store: SqliteStore) -> None:
    for number in range(3):
        await store._write(inbox.keep, replace(PARTIAL, id=f"s{number}"), NOW)
        await store._write(
            inbox.keep, replace(PARTIAL, id=f"w{number}", channel=Channel.WHATSAPP, media="voice 1"), NOW
        )
    page = await store.inbox("shop", InboxQuery(channel=Channel.WHATSAPP, limit=2), NOW)
    assert [(row.id, row.channel, row.media) for row in page.rows] == [
        ("w2", Channel.WHATSAPP, "voice 1"), ("w1", Channel.WHATSAPP, "voice 1"),
    ]  # fmt: skip
    rest = await store.inbox("shop", InboxQuery(channel=Channel.WHATSAPP, limit=2, cursor=page.cursor), NOW)
    assert [row.id for row in rest.rows] == ["w0"]
