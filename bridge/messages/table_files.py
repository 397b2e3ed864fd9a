"""Tables out of files: CSV, and the first sheet of an XLSX workbook (ECMA-376), each read within bounds. Pure.

A workbook is a zip of XML; what unpacks to more than `LARGEST` is not read on. Dates are written as ISO 8601, numbers
as a person would type them, so that a phone number stays one.
"""

import io
import re
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import IO, Literal
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from bridge.errors import BadRequest
from bridge.messages import csv_text, file_kinds
from bridge.model.batch import MOST_COLUMNS, MOST_ROWS, Table

#: bytes of one part of a workbook, unpacked
LARGEST = 64 * 1024 * 1024
#: characters of one cell
LONGEST_CELL = 2_000
#: elements of a workbook that are kept at a time: a row with all the columns that there are has fewer
MOST_ELEMENTS = 200_000
#: bytes of a part that are read without one of the elements that are wanted coming to its end, and of a small part
MOST_APART, SMALL_PART = 8 * 1024 * 1024, 1024 * 1024
#: attributes of an element that count no more than it does
FREE_ATTRIBUTES = 8
#: bytes in memory of all cells, and of all texts that cells refer to: few bytes may become very many of them
MOST_MEMORY = 64 * 1024 * 1024
#: seconds of a processor that reading a workbook takes; a Raspberry Pi reads the largest honest one in half of it
LONGEST = 60.0
#: what a zip's directory begins each of its entries with, and how many of them a workbook has at most
_ENTRY, MOST_ENTRIES = b"PK\x01\x02", 10_000
#: what reading a damaged one can end with; LookupError also of an encoding that nobody knows
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, ParseError,
    LookupError, ValueError, EOFError, OSError, NotImplementedError, RuntimeError,
)  # fmt: skip
_ADVICE = "open it in your spreadsheet program and save it again as XLSX, or as CSV (UTF-8)"
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
    file_kinds.refuse_other(raw)
    is_workbook = raw.startswith(file_kinds.ZIP)
    found = _bounded(_workbook(raw) if is_workbook else csv_text.rows(raw))
    _, heading = next(found, (0, ()))
    columns = _named(heading)
    if not columns:
        raise BadRequest("the file is empty: its first row names the columns")
    width = len(columns)
    # a workbook's cells know their column; in CSV one too many has moved those behind it
    fitting = found if is_workbook else _no_longer(found, width)
    table = Table(columns, [(number, (*cells[:width], *("",) * (width - len(cells)))) for number, cells in fitting])
    if not table.rows:
        raise BadRequest("the file has a heading and no rows")
    return table


def _bounded(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    memory = _Memory()
    for count, (number, cells) in enumerate(rows):
        if count > MOST_ROWS:
            raise BadRequest(f"the file has more than {MOST_ROWS} rows: divide it")
        if len(cells) > MOST_COLUMNS:
            raise BadRequest(f"row {number} has more than {MOST_COLUMNS} columns: remove those that are not needed")
        kept = tuple(cell[:LONGEST_CELL].replace("\0", "") for cell in cells)
        memory.take(kept)
        yield number, kept


class _Memory:
    """Counts what texts take."""

    def __init__(self) -> None:
        self._left = MOST_MEMORY

    def take(self, texts: Sequence[str], once: int = 1) -> None:
        """Raises BadRequest beyond MOST_MEMORY bytes. Those of up to `once` characters are there once."""
        self._left -= sum(8 if len(text) <= once else 8 + sys.getsizeof(text) for text in texts)
        if self._left < 0:
            raise BadRequest(f"the table takes more than {_mib(MOST_MEMORY)}: remove columns, or divide it")


def _mib(size: int) -> str:
    return f"{size // 1024 // 1024} MiB"


def _no_longer(rows: Iterator[tuple[int, tuple[str, ...]]], width: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    for number, cells in rows:
        if any(cells[width:]):
            raise BadRequest(
                f"row {number} has {len(cells)} cells and the heading has {width}: give each column a heading, and put "
                "a text that has the separator in it into quotation marks"
            )
        yield number, cells


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
    if raw.count(_ENTRY) > MOST_ENTRIES:
        raise BadRequest(f"the file is a zip of more than {MOST_ENTRIES} files, no workbook: {_ADVICE}")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as book:
            file_kinds.refuse_other_zip(book)
            yield from _sheet(book)
    except DefusedXmlException:
        raise BadRequest(
            f"the workbook holds what no spreadsheet program writes (a document type): {_ADVICE}"
        ) from None
    except _DAMAGE as error:
        what = "is not whole" if isinstance(error, zipfile.BadZipFile | EOFError | zlib.error) else "is damaged"
        raise BadRequest(f"the workbook {what}: copy or download it once more, or {_ADVICE}") from None


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
    if sheet is None:
        raise BadRequest(f"the workbook has no sheet: {_ADVICE}")
    wanted = sheet.get(f"{_REL}id", "")
    with book.open("xl/_rels/workbook.xml.rels") as file:
        for _, element in _parsed(_Bounded(file, SMALL_PART), "end"):
            if element.get("Id") == wanted:
                target = element.get("Target", "").lstrip("/")
                return target if target.startswith("xl/") else f"xl/{target}"
    raise KeyError(wanted)


def _strings(book: zipfile.ZipFile) -> list[str]:
    memory, found = _Memory(), list[str]()
    for item in _elements(book, "xl/sharedStrings.xml", "si"):
        found.append(_text(item))
        memory.take(found[-1:], once=-1)
    return found


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
        kept, bounded = 0, _Bounded(file, MOST_APART)
        for kind, element in _parsed(bounded, "start", "end"):
            root = element if root is None else root
            if kind == "start":
                kept += 1 + max(0, len(element.attrib) - FREE_ATTRIBUTES)
            if kept > MOST_ELEMENTS:
                raise BadRequest(f"the workbook has too much in one row: {_ADVICE}")
            if kind == "end" and element.tag == f"{_NS}sheetData":
                return  # behind the rows there is nothing to read
            if kind == "end" and element.tag in wanted:
                yield element
                element.clear()
                kept = bounded.apart = 0
                # what is above it keeps empty shells of all of them otherwise
                if element.tag == f"{_NS}row":
                    for above in root.findall(f"{_NS}sheetData"):
                        above.clear()
                elif element.tag == f"{_NS}si":
                    root.clear()


def _parsed(file: "_Bounded", *events: Literal["start", "end"]) -> Iterator[tuple[str, Element]]:
    """The elements of a part with their events, as `iterparse` has them.

    That leaves all it has read in a circle, for as long as Python's garbage collector rests.
    """
    parser = DefusedXMLParser(forbid_dtd=True)
    pulling = XMLPullParser(events, _parser=parser)
    try:
        while piece := file.read():
            pulling.feed(piece)
            yield from pulling.read_events()  # type: ignore[misc]  # those that were asked for
        pulling.close()
        yield from pulling.read_events()  # type: ignore[misc]
    finally:
        vars(parser).clear()  # it and its handlers have each other


class _Bounded:
    """A part of a workbook that ends the reading when it is too large, or takes too long."""

    def __init__(self, file: IO[bytes], most_apart: int) -> None:
        self._file = file
        self._left = LARGEST
        self._most_apart = most_apart
        #: bytes since the last element that was wanted
        self.apart = 0
        self._ends = time.thread_time() + LONGEST

    def read(self, size: int = -1) -> bytes:
        """Raises BadRequest beyond LARGEST bytes, `most_apart` of them together, or LONGEST seconds."""
        # no less, whatever is asked for: the parser begins a tag that is not whole anew with each piece
        piece = self._file.read(1 << 16)
        self._left -= len(piece)
        self.apart += len(piece)
        if self._left < 0:
            raise BadRequest(
                f"the workbook unpacks to more than {_mib(LARGEST)}: save the sheet with the numbers as CSV (UTF-8)"
            )
        if self.apart > self._most_apart:
            raise BadRequest(f"the workbook has too much in one row: {_ADVICE}")
        if time.thread_time() > self._ends:
            raise BadRequest("the workbook takes too long to read: save the sheet with the numbers as CSV (UTF-8)")
        return piece
