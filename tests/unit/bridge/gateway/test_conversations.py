"""Conversations over a store with many messages: who looks waits for little, and no look costs more for them."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from bridge.gateway.conversations import MOST_BAD, Contacts, Conversations
from bridge.messages.contact_files import MOST
from bridge.model.account import Account
from bridge.model.conversation import ConversationQuery
from bridge.store.conversations import BITE
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import FakeClock
from tests.support.empty_store import empty_store
from tests.support.store_rows import NOW, SHOP, message

OPERATOR = Account("operator", operator=True)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    empty_store(tmp_path)
    store = SqliteStore(str(tmp_path / "bridge.db"))
    await store.open()
    await store.add_account(SHOP, [])
    yield store
    await store.close()


async def fill(store: SqliteStore, count: int, first: int = 0) -> None:
    rows = [message(number, recipient=f"+1555{number:07}") for number in range(first, first + count)]
    for start in range(0, count, 5000):
        await store.submit(rows[start : start + 5000])


async def test_a_flood_is_taken_notice_of_in_bites_and_nobody_waits_for_all_of_it(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.gateway.conversations.MOST_BITES", 5)
    conversations = Conversations(store, FakeClock(NOW))
    await fill(store, BITE * 7)
    first = await conversations.find(OPERATOR, ConversationQuery(limit=1))
    assert first.rows[0].number == f"+1555{BITE * 5 - 1:07}"
    second = await conversations.find(OPERATOR, ConversationQuery(limit=1))
    assert second.rows[0].number == f"+1555{BITE * 7 - 1:07}"


async def test_a_bite_is_small_enough_for_who_is_accepted_meanwhile(store: SqliteStore) -> None:
    await fill(store, BITE * 3)
    taken = [0]

    def count() -> None:
        taken[0] += 1

    store._write_connection.set_progress_handler(count, 100)
    assert await store.index_conversations()
    store._write_connection.set_progress_handler(None, 0)
    # about 150; ten times the rows take ten times as many
    assert 0 < taken[0] < 300


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


async def test_nobody_waits_while_an_import_is_read_and_its_numbers_are_looked_at(store: SqliteStore) -> None:
    raw, turns = b"number\n" + b"".join(b"no number %d\n" % line for line in range(MOST)), [time.thread_time()]
    async with asyncio.TaskGroup() as group:
        taking = group.create_task(Contacts(store, FakeClock()).take_in("shop", SHOP, raw, "csv"))
        while not taking.done():
            turns.append(time.thread_time())
            await asyncio.sleep(0.001)
    turns.append(time.thread_time())
    assert len(taking.result().bad) == MOST_BAD
    assert max(after - before for before, after in pairwise(turns)) < 0.05
