"""What is asked for each message and each report is found by an index, however much is kept."""

import pytest

from bridge.store.reports import PARTS_IN_HAND, PARTS_OF_REFERENCE, PARTS_OF_UNKNOWN_FATE, REFERENCES_BEFORE
from bridge.store.sqlite import SqliteStore

QUERIES = {
    "parts of a reference": (PARTS_OF_REFERENCE, ("sim", "line", 7, 1, 2)),
    "parts in hand": (PARTS_IN_HAND, ("sim", "line", 1, 2)),
    "parts of unknown fate": (PARTS_OF_UNKNOWN_FATE, ("sim", "line", 1, 2)),
}


@pytest.mark.parametrize(("query", "values"), QUERIES.values(), ids=QUERIES)
async def test_is_found_by_an_index(store: SqliteStore, query: str, values: tuple[object, ...]) -> None:
    plan = store._write_connection.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
    assert [row[3] for row in plan if "SCAN" in row[3]] == []
    assert "intent_at>? AND intent_at<?" in plan[0][3]


async def test_what_came_before_a_part_is_found_by_the_index_of_references(store: SqliteStore) -> None:
    plan = store._write_connection.execute(f"EXPLAIN QUERY PLAN {REFERENCES_BEFORE}", ("sim", 1)).fetchall()
    steps = {row[3] for row in plan if " p " in f"{row[3]} "}
    assert steps == {"SEARCH p USING COVERING INDEX parts_reference (sim=? AND reference=? AND intent_at<?)"}
