"""Reading tables of SMS newest first, each way by an index: what is not given out is hardly looked at.

A query is answered out of *streams*: ranges of an index in which the rows lie in the order in which they were kept.
Where a condition takes several (a state of every account), SQLite merges them as it goes.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.store import search, words

#: SQLite merges 500 at most
_MOST_MERGED = 250


@dataclass(frozen=True, slots=True)
class Stream:
    """A range of an index, or "" for the table itself."""

    index: str
    where: str = "1"
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
    where: str = "1"
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
        paging = (-1 if limit < 0 else limit + offset, 0) if several else (limit, offset)
        statement = " UNION ALL ".join(text for text, _ in arms) + " ORDER BY seq DESC LIMIT ? OFFSET ?"
        values = [value for _, some in arms for value in some]
        rows += [row[0] for row in conn.execute(statement, (*values, *paging))]
    if not several:
        return rows
    return sorted(rows, reverse=True)[offset : None if limit < 0 else offset + limit]


def count(conn: sqlite3.Connection, found: Selection) -> int:
    """Count the rows."""
    return sum(int(conn.execute(*found.select("count(*)", stream)).fetchone()[0]) for stream in found.streams)


def with_words(conn: sqlite3.Connection, index: search.Index, account: str, keyword: str) -> Iterator[Stream]:
    """Those that may have a keyword: what is indexed, and the rest one by one. `account` "" for everybody's."""
    expression = words.expression(account, keyword)
    yield Stream(index.words, f"{index.words} MATCH ?", (expression,), words=True)
    yield Stream("", first=search.position(conn, index) + 1)


# -- between which rows ---------------------------------------------------------------------------
_HOUR = 3_600_000  # ms
#: those of hours that came in the rows' order, of which the nearest will do, and of all others
_LAST = (
    "SELECT max(last) FROM (SELECT * FROM (SELECT last FROM {0} WHERE hour <= :hour AND NOT odd ORDER BY hour DESC "
    "LIMIT 1) UNION ALL SELECT max(last) FROM {0} WHERE odd AND hour <= :hour)"
)
_FIRST = (
    "SELECT min(first) FROM (SELECT * FROM (SELECT first FROM {0} WHERE hour >= :hour AND NOT odd ORDER BY hour "
    "LIMIT 1) UNION ALL SELECT min(first) FROM {0} WHERE odd AND hour >= :hour)"
)


def between(conn: sqlite3.Connection, hours: str, since: int, until: int) -> tuple[int, int]:
    """The `seq` of the first and the last row of a time (Unix ms, 0 for no limit), by the table that has the hours.

    Some between them may be of another time, where the clock was set.
    """
    ends = []
    for moment, statement, open_end, none in ((since, _FIRST, 0, 1 << 62), (until, _LAST, 1 << 62, -1)):
        found = conn.execute(statement.format(hours), {"hour": moment // _HOUR}).fetchone()[0] if moment else open_end
        ends.append(none if found is None else int(found))
    return ends[0], ends[1]
