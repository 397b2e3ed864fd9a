"""Every filter finds what looking at each row would find, in pages that neither lose nor repeat one."""

from collections.abc import Iterator
from dataclasses import fields, replace

import pytest

from bridge.model.line import Channel
from bridge.model.message import Message, State
from bridge.model.query import MessageQuery
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW, message

HOUR = 3_600_000
STATES = (State.QUEUED, State.SENT, State.FAILED, State.SCHEDULED)


def rows() -> Iterator[Message]:
    """Of two accounts; the clock was set back twice, once by years."""
    for number in range(96):
        at = NOW + number * HOUR // 4
        if 30 <= number < 36:
            at = 1_000_000 + number
        if 60 <= number < 70:
            at -= 9 * HOUR
        yield message(
            number, account="cafe" if number % 3 == 0 else "shop", recipient=f"+1555010{number % 7}",
            text=f"text {number % 5}", created_at=at, updated_at=at, due_at=at, state=STATES[number % 4],
            line="van" if number % 8 == 1 else "", client_ref=f"r{number}" if number % 9 == 0 else "",
            dialect="native" if number % 2 else "zhenzi", route="@" if number % 5 == 1 else "",
        )  # fmt: skip


ALL = list(rows())
QUERIES = [
    MessageQuery(),
    MessageQuery(states=frozenset({State.FAILED})),
    MessageQuery(states=frozenset({State.FAILED, State.QUEUED, State.EXPIRED})),
    MessageQuery(states=frozenset({State.FAILED, State.QUEUED}), failed_by=Channel.WHATSAPP),
    MessageQuery(failed_by=Channel.SMS),
    MessageQuery(ids=(ALL[3].id, ALL[4].id, "nothing")),
    MessageQuery(client_ref="r9"),
    MessageQuery(recipient="+15550103"),
    MessageQuery(recipient="+25550103"),
    MessageQuery(recipient="+15550103", dialect="native"),
    MessageQuery(keyword="text 3"),
    MessageQuery(keyword="0104", states=frozenset({State.SENT})),
    MessageQuery(line="van"),
    MessageQuery(line="van", states=frozenset({State.SENT})),
    MessageQuery(before_id=ALL[50].id),
    MessageQuery(before_id="nothing"),
    MessageQuery(since=NOW + 5 * HOUR + 1),
    MessageQuery(until=NOW + 5 * HOUR + 1),
    MessageQuery(until=2_000_000),
    MessageQuery(since=NOW + 8 * HOUR, until=NOW + 9 * HOUR, states=frozenset({State.SENT, State.FAILED})),
    MessageQuery(since=NOW * 2),
]


PLAIN = ("client_ref", "recipient", "line", "dialect")


def expected(account: str, query: MessageQuery) -> list[str]:
    """By looking at each."""
    before = next((place for place, row in enumerate(ALL) if row.id == query.before_id), -1 if query.before_id else 99)
    return [
        row.id
        for place, row in reversed(list(enumerate(ALL)))
        if (not account or row.account == account) and place < before
        and (not query.states or row.state in query.states)
        and (row.state is not State.FAILED or query.failed_by in (None, row.channel))
        and (not query.ids or row.id in query.ids)
        and (not query.keyword or query.keyword in row.recipient or query.keyword in row.text)
        and all(getattr(query, name) in ("", getattr(row, name)) for name in PLAIN)
        and row.created_at >= query.since and (not query.until or row.created_at <= query.until)
    ]  # fmt: skip


@pytest.fixture
async def full(store: SqliteStore) -> SqliteStore:
    for row in ALL:
        await store.submit([row])
    return store


def filters(query: MessageQuery) -> str:
    """What a query filters by, the same in each process: sets have no order."""
    given = {field.name: getattr(query, field.name) for field in fields(query)}
    return " ".join(
        f"{name}={sorted(value) if isinstance(value, frozenset) else value}"
        for name, value in given.items()
        if value != getattr(MessageQuery(), name)
    )


@pytest.mark.parametrize("account", ["", "shop", "cafe", "nobody"])
@pytest.mark.parametrize("query", QUERIES, ids=filters)
async def test_finds_what_looking_at_each_row_finds(full: SqliteStore, account: str, query: MessageQuery) -> None:
    wanted = expected(account, query)
    assert [row.id for row in (await full.messages(account, query)).rows] == wanted
    assert await full.count(account, query) == len(wanted)
    by_cursor: list[str] = []
    page = await full.messages(account, replace(query, limit=7))
    by_cursor += [row.id for row in page.rows]
    while page.cursor:
        page = await full.messages(account, replace(query, limit=7, cursor=page.cursor))
        by_cursor += [row.id for row in page.rows]
    assert by_cursor == wanted
    assert [row.id for row in (await full.messages(account, replace(query, limit=5, offset=3))).rows] == wanted[3:8]


async def test_deletes_what_it_finds_and_is_finished(full: SqliteStore) -> None:
    query = MessageQuery(since=NOW + 4 * HOUR, until=NOW + 9 * HOUR)
    finished = [row.id for row in ALL if row.id in expected("shop", query) and row.state in (State.SENT, State.FAILED)]
    assert await full.delete_messages("shop", query) == len(finished) > 0
    left = {row.id for row in (await full.messages("", MessageQuery(limit=100))).rows}
    assert left == {row.id for row in ALL} - set(finished)


async def test_merges_more_accounts_than_one_statement_can(store: SqliteStore) -> None:
    many = [message(number, account=f"a{number}", state=State.FAILED) for number in range(600)]
    await store.submit(many)
    query = MessageQuery(states=frozenset({State.FAILED}), limit=3, offset=100)
    assert [row.id for row in (await store.messages("", query)).rows] == [many[n].id for n in (499, 498, 497)]
    assert await store.delete_messages("", MessageQuery(states=frozenset({State.FAILED}))) == 600
