"""Pieces of statements: cursors that come from outside must not reach the query as they are."""

import pytest

from bridge.errors import BadRequest
from bridge.store.sql import marks, position


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
