"""Reads tables of SMS newest first, each query by an index, so that rows that do not match are hardly read.

A query is answered out of *streams*: ranges of an index in which the rows lie in the order in which they were kept.
Where a condition takes several (a state of every account), the database merges them as it goes.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bridge.dataclass import dataclass
from bridge.store import search, words
from bridge.store.sql import is_sqlite

#: SQLite merges 500 at most
_MOST_MERGED = 250
#: of LIMIT: no end
_ALL = 1 << 62


@dataclass(frozen=True, slots=True)
class Stream:
    """A range of an index, or "" for the table itself."""

    index: str
    where: str = "true"
    values: tuple[Any, ...] = ()
    #: the index is of words, and this is its expression
    words: bool = False
    #: `seq` of its first row
    first: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """The streams in which rows are, and what else must hold for each. `m` is the table."""

    table: str
    streams: Sequence[Stream]
    where: str = "true"
    values: tuple[Any, ...] = ()
    #: `seq` of the first and the last row that may be one
    first: int = 0
    last: int = 1 << 62
    #: another table to join
    join: str = ""
    join_values: tuple[Any, ...] = ()

    def select(self, columns: str, stream: Stream) -> tuple[str, tuple[Any, ...]]:
        """The statement for one stream, in no order; `{seq}` in the columns is the row's."""
        if stream.words:
            seq, source = f"{stream.index}.rowid", f"{stream.index} CROSS JOIN {self.table} m ON m.seq = {{seq}}"
        else:
            seq = "m.seq"
            source = f"{self.table} m {f'INDEXED BY {stream.index}' if stream.index else 'NOT INDEXED'}"
        statement = (
            f"SELECT {columns} FROM {source} {self.join} WHERE {stream.where} AND {{seq}} BETWEEN ? AND ? "
            f"AND {self.where}"
        )
        # one lower bound: of two, SQLite would take either, and look at all that is between them
        first = max(self.first, stream.first)
        values = (*self.join_values, *stream.values, first, self.last, *self.values)
        return statement.replace("{seq}", seq), values


def positions(conn: sqlite3.Connection, found: Selection, limit: int, offset: int = 0) -> list[int]:
    """The first rows of a selection after some, newest first. `limit` -1 for all."""
    several = len(found.streams) > _MOST_MERGED
    rows: list[int] = []
    for start in range(0, len(found.streams), _MOST_MERGED):
        arms = [found.select("{seq} AS seq", stream) for stream in found.streams[start : start + _MOST_MERGED]]
        most = _ALL if limit < 0 else limit
        paging = (most + offset, 0) if several else (most, offset)
        if len(arms) > 1 and not is_sqlite(conn):  # it merges only what each of them has in order
            arms = [(f"({text} ORDER BY seq DESC LIMIT ?)", (*some, most + offset)) for text, some in arms]
        statement = " UNION ALL ".join(text for text, _ in arms) + " ORDER BY seq DESC LIMIT ? OFFSET ?"
        values = [value for _, some in arms for value in some]
        rows += [row[0] for row in conn.execute(statement, (*values, *paging))]
    if not several:
        return rows
    return sorted(rows, reverse=True)[offset : None if limit < 0 else offset + limit]


def count(conn: sqlite3.Connection, found: Selection) -> int:
    """Count the rows."""
    return sum(int(conn.execute(*found.select("count(*)", stream)).fetchone()[0]) for stream in found.streams)


def with_words(
    conn: sqlite3.Connection, index: search.Index, accounts: Iterable[str], keyword: str
) -> Iterator[Stream]:
    """Those of these accounts that may have a keyword: what is indexed, and the rest one by one."""
    if expression := words.expression(accounts, keyword):
        yield Stream(index.words, f"{index.words} MATCH ?", (expression,), words=True)
    yield Stream("", first=search.position(conn, index) + 1)
