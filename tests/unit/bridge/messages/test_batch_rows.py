"""Rows are judged one by one, and each says what is wrong with it."""

import pytest

from bridge.errors import BadRequest, InvalidText
from bridge.messages import batch_rows
from bridge.model.batch import Plan, Row, RowState, Table

COLUMNS = ("Phone", "First name")


def parts_of(number: str, text: str) -> int:
    if not text.strip():
        raise InvalidText("the text is empty")
    return 1 + len(text) // 160


def judged(*cells: tuple[str, str], text: str = "Dear {first NAME}", column: str = "Phone") -> list[Row]:
    rows = [Row(number, each) for number, each in enumerate(cells, 2)]
    return list(batch_rows.judge(rows, Plan("x", column, text), COLUMNS, "GB", parts_of, {}))


def test_numbers_become_international_and_the_same_one_twice_is_left_out() -> None:
    rows = judged(("07700 900123", "Anna"), ("+447700900123", "Anna again"), ("+15550124", "Bob"))
    assert [(row.state, row.number, row.problem) for row in rows] == [
        (RowState.OK, "+447700900123", ""),
        (RowState.DUPLICATE, "+447700900123", "row 2 has the same number"),
        (RowState.OK, "+15550124", ""),
    ]


def test_a_row_without_a_number_or_a_text_is_bad_and_says_why() -> None:
    rows = judged(("", "Anna"), ("hello", "Bob"), ("+15550124", ""), text="{First name}")
    assert [row.state for row in rows] == [RowState.BAD] * 3
    assert all(row.problem for row in rows)
    assert judged(("+15550124", "x"), column="")[0].problem == "say which column has the numbers"


def test_places_are_filled_once_in_any_case_and_values_are_never_looked_at_again() -> None:
    assert batch_rows.rendered("Dear { first name }!", COLUMNS, ("+1", "{Phone}")) == "Dear {Phone}!"
    assert batch_rows.rendered("{nobody} {", COLUMNS, ("+1", "x")) == "{nobody} {"
    assert batch_rows.places("{a} {b} { a }") == ("a", "b")


def test_a_place_or_a_column_that_there_is_not_is_named() -> None:
    batch_rows.check(Plan("x", "Phone", "{PHONE}"), COLUMNS)
    with pytest.raises(BadRequest, match=r"\{nmae\}.*Phone, First name") as caught:
        batch_rows.check(Plan("x", "Phone", "Dear {nmae}"), COLUMNS)
    assert caught.value.field == "text"
    with pytest.raises(BadRequest) as caught:
        batch_rows.check(Plan("x", "phone"), COLUMNS)
    assert caught.value.field == "number_column"


@pytest.mark.parametrize(
    ("columns", "cells", "found"),
    [
        (("Name", "Mobile"), ("Anna", "+447700900123"), "Mobile"),
        (("Order", "Ring me"), ("12", "+447700900123"), "Ring me"),
        (("客户", "手机号"), ("李雷", "+8613800138000"), "手机号"),
        (("Invoice", "Phone"), ("100000123456", "+447700900123"), "Phone"),
        (("Name", "Mobile"), ("Anna", "not known"), "Mobile"),
        (("Name", "Town"), ("Anna", "Leeds"), ""),
    ],
)
def test_the_column_with_the_numbers_is_found(columns: tuple[str, ...], cells: tuple[str, ...], found: str) -> None:
    assert batch_rows.number_column(Table(columns, [(2, cells), (3, cells)]), "GB") == found


def test_suppressed_numbers_are_left_out_with_the_reason() -> None:
    rows = list(batch_rows.without(judged(("+15550124", "x"), ("+15550125", "y")), {"+15550125": "wrote STOP"}))
    assert [(row.state, row.problem, row.parts) for row in rows] == [
        (RowState.OK, "", 1), (RowState.SUPPRESSED, "wrote STOP", 0),
    ]  # fmt: skip
