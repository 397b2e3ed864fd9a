"""Long submissions: whole, once, and in nobody's way."""

import asyncio
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.errors import AlreadyUsed, DailyLimit, IdempotencyConflict, NotPossible, OutOfCredit
from bridge.model.account import AccountChange, Payment
from bridge.model.query import MessageQuery
from bridge.store.bulk import SLICE
from bridge.store.sqlite import SqliteStore
from tests.support.freed import Text
from tests.support.store_rows import BY, message
from tests.support.waiting import until
from tests.unit.bridge.store.test_bulk import left_over

LONG = [message(number) for number in range(2 * SLICE + 1)]


async def number(store: SqliteStore) -> int:
    return await store.count("shop", MessageQuery())


async def test_a_long_one_is_stored_in_order(store: SqliteStore, tmp_path: Path) -> None:
    stored, replayed = await store.submit(LONG)
    assert (list(stored), replayed) == (LONG, False)
    assert [row.id for row in (await store.messages("shop", MessageQuery(limit=3))).rows] == [
        each.id for each in reversed(LONG[-3:])
    ]
    assert len(await store.events("shop", 0, 5000)) == len(LONG)
    await until(lambda: left_over(tmp_path) == [0, 0, 0])


async def test_a_short_one_is_answered_while_a_long_one_goes_on(store: SqliteStore) -> None:
    whole = asyncio.get_running_loop().create_task(store.submit([message(n) for n in range(10 * SLICE)]))
    answered = 0
    while not whole.done():
        await store.submit([message(1_000_000 + answered)])
        answered += 1
    await whole
    # it has two turns for each slice, if others get in between
    assert answered >= 5


async def test_what_a_long_one_leaves_in_memory_is_freed_where_it_holds_nobody_up(store: SqliteStore) -> None:
    freed: list[int] = []
    await store.submit([message(n, text=Text.noting(freed, "hello")) for n in range(SLICE + 1)])
    await until(lambda: len(freed) == SLICE + 1)
    assert threading.get_ident() not in freed


async def test_a_long_one_with_a_key_is_stored_once_however_often_it_is_asked_for(store: SqliteStore) -> None:
    again = [replace(each, id=f"f{each.id[1:]}") for each in LONG]
    answers = await asyncio.gather(
        store.submit(LONG, "key", "digest"), store.submit(again, "key", "digest"), store.submit(again, "key", "digest")
    )
    assert [replayed for _, replayed in answers] == [False, True, True]
    assert all(list(stored) == LONG for stored, _ in answers)
    assert await store.remembered("shop", "key", "digest") == LONG
    assert await number(store) == len(LONG)


async def test_a_look_for_a_key_waits_until_all_of_its_messages_are_there(store: SqliteStore) -> None:
    whole = asyncio.get_running_loop().create_task(store.submit(LONG, "key", "digest"))
    first = await until(lambda: store.remembered("shop", "key", "digest"))
    assert first == LONG
    assert await whole == (LONG, False)


async def test_a_key_that_another_call_used_meanwhile_is_a_conflict(store: SqliteStore, tmp_path: Path) -> None:
    whole = asyncio.get_running_loop().create_task(store.submit(LONG, "key", "digest"))
    await store.submit([message(999_999)], "key", "other")
    with pytest.raises(IdempotencyConflict):
        await whole
    assert await number(store) == 1
    await until(lambda: left_over(tmp_path) == [0, 0, 0])


async def test_one_that_is_refused_leaves_nothing_behind(store: SqliteStore, tmp_path: Path) -> None:
    await store.submit([message(999_999, client_ref="used")])
    for wrong in ([*LONG, message(5000, client_ref="used")], [replace(each, client_ref="same") for each in LONG]):
        with pytest.raises(AlreadyUsed):
            await store.submit(wrong)
        assert await number(store) == 1
        await until(lambda: left_over(tmp_path) == [0, 0, 0])
    with pytest.raises(NotPossible):
        await store.submit([*LONG, LONG[0]])


async def test_one_that_costs_more_than_there_is_costs_nothing(store: SqliteStore, tmp_path: Path) -> None:
    await store.change_account("shop", AccountChange(payment=Payment.PREPAID), BY)
    await store.top_up("shop", len(LONG) - 1, "", BY)
    with pytest.raises(OutOfCredit):
        await store.submit(LONG, apart=True)
    assert (await store.account("shop")).credits == len(LONG) - 1
    assert await number(store) == 0
    await store.top_up("shop", 1, "", BY)
    await store.submit(LONG, apart=True)
    assert (await store.account("shop")).credits == 0


async def test_recipients_of_one_that_was_refused_have_their_day_still(store: SqliteStore, tmp_path: Path) -> None:
    each_once = [replace(each, recipient=f"+1555{n:07}") for n, each in enumerate(LONG)]
    await store.change_account("shop", AccountChange(daily_per_recipient=1), BY)
    with pytest.raises(DailyLimit):
        await store.submit([*each_once, message(5000, recipient=each_once[0].recipient)], apart=True)
    await until(lambda: left_over(tmp_path) == [0, 0, 0])
    await store.submit(each_once, apart=True)
    with pytest.raises(DailyLimit):
        await store.submit([message(6000, recipient=each_once[0].recipient)], apart=True)


async def test_one_whose_caller_goes_away_is_finished_all_the_same(store: SqliteStore, tmp_path: Path) -> None:
    whole = asyncio.get_running_loop().create_task(store.submit(LONG))
    await until(lambda: left_over(tmp_path)[1] > 0)
    whole.cancel()

    async def all_there() -> bool:
        return await number(store) == len(LONG)

    await until(all_there)


async def test_one_that_is_cut_off_by_the_end_is_whole_or_nowhere(store: SqliteStore, tmp_path: Path) -> None:
    for pause in (0.0, 0.01, 0.03, 0.06, 0.12):
        many = [replace(each, id=f"{time.monotonic_ns():020x}{n:020x}") for n, each in enumerate(LONG)]
        whole = asyncio.get_running_loop().create_task(store.submit(many))
        done, _ = await asyncio.wait([whole], timeout=pause)
        await store.close()
        store = SqliteStore(str(tmp_path / "bridge.db"), Bus())
        await store.open(exclusive=True)
        found = await number(store)
        assert found % len(LONG) == 0
        assert not done or found
        assert left_over(tmp_path) == [0, 0, 0]
        await asyncio.wait([whole])
        whole.exception()
    await store.close()
