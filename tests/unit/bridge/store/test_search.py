"""A keyword finds what looking at each row finds, whether that is in the index of words yet or not."""

from collections.abc import Awaitable, Callable

import pytest

from bridge.errors import BridgeError
from bridge.model.inbox import Received
from bridge.model.message import Message, State
from bridge.model.query import InboxQuery, MessageQuery
from bridge.model.radio import InboundPart
from bridge.store import index_streams, lookup
from bridge.store.search import BITE
from bridge.store.sqlite import SqliteStore
from bridge.store.words import expression, number_of
from tests.support.store_rows import NOW, message

KEYWORDS = (
    "code 7",
    "CODE",
    "验证",
    "码",
    "0103",
    "+1555",
    "q",
    "7.",
    "nothing of this",
    '"',
    "+1 (555) 0103",
    "555-0104 ",
    "1 0 1",
    "7.7",
)


def text(number: int) -> str:
    return f"Your code {number % 9}." if number % 3 else f'您的验证码是{number % 9}"'


ROWS = [
    message(number, text=text(number), account="cafe" if number % 40 == 0 else "shop", state=State.SENT,
            recipient=f"+1555010{number % 8}")
    for number in range(2 * BITE + 50)
]  # fmt: skip


def has(row: Message | Received, number: str, keyword: str) -> bool:
    return number_of(keyword) in number or keyword.lower() in row.text.lower()


@pytest.fixture
async def full(store: SqliteStore) -> SqliteStore:
    await store.submit(ROWS)
    for number in range(BITE):
        await store.receive(InboundPart("van", str(number), f"+1555010{number % 8}", text(number)), "van", NOW)
    return store


async def check(store: SqliteStore) -> None:
    rows = (await store.messages("", MessageQuery(limit=10_000))).rows
    received = (await store.inbox("shop", InboxQuery(limit=10_000), NOW)).rows
    for keyword in KEYWORDS:
        for account in ("", "shop", "cafe"):
            wanted = [row.id for row in rows if account in ("", row.account) and has(row, row.recipient, keyword)]
            query = MessageQuery(keyword=keyword, limit=10_000)
            assert [row.id for row in (await store.messages(account, query)).rows] == wanted, (keyword, account)
            assert await store.count(account, query) == len(wanted)
        came = [row.id for row in received if has(row, row.sender, keyword)]
        assert [row.id for row in (await store.inbox("shop", InboxQuery(keyword=keyword, limit=999), NOW)).rows] == came


async def test_finds_the_same_before_while_and_after_it_is_indexed(
    full: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.store.lookup.FEW", 0)
    assert await full.to_index() == len(ROWS) + BITE
    await check(full)
    assert await full.index_words()
    await check(full)
    assert not await full.index_words()
    await check(full)
    assert await full.to_index() == 50
    await full.index_words()
    assert await full.to_index() == 0
    await check(full)


async def words(store: SqliteStore, table: str, keyword: str) -> int:
    asked = expression(["shop" if table == "message_words" else ""], keyword)
    rows = store._read_connection.execute(f"SELECT count(*) FROM {table} WHERE {table} MATCH ?", (asked,))
    return int(rows.fetchone()[0])


async def test_what_is_deleted_or_changed_leaves_the_index(store: SqliteStore) -> None:
    await store.submit([message(1, text="secret", state=State.SENT), message(2, text="kept", state=State.SENT)])
    await store.receive(InboundPart("van", "1", "+15550100", "secret"), "van", NOW)
    await store.receive(InboundPart("van", "2", "+15550100", "other"), "van", NOW)
    while await store.to_index():
        await store.index_words()
    assert [await words(store, table, "ecr") for table in ("message_words", "received_words")] == [1, 1]
    await store.delete_messages("", MessageQuery(keyword="secret"))
    store._write_connection.execute("UPDATE received SET text = 'public' WHERE text = 'secret'")
    assert [await words(store, table, "ecr") for table in ("message_words", "received_words")] == [0, 0]
    assert [await words(store, table, "ubl") for table in ("message_words", "received_words")] == [0, 1]
    store._write_connection.execute("DELETE FROM received")
    assert [await words(store, table, "ubl") for table in ("message_words", "received_words")] == [0, 0]


async def test_what_is_deleted_before_it_is_indexed_never_is(store: SqliteStore) -> None:
    await store.submit([message(1, text="secret", state=State.SENT), message(2, text="kept", state=State.SENT)])
    await store.delete_messages("", MessageQuery(ids=(message(1).id,)))
    await store.index_words()
    assert await words(store, "message_words", "ecr") == 0
    with pytest.raises(BridgeError):
        await store.message(message(1).id)


async def in_file(store: SqliteStore) -> int:
    """Bytes that the index has."""
    rows = store._read_connection.execute("SELECT sum(length(block)) FROM message_words_data")
    return int(rows.fetchone()[0])


async def test_the_words_of_what_is_deleted_leave_the_file_once_all_is_merged(full: SqliteStore) -> None:
    empty = await in_file(full)
    while await full.to_index():
        await full.index_words()
    assert not await full.forget_words()
    indexed = await in_file(full)
    full._write_connection.execute("DELETE FROM messages")
    assert await in_file(full) > indexed
    while await full.forget_words():
        pass
    assert await in_file(full) <= empty + 100
    assert not await full.forget_words()


async def test_no_transaction_merges_much_of_the_index(store: SqliteStore) -> None:
    """FTS5 by itself merges 64 pages for each of its levels whenever 64 were written."""
    texts = {number: "".join(chr(0x4E00 + number * 40 + place) for place in range(40)) for number in range(3000)}
    written: list[int] = []

    async def bite(job: Callable[[], Awaitable[object]]) -> None:
        before = store._write_connection.total_changes
        await job()
        written.append(store._write_connection.total_changes - before)

    await store.submit([message(number, text=texts[number % 500], state=State.FAILED) for number in range(3000)])
    while await store.to_index():
        await bite(store.index_words)
    indexed = sorted(written)
    while await store.count("", MessageQuery()):
        await bite(lambda: store.sweep(NOW + 10**9, 0))
    assert len(indexed) == 3000 // BITE
    assert indexed[-1] < 2.5 * indexed[len(indexed) // 2]
    assert len(written) > 4 * len(indexed)
    assert await words(store, "message_words", texts[7][3:9]) == 0


def steps(store: SqliteStore, keyword: str, found_rows: int = 3) -> int:
    """Of SQLite's machine, for a page of what has a keyword."""
    taken = [0]

    def count() -> None:
        taken[0] += 1

    connection = store._read_connection
    found = lookup.select(connection, "shop", MessageQuery(keyword=keyword))
    connection.set_progress_handler(count, 10)
    assert len(index_streams.positions(connection, found, 50)) == found_rows
    connection.set_progress_handler(None, 0)
    return taken[0]


@pytest.mark.parametrize("keyword", ["parcel", "退款", "退款 4"])
async def test_finds_what_few_have_in_hardly_more_steps_when_there_are_ten_times_as_many(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, keyword: str
) -> None:
    monkeypatch.setattr("bridge.store.lookup.FEW", 0)
    taken = []
    for start, end in ((0, 1_000), (1_000, 10_000)):
        texts = {number: f"Your code is {number}." for number in range(start, end)}
        if not start:
            texts |= dict.fromkeys((300, 400, 500), "Your parcel: 退款 4")
        await store.submit([message(number, text=text) for number, text in texts.items()])
        while await store.to_index():
            await store.index_words()
        taken.append(steps(store, keyword))
    # some for each segment of the index
    assert taken[1] <= 3 * taken[0], taken


async def test_what_only_others_write_takes_no_step_more_however_much_it_is(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.store.lookup.FEW", 0)
    taken = []
    for start, end in ((0, 1_000), (1_000, 10_000)):
        # shop has most of the messages, so nothing is gained by looking at each of its own
        await store.submit([message(number, text=f"Your code is {number}.") for number in range(start, end)])
        others = range(start + 100_000, end + 100_000)
        await store.submit([message(number, account="cafe", text="Your parcel has come") for number in others])
        while await store.to_index():
            await store.index_words()
        taken.append(steps(store, "parcel", 0))
    # some for each segment of the index
    assert taken[1] <= 2 * taken[0], taken
