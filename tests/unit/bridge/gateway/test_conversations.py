"""Conversations over a store with many messages: who looks waits for little, and no look costs more for them."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.gateway.conversations import MOST_BITES, Conversations
from bridge.model.account import Account
from bridge.model.conversation import ConversationQuery
from bridge.store.conversations import BITE
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import FakeClock
from tests.support.store_rows import NOW, SHOP, message

OPERATOR = Account("operator", operator=True)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(str(tmp_path / "bridge.db"))
    await store.open()
    await store.add_account(SHOP, [])
    yield store
    await store.close()


async def fill(store: SqliteStore, count: int, first: int = 0) -> None:
    rows = [message(number, recipient=f"+1555{number:07}") for number in range(first, first + count)]
    for start in range(0, count, 5000):
        await store.submit(rows[start : start + 5000])


async def test_a_flood_is_taken_notice_of_in_bites_and_nobody_waits_for_all_of_it(store: SqliteStore) -> None:
    conversations = Conversations(store, FakeClock(NOW))
    await fill(store, BITE * (MOST_BITES + 2))
    first = await conversations.find(OPERATOR, ConversationQuery(limit=1))
    assert first.rows[0].number == f"+1555{BITE * MOST_BITES - 1:07}"
    second = await conversations.find(OPERATOR, ConversationQuery(limit=1))
    assert second.rows[0].number == f"+1555{BITE * (MOST_BITES + 2) - 1:07}"


async def test_each_statement_goes_by_an_index(store: SqliteStore, tmp_path: Path) -> None:
    """Only the search for a part of a number or a name looks at rows that it does not give out."""
    await fill(store, 10)
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as raw:
        seen: list[str] = []
        store._read_connection.set_trace_callback(seen.append)
        conversations = Conversations(store, FakeClock(NOW))
        await conversations.find(OPERATOR, ConversationQuery())
        await conversations.find(OPERATOR, ConversationQuery(unread=True))
        await conversations.thread(OPERATOR, "+15550000001", 10, "")
        store._read_connection.set_trace_callback(None)
        plans = {
            step[3]: statement
            for statement in seen
            if statement.startswith("SELECT")
            for step in raw.execute(f"EXPLAIN QUERY PLAN {statement}")
        }
    scans = {step: plans[step] for step in plans if step.startswith("SCAN") and "message_totals" not in step}
    assert not {step for step in scans if any(name in step for name in ("messages", "received", "conversations"))}, (
        scans
    )
    assert not [step for step in plans if "TEMP B-TREE" in step and "json" not in step], plans
