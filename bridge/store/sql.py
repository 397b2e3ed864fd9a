"""Helpers for SQL statements of all subjects."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, cast

from bridge.errors import BadRequest

#: a random UUID (version 4, RFC 9562) as SQLite makes it
UUID = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a'"
    " || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
)
#: characters of all texts on one page
MOST_TEXT = 2 * 1024 * 1024


def fitting(rows: Iterable[Sequence[Any]], text: int) -> list[Sequence[Any]]:
    """The first rows whose texts, in the column `text`, fit on one page; at least one."""
    page: list[Sequence[Any]] = []
    left = MOST_TEXT
    for row in rows:
        left -= len(row[text])
        if left < 0 and page:
            break
        page.append(row)
    return page


def is_sqlite(conn: object) -> bool:
    """Whether a connection is one to SQLite, and not one that is used like it."""
    return isinstance(conn, sqlite3.Connection)


def last_number(made: object, rows: int = 1) -> int:
    """The number of the last row of an INSERT that made so many, without a wait for it where it can be foretold."""
    if isinstance(made, sqlite3.Cursor):
        return made.lastrowid or 0
    return int(cast(Any, made).foretold(rows))


def replacing(columns: str) -> str:
    """What an upsert sets, so that these columns are as in the row that was not inserted."""
    return ", ".join(f"{name} = excluded.{name}" for name in columns.split(", "))


def marks(values: "Sequence[Any] | frozenset[Any]") -> str:
    """A list of question marks, one for each value."""
    return ", ".join("?" * len(values))


def position(cursor: str) -> int:
    """The row number of a cursor. Raises BadRequest for an unknown cursor."""
    if not cursor:
        return 1 << 62
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        raise BadRequest("unknown cursor: use the one that came with the previous page", "cursor")
    return int(cursor)
