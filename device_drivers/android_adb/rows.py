"""Parses `content query` output, which does not escape the values of its columns and rows.

The tool prints `Row: 0 _id=1, body=…` with the body as it is: a body with a line break and `Row: 1 _id=99` would
forge a row. So the text columns are escaped by SQLite before the tool sees them, with functions that no version of
Android refuses and without quotes or colons; what comes back is believed only when every row has its number and every
column its name.
"""

import re
from collections.abc import Mapping, Sequence

#: what the tool prints for no rows, and for a query that the phone refuses
NOTHING = "No result found."
#: SQL NULL; a text that says NULL comes escaped and has a bar before it
NULL = "NULL"

_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)
_MEANT = {"n": "\n", "r": "\r", "c": ",", "\\": "\\"}


class Garbled(Exception):
    """The answer does not match the query; none of it is used."""


def escaped(column: str) -> str:
    """The expression for a text column: a bar, then the text with backslash, line feed, carriage return and comma
    escaped.
    """
    expression = column
    for char, letter in ((92, 92), (10, 110), (13, 114), (44, 99)):
        expression = f"replace({expression},char({char}),char(92,{letter}))"
    return f"char(124)||{expression}"


def whole(column: str) -> str:
    """The expression for a number that older tools would cut to 32 bits."""
    return f"char(124)||CAST({integer(column)} AS TEXT)"


def integer(column: str) -> str:
    """The expression for a number, whatever an app has stored in its column: 0 for what is none."""
    return f"CAST({column} AS INTEGER)"


def query(uri: str, columns: Mapping[str, str], where: str = "", sort: str = "") -> list[str]:
    """The arguments of a query. `columns` is name → expression, all constants of ours, never someone's input."""
    projection = ":".join(f"{expression} AS {name}" for name, expression in columns.items())
    argv = ["content", "query", "--uri", uri, "--projection", projection]
    argv += ["--where", where] if where else []
    argv += ["--sort", sort] if sort else []
    return argv


def plain(uri: str, columns: Sequence[str], where: str = "", sort: str = "") -> list[str]:
    """The arguments of a query without expressions."""
    argv = ["content", "query", "--uri", uri, "--projection", ":".join(columns)]
    argv += ["--where", where] if where else []
    argv += ["--sort", sort] if sort else []
    return argv


def parse(out: str, columns: Sequence[str]) -> list[dict[str, str | None]]:
    """Parse rows by column; None for NULL. Raises Garbled."""
    lines = out.split("\n")  # never splitlines(): it takes U+2028 and others for line ends
    if lines.pop() or not lines:  # an exception of the store goes elsewhere, and nothing comes here
        raise Garbled("the phone did not answer the question")
    if lines == [NOTHING]:
        return []
    return [_row(line.removesuffix("\r"), number, columns) for number, line in enumerate(lines)]


def single(out: str, column: str) -> str | None:
    """The single value of the single row; None without a row. Raises Garbled."""
    start = f"Row: 0 {column}="
    if out.strip() == NOTHING:
        return None
    if not out.startswith(start):
        raise Garbled("the phone's answer is not the one row that was asked for")
    return out.removeprefix(start).removesuffix("\n")


def _row(line: str, number: int, columns: Sequence[str]) -> dict[str, str | None]:
    start = f"Row: {number} "
    fields = line.removeprefix(start).split(", ")
    if not line.startswith(start) or len(fields) != len(columns):
        raise Garbled(f"row {number} of the phone's answer is not the next row")
    row: dict[str, str | None] = {}
    for field, column in zip(fields, columns, strict=True):
        name, equals, value = field.partition("=")
        if name != column or not equals:
            raise Garbled(f"row {number} of the phone's answer has other columns than asked for")
        row[column] = None if value == NULL else value
    return row


def text(value: str | None) -> str:
    """Decode a column selected by `escaped` or `whole`; "" for NULL. Raises Garbled."""
    if value is None:
        return ""
    if not value.startswith("|"):
        raise Garbled("a text column came without its mark")
    return _ESCAPED.sub(_unescaped, value[1:])


def number(value: str | None, default: int = 0) -> int:
    """Parse a whole number, with or without the mark of `whole`; `default` for NULL. Raises Garbled."""
    if value is None:
        return default
    try:
        return int(value.removeprefix("|"))
    except ValueError:
        raise Garbled("a number column holds something else") from None


def any_number(value: str | None, default: int = 0) -> int:
    """The same of a column that comes as it is; `default` also for what an app has stored there in a number's place."""
    try:
        return number(value, default)
    except Garbled:
        return default


def _unescaped(match: re.Match[str]) -> str:
    if match[1] not in _MEANT:
        raise Garbled("a text column holds an escape that was never made")
    return _MEANT[match[1]]
