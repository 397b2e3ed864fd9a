"""A time is found between rows, whatever the clock did while they came, and few other rows are between them."""

import random
import sqlite3

import pytest

from bridge.store import hours
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW, message

HOUR = 3_600_000
START = NOW // HOUR * HOUR
ROWS = 900


async def filled(store: SqliteStore, moments: list[int]) -> sqlite3.Connection:
    await store.submit([message(number, created_at=at, due_at=0) for number, at in enumerate(moments)])
    return store._write_connection


def steady(count: int) -> list[int]:
    """Three a minute, from the beginning of an hour, each accepted up to two seconds after the next one."""
    chance = random.Random(count)
    return [START + number * 20_000 + chance.randint(0, 2_000) for number in range(count)]


def set_back(by: int) -> list[int]:
    """The clock goes back by so much after the first half."""
    return [at - by * (number >= ROWS // 2) for number, at in enumerate(steady(ROWS))]


def stepping() -> list[int]:
    """The clock is set to and fro, by seconds and by hours."""
    chance, offset, found = random.Random(3), 0, []
    for at in steady(ROWS):
        if chance.random() < 0.01:
            offset = chance.choice((0, 0, 7_000, -7_000, 2 * HOUR, -2 * HOUR, -300 * HOUR))
        found.append(at + offset)
    return found


CLOCKS = {
    "steady": steady(ROWS),
    "all at once": [START + 7] * ROWS,
    "set back by seconds": set_back(10_000),
    "set back by minutes": set_back(600_000),
    "set back by hours": set_back(3 * HOUR),
    "stepping": stepping(),
}


@pytest.mark.parametrize("moments", CLOCKS.values(), ids=CLOCKS)
async def test_no_row_of_a_time_is_missed_and_each_sure_one_is_of_it(
    store: SqliteStore, moments: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hours, "_GRAIN", 4)
    conn = await filled(store, moments)
    chance = random.Random(1)
    edges = [0, START, START + 7, START + HOUR, *(chance.choice(moments) + chance.randint(-3, 3) for _ in range(8))]
    for since in edges:
        for until in edges:
            found = hours.span(conn, hours.MESSAGES, since, until)
            for seq, at in enumerate(moments, start=1):
                inside = at >= since and (not until or at <= until)
                assert not inside or found.first <= seq <= found.last, (since, until, seq)
                assert inside or not found.sure_first <= seq <= found.sure_last, (since, until, seq)


async def test_a_row_that_got_another_time_is_found_at_it(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hours, "_GRAIN", 4)
    conn = await filled(store, steady(ROWS))
    for seq, at in ((10, START + HOUR - 1), (700, START + 60_000), (800, START + 90 * HOUR)):
        conn.execute("UPDATE messages SET created_at = ? WHERE seq = ?", (at, seq))
        found = hours.span(conn, hours.MESSAGES, at, at)
        assert found.first <= seq <= found.last
        around = hours.span(conn, hours.MESSAGES, at + 1, at + HOUR)
        assert not around.sure_first <= seq <= around.sure_last


async def test_few_rows_are_between_that_are_of_another_time(store: SqliteStore) -> None:
    moments = [START + number * 200 for number in range(10_000)]
    conn = await filled(store, moments)
    since, until = moments[4_000], moments[6_000]
    found = hours.span(conn, hours.MESSAGES, since, until)
    near = 2 * hours.LATE // 200 + 2 * hours._GRAIN
    assert 4_001 - near <= found.first <= 4_001 <= found.sure_first <= 4_001 + near
    assert 6_001 - near <= found.sure_last <= 6_001 <= found.last <= 6_001 + near


async def test_a_time_without_rows_has_none(store: SqliteStore) -> None:
    found = hours.span(store._read_connection, hours.MESSAGES, NOW, NOW)
    assert found.sure_first > found.sure_last
    await filled(store, [NOW])
    late = hours.span(store._read_connection, hours.MESSAGES, NOW + HOUR * 9, 0)
    assert late.first == 2
