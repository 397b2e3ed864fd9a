"""CSV as spreadsheets of all countries write it, and as they can read it without harm. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from bridge.errors import BadRequest
from bridge.messages import text_files

#: what a spreadsheet takes for a formula; an SMS that came in may begin like one on purpose
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d .()-]*$)")
#: characters of one value
LONGEST_VALUE = 10_000
_DELIMITERS = ",;\t"
#: cells of one row: more than these no spreadsheet program has columns
MOST_CELLS = 16_384
#: a line behind the last one: what swallows it has a quotation mark that is not closed
_END = "\x1fend"


def harmless(value: str) -> str:
    """Prefix text that a spreadsheet would execute with an apostrophe (OWASP, "CSV Injection")."""
    return f"'{value}" if _FORMULA.match(value) else value


def plain(value: str) -> str:
    """Undo `harmless`."""
    return value[1:] if value[:1] == "'" and _FORMULA.match(value[1:]) else value


def rows(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file that have anything in them, each with the number of its first line, from 1.

    The delimiter is whichever of comma, semicolon and tab is in the first line most often. Raises BadRequest.
    """
    lines, skipped = text_files.lines(raw), 0
    for first in lines:
        if first.strip("\r\n"):
            break
        skipped += 1
    else:
        return
    delimiter = max(_DELIMITERS, key=first.count)
    bounded = _Bounded(_ended(chain((first,), lines)), delimiter)
    reader = csv.reader(bounded, delimiter=delimiter, strict=False)
    number = skipped + 1
    try:
        for row in reader:
            if row == [_END]:
                return
            if row and row[-1].endswith(_END):
                raise BadRequest(f"line {number}: a quotation mark is opened there and never closed")
            values = [plain(value.strip()) for value in row]
            if any(values):
                yield number, values
            number = skipped + reader.line_num + 1
            bounded.seen = 0
    except csv.Error as error:
        problem = f"the file is not CSV: line {number}: {error}. Is a quotation mark missing there?"
        raise BadRequest(problem) from None


def _ended(lines: Iterable[str]) -> Iterator[str]:
    """The lines, none of them in pieces, and one more by which an open quotation mark is known."""
    last = "\n"
    for last in lines:
        if len(last) >= text_files.LONGEST_PIECE and last[-1] not in "\r\n":
            raise BadRequest(f"a line has more than {text_files.LONGEST_PIECE} characters: is it a table?")
        yield last
    if last[-1] not in "\r\n":
        yield "\n"
    yield _END


class _Bounded:
    """Lines that end the reading before one row of them becomes millions of cells."""

    def __init__(self, lines: Iterator[str], delimiter: str) -> None:
        self._lines = lines
        self._delimiter = delimiter
        #: delimiters since the last row that was whole
        self.seen = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.seen += line.count(self._delimiter)
            if self.seen >= MOST_CELLS:
                raise BadRequest(f"a row has more than {MOST_CELLS} columns: remove those that are not needed")
            yield line


def written(heading: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A file with these columns, for any spreadsheet."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    # a heading may come from a file that somebody brought, so it is no safer than the rows
    writer.writerows([harmless(value) for value in line] for line in chain((heading,), lines))
    return file.getvalue()
