"""A store with two rows in each of its tables, whatever they are, and all that a store has to compare it by."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from bridge.store.words import words_of

#: what a text may have in it
TEXTS = ("a\tb\\N\n\r\"'%s \u4f60\U0001f600 {n} {name}", "{name} {n}")
#: made anew where the rows arrive
_ANEW = ("indexed", "message_words", "received_words", "sqlite_")
#: what refers to a row of another table must name one
_REFERS = {
    ("credentials", "account"): "accounts", ("recovery_codes", "user"): "users", ("sessions", "user"): "users",
    ("ledger", "event"): "events",
}  # fmt: skip

Rows = list[tuple[Any, ...]]


def fill(database: Path) -> None:
    """Write two rows into each table of an empty store in a file."""
    with closing(sqlite3.connect(database)) as file:
        file.create_function("words_of", -1, words_of, deterministic=True)
        for name in tables(file):
            for number in (41, 42):
                _insert(file, name, number)
        file.execute("DELETE FROM moved")  # or nobody may open it
        # the last row of a table was deleted: its number is not given again
        file.execute(
            "INSERT INTO movements SELECT seq + 8, account, kind, amount, at, message, note, balance FROM movements"
        )
        file.execute("DELETE FROM movements WHERE seq > 42")
        file.execute("INSERT INTO events SELECT seq + 8, id, name, account, at, subject, data, about FROM events")
        file.execute("DELETE FROM events WHERE seq > 42")
        file.commit()


def _insert(file: sqlite3.Connection, name: str, number: int) -> None:
    info = file.execute(f"PRAGMA table_info({name})").fetchall()
    values = [_value(name, column, kind, number, needed=needed or key) for _, column, kind, needed, _, key in info]
    file.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(values))})", values)


def _value(table: str, column: str, kind: str, number: int, *, needed: bool) -> Any:
    if table == "ledger" and column == "event":
        return number
    if kind == "INTEGER":
        return number if needed or number % 2 else None
    if kind == "BLOB":
        return bytes(range(256)) if number % 2 else b""
    if column in ("note", "error", "detail") and number % 2:
        return ""
    name = "accounts.name" if (table, column) == ("credentials", "account") else f"{table}.{column}"
    if (table, column) in _REFERS:
        name = f"{_REFERS[table, column]}.name"
    return TEXTS[number % 2].format(n=number, name=name)


def tables(file: sqlite3.Connection) -> list[str]:
    """The tables that a move brings."""
    names = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")]
    return [name for name in names if not name.startswith(_ANEW)]


def in_file(database: Path) -> dict[str, Rows]:
    """The rows of each table, and the last number that each counts from."""
    with closing(sqlite3.connect(database)) as file:
        found = {name: _sorted(file.execute(f"SELECT * FROM {name}").fetchall()) for name in tables(file)}
        found["endpoints in their order"] = file.execute("SELECT id FROM endpoints ORDER BY rowid").fetchall()
        return found | {"numbers": _sorted(file.execute("SELECT name, seq FROM sqlite_sequence").fetchall())}


def in_database(url: str, names: list[str]) -> dict[str, Rows]:
    """The same of a database, with the numbers that it would give next, less one."""
    with psycopg.connect(url) as session:
        found = {name: _sorted(session.execute(f"SELECT * FROM {name}").fetchall()) for name in names}
        found["endpoints"] = _sorted([row[:-1] for row in found["endpoints"]])
        found["endpoints in their order"] = session.execute("SELECT id FROM endpoints ORDER BY rowid").fetchall()
        counted = session.execute(
            "SELECT table_name, pg_get_serial_sequence(table_name, column_name) FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND is_identity = 'YES' AND column_name <> 'rowid'"
        ).fetchall()
        numbers = [(name, session.execute(f"SELECT nextval('{each}') - 1").fetchone()) for name, each in counted]
        return found | {"numbers": _sorted([(name, row[0]) for name, row in numbers if row and row[0]])}


def _sorted(rows: Rows) -> Rows:
    return sorted(rows, key=repr)
