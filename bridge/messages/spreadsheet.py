"""Tables out of files: CSV, and the first sheet of an XLSX workbook (ECMA-376), each read within bounds. Pure.

A workbook is a zip of XML; what unpacks to more than `LARGEST` is not read on. Dates are written as ISO 8601, numbers
as a person would type them, so that a phone number stays one.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from bridge.errors import BadRequest
from bridge.messages import csv_text
from bridge.model.batch import MOST_COLUMNS, MOST_ROWS, Table

#: bytes of one part of a workbook, unpacked
LARGEST = 64 * 1024 * 1024
#: characters of one cell
LONGEST_CELL = 2_000
_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
#: built-in formats of dates and times (ECMA-376 part 1, 18.8.30)
_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
#: what in a format of one's own makes a date of a number, outside of quotes and brackets
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_CELL = re.compile(r"([A-Z]{1,3})\d+")
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's times have no zone


def read(raw: bytes) -> Table:
    """The table in a file; its first row names the columns. Raises BadRequest."""
    rows = _workbook(raw) if raw[:4] == b"PK\x03\x04" else csv_text.rows(csv_text.decoded(raw))
    found = _bounded(rows)
    _, heading = next(found, (0, ()))
    columns = _named(heading)
    if not columns:
        raise BadRequest("the file is empty: its first row names the columns")
    width = len(columns)
    table = Table(columns, [(number, (*cells[:width], *("",) * (width - len(cells)))) for number, cells in found])
    if not table.rows:
        raise BadRequest("the file has a heading and no rows")
    return table


def _bounded(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for count, (number, cells) in enumerate(rows):
        if count > MOST_ROWS:
            raise BadRequest(f"the file has more than {MOST_ROWS} rows: divide it")
        if len(cells) > MOST_COLUMNS:
            raise BadRequest(f"row {number} has more than {MOST_COLUMNS} columns")
        yield number, tuple(cell[:LONGEST_CELL].replace("\0", "") for cell in cells)


def _named(heading: Sequence[str]) -> tuple[str, ...]:
    """The columns' names, each once; one without a name is called by its place."""
    names: list[str] = []
    for place, cell in enumerate(heading, 1):
        name = " ".join(cell.replace("{", " ").replace("}", " ").split())[:100] or f"column {place}"
        taken = {each.casefold() for each in names}
        names.append(name if name.casefold() not in taken else f"{name} {place}")
    return tuple(names)


# -- XLSX -------------------------------------------------------------------------------------------
def _workbook(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as book:
            yield from _sheet(book)
    except (zipfile.BadZipFile, KeyError, ParseError, DefusedXmlException, NotImplementedError, RuntimeError) as error:
        raise BadRequest(f"the file is no XLSX workbook, or it is damaged: {type(error).__name__}") from None


def _sheet(book: zipfile.ZipFile) -> Iterator[tuple[int, list[str]]]:
    shared = _strings(book) if "xl/sharedStrings.xml" in book.namelist() else []
    dates = _date_styles(book) if "xl/styles.xml" in book.namelist() else frozenset[int]()
    number = 0
    for row in _elements(book, _first_sheet(book), "row"):
        number = int(row.get("r") or number + 1)
        cells: list[str] = []
        for cell in row.findall(f"{_NS}c"):
            place = _column(cell.get("r", ""), len(cells))
            if place >= MOST_COLUMNS:
                break
            cells += [""] * (place - len(cells))
            cells.append(csv_text.plain(_value(cell, shared, dates).strip()))
        if any(cells):
            yield number, cells


def _first_sheet(book: zipfile.ZipFile) -> str:
    sheet = next(_elements(book, "xl/workbook.xml", "sheet"), None)
    wanted = "" if sheet is None else sheet.get(f"{_REL}id", "")
    with book.open("xl/_rels/workbook.xml.rels") as file:
        for _, element in iterparse(_Bounded(file), ("end",), forbid_dtd=True):
            if element.get("Id") == wanted:
                target = element.get("Target", "").lstrip("/")
                return target if target.startswith("xl/") else f"xl/{target}"
    raise KeyError(wanted)


def _strings(book: zipfile.ZipFile) -> list[str]:
    return [_text(item) for item in _elements(book, "xl/sharedStrings.xml", "si")]


def _text(item: Element) -> str:
    """All runs of a rich text; not how it is read aloud."""
    runs = [item, *item.findall(f"{_NS}r")]
    return "".join(run.findtext(f"{_NS}t") or "" for run in runs)[:LONGEST_CELL]


def _date_styles(book: zipfile.ZipFile) -> frozenset[int]:
    """The styles that show a number as a date."""
    own, styles = set[int](), list[int]()
    for element in _elements(book, "xl/styles.xml", "numFmts", "cellXfs"):
        if element.tag == f"{_NS}numFmts":
            for form in element.findall(f"{_NS}numFmt"):
                if re.search("[ymdhs]", _QUOTED.sub("", form.get("formatCode", "")).lower()):
                    own.add(int(form.get("numFmtId") or -1))
        else:
            styles += [int(style.get("numFmtId") or 0) for style in element.findall(f"{_NS}xf")]
    return frozenset(place for place, form in enumerate(styles) if form in _DATES or form in own)


def _value(cell: Element, shared: Sequence[str], dates: frozenset[int]) -> str:
    kind, value = cell.get("t", "n"), cell.findtext(f"{_NS}v") or ""
    if kind == "inlineStr":
        inline = cell.find(f"{_NS}is")
        return "" if inline is None else _text(inline)
    if kind == "s":
        return shared[int(value)] if value.isdecimal() and int(value) < len(shared) else ""
    if kind == "b":
        return "yes" if value == "1" else "no"
    if kind != "n" or not value:
        return "" if kind == "e" else value
    try:
        number = float(value)
    except ValueError:
        return value
    if int(cell.get("s") or 0) in dates:
        return _date(number)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else value


def _date(number: float) -> str:
    """Days since the end of 1899 as ISO 8601; the time of day where there is one."""
    if not 0 <= number < 2_958_466:  # the year 9999
        return str(number)
    moment = _EPOCH + timedelta(seconds=round(number * 86_400))
    if number < 1:
        return f"{moment:%H:%M}"
    return f"{moment:%Y-%m-%d}" if number.is_integer() else f"{moment:%Y-%m-%d %H:%M}"


def _column(reference: str, after: int) -> int:
    """The place of a cell in its row, from 0; without a reference behind the one before."""
    found = _CELL.fullmatch(reference)
    if found is None:
        return after
    place = 0
    for letter in found[1]:
        place = place * 26 + ord(letter) - 64
    return max(place - 1, after)


def _elements(book: zipfile.ZipFile, part: str, *names: str) -> Iterator[Element]:
    """The elements of these names, each forgotten when the next is asked for."""
    wanted = {f"{_NS}{name}" for name in names}
    with book.open(part) as file:
        root: Element | None = None
        for kind, element in iterparse(_Bounded(file), ("start", "end"), forbid_dtd=True):
            root = element if root is None else root
            if kind == "end" and element.tag in wanted:
                yield element
                element.clear()
                if element.tag == f"{_NS}row":
                    # what is above it keeps empty shells of all of them otherwise
                    for above in root.findall(f"{_NS}sheetData"):
                        above.clear()


class _Bounded:
    """A part of a workbook that ends the reading when it is too large."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = LARGEST

    def read(self, size: int = -1) -> bytes:
        """Raises BadRequest beyond LARGEST bytes."""
        piece = self._file.read(min(size, 1 << 16) if size > 0 else 1 << 16)
        self._left -= len(piece)
        if self._left < 0:
            raise BadRequest(f"the workbook unpacks to more than {LARGEST // 1024 // 1024} MiB")
        return piece
