"""Copies a store's rows between a database and an SQLite file of this release's schema, a stream of rows at a time.

What triggers count is copied as it stands, with the triggers off. The index of words is left out: the bridge makes it
anew where the rows arrive. Both engines have the same tables and columns, but for what the database has for itself.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import Any

from bridge.dataclass import dataclass
from bridge.errors import StoreUnavailable
from bridge.store.connections import PAGE
from bridge.store.migrations import migrate
from bridge.store.postgresql.connection import Connection
from bridge.store.postgresql.session import Lost
from bridge.store.schema import STEPS

#: rows in one COPY: the server remembers until its end which of them refer to others
_BITE = 20_000
#: rows between two words about them
_TOLD = 1000
#: made anew from the rows (`bridge.store.search`), or by SQLite itself
_MADE_ANEW = ("indexed", "message_words", "received_words", "sqlite_")
#: stands for what SQLite numbers by itself
_ROWID = "rowid"

Row = tuple[Any, ...]
Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that both have."""

    name: str
    #: with the number of a row where the file numbers it by itself
    columns: tuple[str, ...]
    #: PostgreSQL's
    types: tuple[str, ...]
    #: by which its rows are ordered
    key: tuple[str, ...]
    #: the column that is counted up; "" for none
    numbered: str

    @property
    def said(self) -> str:
        """The columns as statements of both name them."""
        return _said(self.columns)


def _said(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def write_file(database: Connection, target: Path) -> int:
    """Write all rows into a new file, private to its owner; returns its schema. Raises StoreUnavailable, OSError."""
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as file:
            # nobody has it before it is whole, and then it is packed
            file.executescript(f"PRAGMA page_size = {PAGE}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
            migrate(file)
            _fill(file, database)
    except Lost:
        raise
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{target} cannot be written: {error}") from error
    return len(STEPS)


def _fill(file: sqlite3.Connection, database: Connection) -> None:
    # indexes are made faster of all rows at once, and triggers would count what is counted
    later = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    made = file.execute(later).fetchall()
    for kind, name, _ in made:
        file.execute(f"DROP {kind} {name}")
    file.execute("BEGIN")
    for table in _tables(file, database):
        places = ", ".join("?" * len(table.columns))
        file.execute(f"DELETE FROM {table.name}")
        file.executemany(f"INSERT INTO {table.name} ({table.said}) VALUES ({places})", _rows(database, table))
        if table.numbered and table.numbered != _ROWID:
            _keep_number(file, table.name, _last_number(database, table))
    for _, _, statement in made:
        file.execute(statement)
    file.execute("COMMIT")


def _rows(database: Connection, table: Table) -> Iterator[Row]:
    statement = f"COPY (SELECT {table.said} FROM {table.name} ORDER BY {_said(table.key)}) TO STDOUT (FORMAT BINARY)"
    with database.copy(statement) as copying:
        copying.set_types(table.types)
        yield from copying.rows()


def _last_number(database: Connection, table: Table) -> int:
    """The last number that was given: no other row may have it, even if the one that had it is gone."""
    if table.name == "events":  # that of the last event that was committed, by which readers go on
        found = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    else:
        (sequence,) = database.execute(f"SELECT {_sequence(table)}").fetchone() or ("",)
        found = database.execute(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}").fetchone()
    return int(found[0]) if found else 0


def _sequence(table: Table) -> str:
    return f"pg_get_serial_sequence('{table.name}', '{table.numbered}')"


def _keep_number(file: sqlite3.Connection, name: str, last: int) -> None:
    if last and not file.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (last, name)).rowcount:
        file.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, last))


def read_file(database: Connection, source: Path, told: Told) -> None:
    """Replace the database's rows by those of a file, within the transaction under way.

    Raises StoreUnavailable for a row that the database does not take, sqlite3.Error.
    """
    done = 0
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as file:
        tables = _tables(file, database)
        _empty(database)
        counted = _triggered(database)
        for name in counted:
            database.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        for table in tables:
            for bite in _bites(file.execute(f"SELECT {table.said} FROM {table.name}")):
                done = _take(database, table, bite, done, told)
            _count_on(file, database, table)
        for name in counted:
            database.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")


def _bites(rows: Iterator[Row]) -> Iterator[Iterator[Row]]:
    """Rows in runs of so many, each to be read to its end before the next."""
    for first in rows:
        yield chain([first], islice(rows, _BITE - 1))


def _take(database: Connection, table: Table, rows: Iterator[Row], done: int, told: Told) -> int:
    try:
        with database.copy(f"COPY {table.name} ({table.said}) FROM STDIN") as copying:
            for row in rows:
                copying.write_row(row)
                done += 1
                if done % _TOLD == 0:
                    told(done)
    except Lost:
        raise
    except sqlite3.Error as error:
        raise StoreUnavailable(f"PostgreSQL does not take a row of the table {table.name} ({error})") from error
    return done


def _count_on(file: sqlite3.Connection, database: Connection, table: Table) -> None:
    """Let the database number rows from where the file stopped."""
    if not table.numbered:
        return
    kept = file.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)).fetchone()
    highest = file.execute(f"SELECT max({table.numbered}) FROM {table.name}").fetchone()
    last = max(kept[0] if kept else 0, highest[0] or 0)
    if last:
        database.execute(f"SELECT setval({_sequence(table)}, ?)", (last,))
    if table.name == "events":
        database.execute("UPDATE events_forgotten SET seq = ?", (last,))


def _empty(database: Connection) -> None:
    """Take away what a bridge wrote that was started once, and let all numbers begin anew."""
    every = database.execute(
        "SELECT string_agg(quote_ident(relname), ', ') FROM pg_class WHERE relkind = 'r' "
        "AND relnamespace = CAST(current_schema() AS regnamespace) AND relname NOT IN ('store', 'events_forgotten')"
    ).fetchone()
    database.execute(f"TRUNCATE {every[0] if every else ''} RESTART IDENTITY")


def _triggered(database: Connection) -> list[str]:
    found = database.execute(
        "SELECT DISTINCT relname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid "
        "WHERE NOT tgisinternal AND relnamespace = CAST(current_schema() AS regnamespace) ORDER BY 1"
    )
    return [name for (name,) in found.fetchall()]


def _tables(file: sqlite3.Connection, database: Connection) -> list[Table]:
    """What is copied, each table after those that it refers to: in the order in which they were made."""
    names = file.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid").fetchall()
    return [_table(file, database, name) for (name,) in names if not name.startswith(_MADE_ANEW)]


def _table(file: sqlite3.Connection, database: Connection, name: str) -> Table:
    there = database.execute(
        "SELECT attname, format_type(atttypid, NULL), attidentity <> '' FROM pg_attribute "
        "WHERE attrelid = CAST(? AS regclass) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (name,),
    ).fetchall()
    kinds = {column: kind for column, kind, _ in there}
    counted = [column for column, _, identity in there if identity]
    info = file.execute(f"PRAGMA table_info({name})").fetchall()
    mine = ([_ROWID] if _ROWID in kinds else []) + [row[1] for row in info]
    key = [row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]]
    return Table(
        name, tuple(mine), tuple(kinds[column] for column in mine),
        tuple([_ROWID] if _ROWID in kinds else key or mine), counted[0] if counted else "",
    )  # fmt: skip
