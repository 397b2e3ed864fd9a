"""Tables out of workbooks and CSV, within bounds."""

import gc
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import BadRequest
from bridge.messages import table_files
from bridge.model.batch import MOST_ROWS, Table
from tests.support.workbooks import MAIN, packed, workbook


@pytest.mark.parametrize("shared", [True, False], ids=["table of strings", "strings in place"])
def test_the_first_sheet_of_a_workbook_is_read(shared: bool) -> None:
    rows = [["Phone", "Name", "Due"], [447700900123, "Anna & Co", ("1", 46_000)], [], ["+15550124", None, 1.5]]
    assert table_files.read(workbook(rows, shared)) == Table(
        ("Phone", "Name", "Due"),
        [(2, ("447700900123", "Anna & Co", "2025-12-09")), (4, ("+15550124", "", "1.5"))],
    )


def test_dates_and_times_are_written_as_people_can_read_them() -> None:
    row = [("1", 46_000), ("2", 46_000.75), ("2", 0.5), ("3", 2.0), ("1", -5), ("1", 1e9)]
    table = table_files.read(workbook([["a", "b", "c", "d", "e", "f"], row]))
    assert table.rows == [(2, ("2025-12-09", "2025-12-09 18:00", "12:00", "2", "-5.0", "1000000000.0"))]


def test_a_number_in_scientific_writing_is_a_phone_number() -> None:
    assert table_files.read(workbook([["n"], [8.613800138e12]])).rows == [(2, ("8613800138000",))]


def test_csv_is_read_too_and_short_rows_are_filled() -> None:
    table = table_files.read(b"number;name\n+15550123\n+15550124;Bob;\n")
    assert table == Table(("number", "name"), [(2, ("+15550123", "")), (3, ("+15550124", "Bob"))])


def test_columns_have_names_that_a_place_can_have() -> None:
    table = table_files.read(b"a,,A,{x}\n1,2,3,4\n")
    assert table.columns == ("a", "column 2", "A 3", "x")


SHEET = workbook([["phone", "name"], ["+15550150", "Mary"]])


def with_part(name: str, text: str) -> bytes:
    """A workbook of which one part is another."""
    with zipfile.ZipFile(io.BytesIO(SHEET)) as book:
        return packed({each: book.read(each).decode() for each in book.namelist()} | {name: text})


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "the file is empty: its first row names the columns"),
        (b"a,b\n", "a heading and no rows"),
        (b"PK\x03\x04 no zip", "the workbook is not whole: copy or download it once more"),
        (SHEET[:-40], "the workbook is not whole"),
        (packed({"xl/workbook.xml": "<workbook/>"}), "the workbook has no sheet: open it in your spreadsheet program"),
        (packed({"other": ""}), "a zip without a workbook in it"),
        (with_part("xl/workbook.xml", "<workbook"), "the workbook is damaged: .* save it again as XLSX"),
        (with_part("xl/workbook.xml", "<?xml version='1.0' encoding='utf-77'?><a/>"), "the workbook is damaged"),
        (with_part("xl/worksheets/sheet1.xml", f"<a xmlns='{MAIN}'><row r='x'/></a>"), "the workbook is damaged"),
        (b"%PDF-1.7", "the file is a PDF"),
        (b"phone\0,name\n", "it has zero bytes in it. Save the table as CSV UTF-8"),
        (b"phone,name\n+15550150,Jos\xe9\n", "not UTF-8: line 2, byte 24 is 0xe9; save it as CSV UTF-8"),
        (b'phone,name\n1,"Mary\n2,Bob\n', "line 2: a quotation mark is opened there and never closed"),
        (b"phone,name\n1,O'Brien, Mary\n", "row 2 has 3 cells and the heading has 2: give each column a heading"),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong_and_what_to_do(raw: bytes, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        table_files.read(raw)


def test_a_workbook_with_a_bad_byte_anywhere_is_read_or_refused() -> None:
    for place in range(0, len(SHEET), 3):
        raw = bytearray(SHEET)
        raw[place] ^= 0xFF
        with suppress(BadRequest):
            table_files.read(bytes(raw))


def test_cells_beside_the_table_of_a_workbook_are_left_out() -> None:
    assert table_files.read(workbook([["phone"], ["+15550150", "a remark"]])).rows == [(2, ("+15550150",))]


def test_the_last_line_needs_no_end() -> None:
    for raw in (b"a,b\n1,2", b'a,b\r\n1,"2"', b"a,b\r1,2\r", b'a,b\n1,"2\n'[:-1] + b'"'):
        assert table_files.read(raw).rows == [(2, ("1", "2"))]


def test_a_workbook_that_unpacks_without_end_is_not_read_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "LARGEST", 100_000)
    bomb = workbook([["n"], *[["0" * 1000] for _ in range(1000)]])
    assert len(bomb) < 50_000
    with pytest.raises(BadRequest, match="unpacks to more than"):
        table_files.read(bomb)


def test_entities_of_a_document_type_are_not_read() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb">]><workbook>&b;</workbook>'
    with pytest.raises(BadRequest):
        table_files.read(packed({"xl/workbook.xml": bomb}))


def test_a_file_with_too_many_rows_or_columns_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "MOST_ROWS", 2)
    monkeypatch.setattr(table_files, "MOST_COLUMNS", 3)
    assert len(table_files.read(b"a\n1\n2\n").rows) == 2
    with pytest.raises(BadRequest, match="more than 2 rows"):
        table_files.read(b"a\n1\n2\n3\n")
    with pytest.raises(BadRequest, match="more than 3 columns"):
        table_files.read(b"a,b,c,d\n1,2,3,4\n")


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_a_table_or_refused(raw: bytes, zipped: bool) -> None:
    try:
        table = table_files.read(b"PK\x03\x04" + raw if zipped else raw)
    except BadRequest:
        return
    assert all(len(cells) == len(table.columns) for _, cells in table.rows)


def sheet_of(rows: str) -> bytes:
    return with_part("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>')


@pytest.mark.parametrize(
    "raw",
    [
        SHEET,
        sheet_of("<row>" + "<c/>" * (table_files.MOST_ELEMENTS + 1) + "</row>"),
        sheet_of("<row>" * (table_files.MOST_ELEMENTS + 1)),
        sheet_of("<row><c><v>1</v></c></row>" + "<row>" * 1000),
        sheet_of('<row r="x">' + "<c/>" * 1000 + "</row>"),
        sheet_of("<row><c><v>1</v></c></row>" * (MOST_ROWS + 2)),
    ],
    ids=["sound", "wide", "deep", "not closed", "no number", "long"],
)
def test_nothing_of_a_workbook_stays_in_memory_until_the_garbage_collector_comes(raw: bytes) -> None:
    gc.collect()
    gc.disable()
    try:
        with suppress(BadRequest):
            table_files.read(raw)
        assert sum(type(each) is Element for each in gc.get_objects()) == 0
    finally:
        gc.enable()


def test_a_row_of_a_workbook_with_cells_without_end_is_not_kept() -> None:
    endless = "<row>" + "<c/>" * (table_files.MOST_ELEMENTS + 1) + "</row>"
    raw = with_part(
        "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{MAIN}"><sheetData>{endless}</sheetData></worksheet>'
    )
    with pytest.raises(BadRequest, match="too much in one row"):
        table_files.read(raw)


SHEET_PART, STRINGS_PART = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
MANY = 9_000_000  # bytes


def sheet(rows: str, behind: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{behind}</worksheet>'


def strings(items: str) -> str:
    return f'<sst xmlns="{MAIN}">{items}</sst>'


def attributes(count: int) -> str:
    return " ".join(f'a{number}=""' for number in range(count))


def repeated(text: str, size: int = MANY) -> str:
    return text * (size // len(text))


def one_attribute() -> tuple[str, str]:
    return SHEET_PART, sheet(f'<row x="{repeated("a")}"/>')


def one_name() -> tuple[str, str]:
    return SHEET_PART, f"<{repeated('a')}/>"


def attributes_of_one() -> tuple[str, str]:
    return SHEET_PART, sheet(f"<row {attributes(900_000)}/>")


def attributes_of_many() -> tuple[str, str]:
    return SHEET_PART, sheet(f"<row>{repeated(f'<c {attributes(50)}/>')}</row>")


def one_text() -> tuple[str, str]:
    return STRINGS_PART, strings(f"<si><t>{repeated('a')}</t></si>")


def comments() -> tuple[str, str]:
    return STRINGS_PART, strings(repeated("<!--x-->"))


def wide_texts() -> tuple[str, str]:
    return STRINGS_PART, strings(repeated(f"<si><t>\U0001f600{'a' * 1900}</t></si>", 2 * MANY))


def empty_texts() -> tuple[str, str]:
    return STRINGS_PART, strings(repeated("<si/>"))


def relations() -> tuple[str, str]:
    return RELATIONS, f"<Relationships>{repeated('<Relationship/>')}</Relationships>"


READ = """
import sys
from resource import RUSAGE_SELF, getrusage
from bridge.errors import BadRequest
from bridge.messages import table_files
raw = open(sys.argv[1], "rb").read()
before = getrusage(RUSAGE_SELF).ru_maxrss
try:
    table_files.read(raw)
    said = "nothing"
except BadRequest as error:
    said = error.message
print((getrusage(RUSAGE_SELF).ru_maxrss - before) // 1024, said)
"""


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (one_attribute, "too much in one row"),
        (one_name, "too much in one row"),
        (attributes_of_one, "too much in one row"),
        (attributes_of_many, "too much in one row"),
        (one_text, "too much in one row"),
        (comments, "too much in one row"),
        (relations, "too much in one row"),
        (wide_texts, "takes more than 64 MiB"),
        (empty_texts, "takes more than 64 MiB"),
    ],
)
def test_a_workbook_that_unpacks_to_much_more_takes_little_memory(
    tmp_path: Path, part: Callable[[], tuple[str, str]], why: str
) -> None:
    (tmp_path / "bomb.xlsx").write_bytes(with_part(*part()))
    took, said = subprocess.run(
        [sys.executable, "-c", READ, tmp_path / "bomb.xlsx"], check=True, capture_output=True, text=True, timeout=240
    ).stdout.split(maxsplit=1)
    assert why in said
    assert int(took) < 100  # MiB


def test_cells_that_refer_to_one_long_text_are_not_all_made() -> None:
    rows = ("<row>" + '<c t="s"><v>0</v></c>' * 60 + "</row>") * 2_000
    parts = {STRINGS_PART: strings(f"<si><t>'{'=a' * 990}</t></si>"), SHEET_PART: sheet(rows)}
    with zipfile.ZipFile(io.BytesIO(SHEET)) as book:
        raw = packed({each: book.read(each).decode() for each in book.namelist()} | parts)
    assert len(raw) < 20_000
    with pytest.raises(BadRequest, match="takes more than 64 MiB"):
        table_files.read(raw)


def test_a_zip_of_very_many_files_is_no_workbook() -> None:
    with pytest.raises(BadRequest, match="a zip of more than 10000 files"):
        table_files.read(packed({f"{number}": "" for number in range(10_001)}))


def test_what_takes_the_processor_for_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "LONGEST", 0.0)
    with pytest.raises(BadRequest, match="takes too long to read"):
        table_files.read(SHEET)


def test_what_stands_behind_the_rows_is_not_read() -> None:
    rows = '<row><c t="inlineStr"><is><t>phone</t></is></c></row><row><c><v>15550101</v></c></row>'
    links = f"<hyperlinks>{'<hyperlink/>' * 300_000}</hyperlinks>"
    assert table_files.read(with_part(SHEET_PART, sheet(rows, links))).rows == [(2, ("15550101",))]
