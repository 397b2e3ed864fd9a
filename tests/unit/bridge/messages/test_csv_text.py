"""CSV of all countries."""

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import BadRequest
from bridge.messages import csv_text


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_by_the_heading(delimiter: str) -> None:
    text = f'number{delimiter}name\r\n+15550123{delimiter}"Anna{delimiter} M"\r\n\r\n+15550124{delimiter}Bob'
    assert list(csv_text.rows(text.encode())) == [
        (1, ["number", "name"]), (2, ["+15550123", f"Anna{delimiter} M"]), (4, ["+15550124", "Bob"]),
    ]  # fmt: skip


def test_a_value_may_go_over_several_lines_and_the_next_row_has_its_own_number() -> None:
    assert list(csv_text.rows(b'a,b\n"1\n2",x\nc,d\n')) == [(1, ["a", "b"]), (2, ["1\n2", "x"]), (4, ["c", "d"])]


@pytest.mark.parametrize("value", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd", "\t=1", "\r=1"])
def test_a_formula_is_made_harmless_and_comes_back(value: str) -> None:
    assert csv_text.harmless(value) == f"'{value}"
    assert csv_text.plain(csv_text.harmless(value)) == value


@pytest.mark.parametrize("value", ["+15550123", "-3.5", "Anna", "'quoted'", "", "+44 7700 900123"])
def test_what_is_no_formula_stays_as_it_is(value: str) -> None:
    assert csv_text.harmless(value) == csv_text.plain(value) == value


def test_a_heading_is_made_harmless_too() -> None:
    assert csv_text.written(["number", "=1+1"], []) == "number,'=1+1\r\n"


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(BadRequest):
        assert all(any(values) for _, values in csv_text.rows(text.encode()))


@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\0\r")), min_size=1, max_size=3), max_size=5))
def test_what_is_written_is_what_a_spreadsheet_reads(lines: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_text.written(["heading"], lines), newline="")))[1:]
    assert [[csv_text.plain(value) for value in row] for row in read] == lines


@pytest.mark.parametrize("text", ["a,b\n" + "x," * 20_000 + "\n", "a,b\n" + 'x,"\n",' * 20_000], ids=["line", "lines"])
def test_a_row_with_more_cells_than_a_spreadsheet_has_is_not_read(text: str) -> None:
    with pytest.raises(BadRequest, match="more than 16384 columns"):
        list(csv_text.rows(text.encode()))


def test_many_rows_together_may_have_more_cells_than_one_may() -> None:
    assert sum(1 for _ in csv_text.rows(b"a,b,c\n" * 20_000)) == 20_000
