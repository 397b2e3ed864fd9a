"""Copies what can be read of a damaged store into a new one: around each page that cannot, from both sides."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from bridge.dataclass import dataclass
from bridge.errors import StoreUnavailable
from bridge.store.read_only import read_only
from bridge.store.schema import STEPS
from bridge.store.words import words_of

#: what triggers fill from other tables, or the bridge makes again
_DERIVED = (
    "message_counts", "message_totals", "received_counts", "message_hours", "received_hours",
    "message_words", "received_words", "indexed", "conversations", "sqlite_",
)  # fmt: skip
#: rows that are looked for where the number of the newest cannot be read
_UNKNOWN = 1 << 20
#: ranges of a table that are halved: each damaged page takes about fifty
_MOST_TRIES = 5000
#: what speaks of a row that was lost
_ORPHANS = (
    "DELETE FROM ledger WHERE event NOT IN (SELECT seq FROM events)",
    "DELETE FROM parts WHERE message NOT IN (SELECT id FROM messages)",
)


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a table."""

    rows: int = 0
    #: some of it could not be read
    damaged: bool = False


def save(database: Path, target: Path) -> dict[str, Saved]:
    """Write a new store, of the same schema, with what can be read; table → what became of it.

    Raises StoreUnavailable when nothing can be read, OSError, sqlite3.Error for the new one.
    """
    with closing(read_only(database)) as source, closing(sqlite3.connect(target, isolation_level=None)) as copy:
        copy.create_function("words_of", -1, words_of, deterministic=True)
        schema = _schema(source, database)
        for number, step in enumerate(STEPS[:schema], start=1):
            copy.executescript(f"BEGIN;{step};PRAGMA user_version = {number};COMMIT;")
        copy.execute("BEGIN")
        names = [name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        saved = {name: _copy(source, copy, name) for name in names if not name.startswith(_DERIVED)}
        if not any(each.rows for each in saved.values()):
            raise StoreUnavailable(_nothing(database))
        for statement in _ORPHANS:
            copy.execute(statement)
        _keep_numbers(source, copy)
        copy.execute("COMMIT")
    return saved


def _schema(source: sqlite3.Connection, database: Path) -> int:
    """Raises StoreUnavailable when not even the names of tables can be read."""
    try:
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        schema = int(source.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(_nothing(database)) from error
    return min(schema, len(STEPS)) or len(STEPS)


def _nothing(database: Path) -> str:
    return f"nothing in {database} can be read: import the last backup instead"


def _copy(source: sqlite3.Connection, copy: sqlite3.Connection, table: str) -> Saved:
    info = copy.execute(f"PRAGMA table_info({table})").fetchall()
    columns = ", ".join(row[1] for row in info)
    numbered = "seq" in {row[1] for row in info}
    key = ["seq"] if numbered else [row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]] or ["rowid"]
    insert = f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({', '.join('?' * len(info))})"
    place = [row[1] for row in info].index("seq") if numbered else -1
    reader = _Reader(source, f"SELECT {columns} FROM {table}", key, place, _newest(source, table))
    rows = 0
    for row in reader.rows():
        rows += copy.execute(insert, row).rowcount
    return Saved(rows, reader.damaged)


def _newest(source: sqlite3.Connection, table: str) -> int:
    """The highest number that a row of it was given."""
    try:
        row = source.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    except sqlite3.DatabaseError:
        return _UNKNOWN
    return int(row[0]) if row is not None else 0


class _Reader:
    """Reads a table forwards, backwards from its end where it breaks, and between the two by halves."""

    def __init__(self, source: sqlite3.Connection, select: str, key: Sequence[str], place: int, newest: int) -> None:
        self._source = source
        self._select = select
        self._key = key
        #: of the row's number among its columns; -1 for a table without numbers
        self._place = place
        self._newest = newest
        self._tries = 0
        self.damaged = False

    def rows(self) -> Iterator[Sequence[Any]]:
        """Rows may come twice."""
        if self._place >= 0:
            yield from self._between(0, self._newest + 1)
            return
        yield from self._run("1", ())
        if self.damaged:
            yield from self._run("1", (), "DESC")

    def _between(self, low: int, high: int) -> Iterator[Sequence[Any]]:
        """The rows of these numbers, both exclusive, as far as they can be read."""
        first, last, was, self.damaged = low, high, self.damaged, False
        for row in self._run("seq > ? AND seq < ?", (low, high)):
            first = row[self._place]
            yield row
        if not self.damaged:
            self.damaged = was
            return
        for row in self._run("seq > ? AND seq < ?", (first, high), "DESC"):
            last = row[self._place]
            yield row
        self._tries += 1
        if last - first > 2 and self._tries < _MOST_TRIES:
            middle = (first + last) // 2
            yield from self._between(first, middle + 1)
            yield from self._between(middle, last)
        self.damaged = True

    def _run(self, where: str, values: Sequence[int], order: str = "ASC") -> Iterator[Sequence[Any]]:
        keys = ", ".join(f"{column} {order}" for column in self._key)
        try:
            yield from self._source.execute(f"{self._select} WHERE {where} ORDER BY {keys}", values)
        except sqlite3.DatabaseError:
            self.damaged = True


def _keep_numbers(source: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    """No number is given a second time, even if the rows that had it are gone."""
    with suppress(sqlite3.DatabaseError):
        for name, seq in source.execute("SELECT name, seq FROM sqlite_sequence").fetchall():
            if not copy.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (seq, name)).rowcount:
                copy.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (name, seq))
