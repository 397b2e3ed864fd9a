"""What the telephony provider allows in the SQL that callers bring, by release.

SELECT is refused from Android 11 on; 17 refuses more words and the functions that would get round its rules. The
functions are those that the phone's SQLite has.
"""

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from bridge.dataclass import dataclass

#: refused from 17 on
_BANNED = frozenset({
    "UNION", "EXCEPT", "INTERSECT", "JOIN", "FROM", "GROUP", "HAVING", "WINDOW", "VALUES", "HEX", "SUBSTR",
    "SQLITE_VERSION", "UNICODE", "PRINTF", "INSTR", "RANDOM", "RANDOMBLOB", "ZEROBLOB", "TYPEOF",
})  # fmt: skip

#: what every phone's SQLite has (from 3.8 on, without the JSON and maths that Android leaves out)
_FUNCTIONS = frozenset({
    "abs", "avg", "changes", "char", "coalesce", "count", "date", "datetime", "glob", "group_concat", "hex",
    "ifnull", "instr", "julianday", "last_insert_rowid", "length", "like", "likelihood", "likely", "lower", "ltrim",
    "max", "min", "nullif", "printf", "quote", "random", "randomblob", "replace", "round", "rtrim", "strftime",
    "substr", "sum", "time", "total", "total_changes", "trim", "typeof", "unicode", "unlikely", "upper", "zeroblob",
    "sqlite_version",
})  # fmt: skip

#: SDK → what came with its SQLite (3.19, 3.28, 3.32, 3.39)
_NEWER = {30: "substring row_number rank dense_rank", 31: "iif", 34: "format sign unixepoch"}
_TOKEN = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|(?P<word>[A-Za-z_][\w$]*)|.""", re.S
)


class Refused(Exception):
    """The provider returns no cursor, as if nothing was there."""


def check(pieces: Iterable[str], sdk: int) -> None:
    """Raises Refused for words that the release does not let through."""
    if sdk < 30:
        return
    banned = {"SELECT"} | (_BANNED if sdk >= 37 else frozenset())
    for piece in pieces:
        for token in _TOKEN.finditer(piece):
            if token.group() == ";" or (token["word"] or "").upper() in banned:
                raise Refused(token.group())


def functions(sdk: int) -> frozenset[str]:
    """The names that SQL on this release may call."""
    newer = (name for since, names in _NEWER.items() if sdk >= since for name in names.split())
    return _FUNCTIONS | frozenset(newer)


@contextlib.contextmanager
def allow(database: sqlite3.Connection, sdk: int) -> Iterator[None]:
    """Within the block statements may only read, with the functions of the release."""
    known = functions(sdk)

    def authorize(action: int, first: str | None, second: str | None, _where: str | None, _inner: str | None) -> int:
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE):
            return sqlite3.SQLITE_OK
        fine = action == sqlite3.SQLITE_FUNCTION and (second or first or "").lower() in known
        return sqlite3.SQLITE_OK if fine else sqlite3.SQLITE_DENY

    database.set_authorizer(authorize)
    try:
        yield
    finally:
        database.set_authorizer(None)


@dataclass(frozen=True, slots=True)
class Found:
    """A cursor: names of the columns, and the rows."""

    names: list[str]
    rows: list[tuple[Any, ...]]


def select(
    database: sqlite3.Connection, sdk: int, table: str, projection: list[str], conditions: str, sort: str
) -> Found:
    """Ask as a provider asks. Raises sqlite3.Error with the words of the phone's SQLite."""
    columns = ", ".join(projection) or "*"
    statement = f"SELECT {columns} FROM {table}"  # noqa: S608 - SQL from outside is what a provider takes
    if conditions:
        statement += f" WHERE {conditions}"
    with allow(database, sdk):
        try:
            cursor = database.execute(f"{statement} ORDER BY {sort}")
            return Found([column[0] for column in cursor.description], cursor.fetchall())
        except sqlite3.DatabaseError as error:
            words = str(error).replace("not authorized to use function", "no such function")
            raise sqlite3.OperationalError(f"{words} (code 1): , while compiling: {statement}") from None
