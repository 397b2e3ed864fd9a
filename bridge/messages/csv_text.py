"""CSV as spreadsheets of all countries write it, and as they can read it without harm. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from bridge.errors import BadRequest

#: what a spreadsheet takes for a formula; an SMS that came in may begin like one on purpose
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d .()-]*$)")
#: characters of one value
LONGEST_VALUE = 10_000
_DELIMITERS = ",;\t"


def harmless(value: str) -> str:
    """Prefix text that a spreadsheet would execute with an apostrophe (OWASP, "CSV Injection")."""
    return f"'{value}" if _FORMULA.match(value) else value


def plain(value: str) -> str:
    """Undo `harmless`."""
    return value[1:] if value[:1] == "'" and _FORMULA.match(value[1:]) else value


def decoded(raw: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16 with its mark, else UTF-8. Raises BadRequest, naming the first bad byte."""
    try:
        if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return raw.decode("utf-16")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"the file is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}; save it as CSV UTF-8"
        raise BadRequest(problem) from None


def rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file that have anything in them, each with the number of its first line, from 1.

    The delimiter is whichever of comma, semicolon and tab is in the first line most often. Raises BadRequest.
    """
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    number = 1
    try:
        for row in reader:
            values = [plain(value.strip()) for value in row]
            if any(values):
                yield number, values
            number = reader.line_num + 1
    except csv.Error as error:
        raise BadRequest(f"the file is not CSV: line {number}: {error}") from None


def written(heading: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A file with these columns, for any spreadsheet."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    # a heading may come from a file that somebody brought, so it is no safer than the rows
    writer.writerows([harmless(value) for value in line] for line in chain((heading,), lines))
    return file.getvalue()
