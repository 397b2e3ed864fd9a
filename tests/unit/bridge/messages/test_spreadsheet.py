"""Tables out of workbooks and CSV, within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import BadRequest
from bridge.messages import spreadsheet
from bridge.model.batch import Table
from tests.support.workbooks import packed, workbook


@pytest.mark.parametrize("shared", [True, False], ids=["table of strings", "strings in place"])
def test_the_first_sheet_of_a_workbook_is_read(shared: bool) -> None:
    rows = [["Phone", "Name", "Due"], [447700900123, "Anna & Co", ("1", 46_000)], [], ["+15550124", None, 1.5]]
    assert spreadsheet.read(workbook(rows, shared)) == Table(
        ("Phone", "Name", "Due"),
        [(2, ("447700900123", "Anna & Co", "2025-12-09")), (4, ("+15550124", "", "1.5"))],
    )


def test_dates_and_times_are_written_as_people_can_read_them() -> None:
    row = [("1", 46_000), ("2", 46_000.75), ("2", 0.5), ("3", 2.0), ("1", -5), ("1", 1e9)]
    table = spreadsheet.read(workbook([["a", "b", "c", "d", "e", "f"], row]))
    assert table.rows == [(2, ("2025-12-09", "2025-12-09 18:00", "12:00", "2", "-5.0", "1000000000.0"))]


def test_a_number_in_scientific_writing_is_a_phone_number() -> None:
    assert spreadsheet.read(workbook([["n"], [8.613800138e12]])).rows == [(2, ("8613800138000",))]


def test_csv_is_read_too_and_short_rows_are_filled() -> None:
    table = spreadsheet.read(b"number;name\n+15550123\n+15550124;Bob;more\n")
    assert table == Table(("number", "name"), [(2, ("+15550123", "")), (3, ("+15550124", "Bob"))])


def test_columns_have_names_that_a_place_can_have() -> None:
    table = spreadsheet.read(b"a,,A,{x}\n1,2,3,4\n")
    assert table.columns == ("a", "column 2", "A 3", "x")


@pytest.mark.parametrize(
    "raw",
    [b"", b"a,b\n", b"PK\x03\x04 no zip", packed({"xl/workbook.xml": "<workbook/>"}), packed({"other": ""})],
    ids=["empty", "heading alone", "cut", "no sheet", "another zip"],
)
def test_what_is_no_table_is_refused_with_a_sentence(raw: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        spreadsheet.read(raw)
    assert caught.value.message


def test_a_workbook_that_unpacks_without_end_is_not_read_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "LARGEST", 100_000)
    bomb = workbook([["n"], *[["0" * 1000] for _ in range(1000)]])
    assert len(bomb) < 50_000
    with pytest.raises(BadRequest, match="unpacks to more than"):
        spreadsheet.read(bomb)


def test_entities_of_a_document_type_are_not_read() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb">]><workbook>&b;</workbook>'
    with pytest.raises(BadRequest):
        spreadsheet.read(packed({"xl/workbook.xml": bomb}))


def test_a_file_with_too_many_rows_or_columns_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", 2)
    monkeypatch.setattr(spreadsheet, "MOST_COLUMNS", 3)
    assert len(spreadsheet.read(b"a\n1\n2\n").rows) == 2
    with pytest.raises(BadRequest, match="more than 2 rows"):
        spreadsheet.read(b"a\n1\n2\n3\n")
    with pytest.raises(BadRequest, match="more than 3 columns"):
        spreadsheet.read(b"a,b,c,d\n1,2,3,4\n")


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_a_table_or_refused(raw: bytes, zipped: bool) -> None:
    try:
        table = spreadsheet.read(b"PK\x03\x04" + raw if zipped else raw)
    except BadRequest:
        return
    assert all(len(cells) == len(table.columns) for _, cells in table.rows)
