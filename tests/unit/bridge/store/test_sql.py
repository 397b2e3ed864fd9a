"""Pieces of statements: cursors that come from outside must not reach the query as they are."""

import pytest

from bridge.errors import BadRequest
from bridge.store.sql import MOST_TEXT, fitting, marks, position


def test_no_cursor_begins_at_the_newest_row() -> None:
    assert position("") > 10**18 - 1


@pytest.mark.parametrize("cursor", ["0", "17", "9" * 18])
def test_a_cursor_of_the_page_before_is_its_row(cursor: str) -> None:
    assert position(cursor) == int(cursor)


@pytest.mark.parametrize("cursor", ["-1", "1.5", " 1", "1 OR 1=1", "9" * 19, "١٧", "x", "0x1F"])
def test_any_other_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest) as refused:
        position(cursor)
    assert refused.value.field == "cursor"


@pytest.mark.parametrize(("values", "text"), [((), ""), ((1,), "?"), ((1, 2, 3), "?, ?, ?"), (frozenset("ab"), "?, ?")])
def test_there_are_as_many_marks_as_values(values: tuple[int, ...], text: str) -> None:
    assert marks(values) == text


def test_a_page_has_as_many_rows_as_their_texts_leave_room_for_and_one_at_least() -> None:
    half = "x" * (MOST_TEXT // 2)
    assert fitting([(1, half), (2, half), (3, "x")], 1) == [(1, half), (2, half)]
    assert fitting([(1, half * 3), (2, "x")], 1) == [(1, half * 3)]
    assert fitting([], 1) == []
