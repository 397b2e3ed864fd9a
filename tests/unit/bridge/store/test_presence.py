"""Files of a store that are removed or exchanged while it is open."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.store.presence import Presence


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE done (name TEXT)")
    yield connection
    connection.close()


def test_says_nothing_while_the_files_are_there_and_grow(conn: sqlite3.Connection) -> None:
    presence = Presence(conn)
    conn.execute("INSERT INTO done VALUES ('a')")
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.execute("INSERT INTO done VALUES ('b')")
    assert presence.trouble() == ""


@pytest.mark.parametrize("name", ["bridge.db", "bridge.db-wal"])
def test_says_which_file_was_removed_until_it_is_back(conn: sqlite3.Connection, tmp_path: Path, name: str) -> None:
    presence = Presence(conn)
    (tmp_path / name).rename(tmp_path / "aside")
    assert f"{name} was removed" in presence.trouble()
    (tmp_path / "aside").rename(tmp_path / name)
    assert presence.trouble() == ""


def test_says_that_another_file_took_the_place(conn: sqlite3.Connection, tmp_path: Path) -> None:
    presence = Presence(conn)
    (tmp_path / "backup.db").write_bytes((tmp_path / "bridge.db").read_bytes())
    (tmp_path / "backup.db").replace(tmp_path / "bridge.db")
    assert "bridge.db was replaced" in presence.trouble()


def test_says_nothing_of_a_store_in_memory() -> None:
    assert Presence(sqlite3.connect(":memory:")).trouble() == ""
