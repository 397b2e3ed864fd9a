"""A long submission is all there or not at all, wherever it is interrupted."""

import asyncio
import json
import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.errors import AlreadyUsed
from bridge.model.account import AccountChange
from bridge.model.message import Message, State
from bridge.model.query import MessageQuery
from bridge.ports.store_rows import ClockState
from bridge.store import acceptance, bulk
from bridge.store.sqlite import SqliteStore
from bridge.store.writer import Done, Job, Tx
from tests.support.store_rows import BY, NOW, message

FIRST, SECOND = [message(1, client_ref="a"), message(2)], [message(3)]
ALL = MessageQuery(limit=1000)


async def restarted(store: SqliteStore, tmp_path: Path) -> SqliteStore:
    """The store as the next run of the bridge finds it."""
    await store.close()
    again = SqliteStore(str(tmp_path / "bridge.db"), Bus())
    await again.open(exclusive=True)
    return again


async def ids(store: SqliteStore) -> list[str]:
    return [row.id for row in reversed((await store.messages("shop", ALL)).rows)]


async def put_down(store: SqliteStore, accepted: bool, *slices: Sequence[Message]) -> int:
    number = await store._write(bulk.begin, "shop")
    staged = [
        await store._write(bulk.stage, number, place, some, bulk.packed(some)) for place, some in enumerate(slices)
    ]
    if accepted:
        await store._write(bulk.accept, number, slices[0][0], sum(each.parts for each in staged), len(slices))
    return number


def left_over(tmp_path: Path) -> list[int]:
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as conn:
        return [conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]


TABLES = ("bulk", "bulk_slices", "bulk_refs")


async def test_what_was_not_accepted_is_nowhere_after_a_restart(store: SqliteStore, tmp_path: Path) -> None:
    await store.change_account("shop", AccountChange(daily_per_recipient=1), BY)
    await put_down(store, False, FIRST, SECOND)
    assert await ids(store) == []
    again = await restarted(store, tmp_path)
    assert await ids(again) == []
    assert left_over(tmp_path) == [0, 0, 0]
    # neither its names nor its recipients' day are used up
    assert await again.submit(FIRST) == (FIRST, False) or await ids(again)
    await again.close()


async def test_what_was_accepted_is_queued_at_the_next_start(store: SqliteStore, tmp_path: Path) -> None:
    await put_down(store, True, FIRST, SECOND)
    again = await restarted(store, tmp_path)
    assert await ids(again) == [each.id for each in (*FIRST, *SECOND)]
    assert await again.message(FIRST[0].id) == FIRST[0]
    assert [event.subject for event in await again.events("shop", 0, 9)] == await ids(again)
    assert left_over(tmp_path) == [0, 0, 0]
    claimed = await again.claim("office", ("",), NOW)
    assert claimed is not None
    await again.close()


async def test_what_a_release_before_this_put_down_is_queued_too(store: SqliteStore, tmp_path: Path) -> None:
    number = await put_down(store, True, FIRST, SECOND)
    rows = [acceptance.row_of(each) for each in FIRST]
    before = zlib.compress(json.dumps([rows, {FIRST[1].id: "asked not to"}]).encode(), 1)
    await store._write(
        lambda tx: tx.conn.execute("UPDATE bulk_slices SET messages = ? WHERE bulk = ? AND place = 0", (before, number))
    )
    again = await restarted(store, tmp_path)
    assert await ids(again) == [each.id for each in (*FIRST, *SECOND)]
    assert await again.message(FIRST[0].id) == FIRST[0]
    assert (await again.message(FIRST[1].id)).error == "asked not to"
    await again.close()


async def test_a_slice_is_read_as_it_was_put_down_whatever_its_messages_have_in_common(
    store: SqliteStore, tmp_path: Path
) -> None:
    slices = (
        [message(1)],
        [message(2), replace(message(3), recipient="+447700900123", text="«ünïcödé» 验证码", report=False)],
        [message(number) for number in range(4, 4 + bulk.SLICE)],
    )
    await put_down(store, True, *slices)
    again = await restarted(store, tmp_path)
    assert [await again.message(each.id) for some in slices for each in some] == [
        each for some in slices for each in some
    ]
    await again.close()


async def test_a_slice_that_was_settled_before_is_not_settled_twice(store: SqliteStore, tmp_path: Path) -> None:
    number = await put_down(store, True, FIRST, SECOND)
    assert await store._write(bulk.settle, number, 0, FIRST, {}) == tuple(FIRST)
    assert await store._write(bulk.settle, number, 0, FIRST, {}) == FIRST
    again = await restarted(store, tmp_path)
    assert await ids(again) == [each.id for each in (*FIRST, *SECOND)]
    await again.close()


async def test_a_store_that_is_opened_beside_a_running_bridge_leaves_it_alone(
    store: SqliteStore, tmp_path: Path
) -> None:
    await put_down(store, True, FIRST)
    beside = SqliteStore(str(tmp_path / "bridge.db"))
    await beside.open()
    await beside.close()
    assert left_over(tmp_path) == [1, 1, 1]


async def test_nobody_else_may_use_its_names_meanwhile(store: SqliteStore) -> None:
    await put_down(store, False, FIRST)
    with pytest.raises(AlreadyUsed, match="'a'"):
        await store.submit([message(7, client_ref="a")])
    with pytest.raises(AlreadyUsed, match="'a'"):
        await put_down(store, False, [message(8, client_ref="a")])
    await store.submit([message(9, client_ref="a", account="cafe")])


async def test_it_is_paid_for_when_it_is_accepted_and_each_message_has_its_movement(
    store: SqliteStore, tmp_path: Path
) -> None:
    await store.top_up("shop", 10, "", BY)
    await put_down(store, True, FIRST, SECOND)
    assert (await store.account("shop")).credits == 7
    again = await restarted(store, tmp_path)
    told = [(each.message, each.amount, each.balance) for each in (await again.movements("shop")).rows[:3]]
    assert told == [(SECOND[0].id, -1, 7), (FIRST[1].id, -1, 8), (FIRST[0].id, -1, 9)]
    assert (await again.account("shop")).credits == 7
    await again.close()


async def test_a_number_that_is_listed_meanwhile_gets_nothing_and_costs_nothing(
    store: SqliteStore, tmp_path: Path
) -> None:
    await store.top_up("shop", 10, "", BY)
    await store.suppress("shop", FIRST[0].recipient, "asked", BY)
    await put_down(store, True, FIRST, SECOND)
    assert (await store.account("shop")).credits == 8
    await store.suppress("shop", SECOND[0].recipient, "asked", BY)
    again = await restarted(store, tmp_path)
    states = [row.state for row in reversed((await again.messages("shop", ALL)).rows)]
    assert states == [State.FAILED, State.QUEUED, State.FAILED]
    assert (await again.account("shop")).credits == 9
    assert sum(each.amount for each in (await again.movements("shop")).rows) == 9
    await again.close()


async def test_a_step_of_the_clock_meanwhile_moves_it_like_all_that_waits(store: SqliteStore, tmp_path: Path) -> None:
    await put_down(store, True, [message(1, expires_at=NOW + 1000)])
    await store.shift(5_000, ClockState("boot", 0, NOW + 5_000))
    again = await restarted(store, tmp_path)
    moved = await again.message(message(1).id)
    assert (moved.created_at, moved.due_at, moved.expires_at) == (NOW + 5_000, NOW + 5_000, NOW + 6_000)
    await again.close()


async def test_submissions_of_others_are_stored_between_its_slices(store: SqliteStore) -> None:
    many = [message(10 + number) for number in range(5 * bulk.SLICE)]
    long = asyncio.get_running_loop().create_task(store.submit(many))
    await asyncio.sleep(0)
    await store.submit([message(1)])
    assert not long.done()
    await long
    assert await store.count("shop", MessageQuery()) == 5 * bulk.SLICE + 1


async def test_a_message_of_another_waits_for_the_slice_that_is_written_and_for_no_other(store: SqliteStore) -> None:
    transactions: list[list[int]] = []

    def written() -> int:
        """In the transaction that is under way."""
        return store._write_connection.execute("SELECT max(seq) FROM messages").fetchone()[0] or 0

    transact = store._writer._transact

    def watched(tx: Tx, jobs: list[Job]) -> list[Done]:
        before = written()
        done = transact(tx, jobs)
        transactions.append([len(jobs), written() - before])
        return done

    store._writer._transact = watched  # type: ignore[method-assign]
    long = asyncio.get_running_loop().create_task(store.submit([message(10 + n) for n in range(5 * bulk.SLICE)]))
    others = 0
    while not long.done():
        await store.submit([message(1_000_000 + others)])
        others += 1
    # a slice is never written along with what somebody else waits for
    assert max(rows for _, rows in transactions) == bulk.SLICE
    assert all(jobs == 1 for jobs, rows in transactions if rows == bulk.SLICE)
    assert others >= 5
