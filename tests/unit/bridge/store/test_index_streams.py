"""Rows are read newest first out of several ranges at once, and no more of them than are asked for."""

import sqlite3

import pytest

from bridge.store import index_streams
from bridge.store.index_streams import Selection, Stream


@pytest.fixture
def conn() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE things (seq INTEGER PRIMARY KEY, kind INTEGER)")
    conn.execute("CREATE INDEX things_kind ON things (kind)")
    conn.executemany("INSERT INTO things VALUES (?, ?)", [(number, number % 600) for number in range(1, 3001)])
    return conn


def of_kinds(*kinds: int, **changes: int) -> Selection:
    return Selection("things", [Stream("things_kind", "m.kind = ?", (kind,)) for kind in kinds], **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("kinds", [(3,), (3, 4, 5), tuple(range(600))])
def test_the_newest_come_first_from_whatever_range(conn: sqlite3.Connection, kinds: tuple[int, ...]) -> None:
    wanted = [number for number in range(3000, 0, -1) if number % 600 in kinds]
    assert index_streams.positions(conn, of_kinds(*kinds), -1) == wanted
    assert index_streams.positions(conn, of_kinds(*kinds), 2, 1) == wanted[1:3]
    assert index_streams.positions(conn, of_kinds(*kinds, first=500, last=1300), -1) == [
        number for number in wanted if 500 <= number <= 1300
    ]
    assert index_streams.count(conn, of_kinds(*kinds)) == len(wanted)


def test_ranges_are_merged_and_not_sorted(conn: sqlite3.Connection) -> None:
    arms = [of_kinds(1, 2).select("{seq} AS seq", stream) for stream in of_kinds(1, 2).streams]
    statement = " UNION ALL ".join(text for text, _ in arms) + " ORDER BY seq DESC LIMIT 3"
    plan = conn.execute(f"EXPLAIN QUERY PLAN {statement}", [value for _, some in arms for value in some]).fetchall()
    assert not [row[3] for row in plan if "SCAN" in row[3] or "TEMP B-TREE" in row[3]]
