"""Rows between a database and a file: every table, every column, both ways."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from bridge.errors import StoreUnavailable
from bridge.store import backup
from bridge.store.postgresql import backup as database
from bridge.store.postgresql.session import NUL
from bridge.store.words import words_of
from tests.support import full_store
from tests.support.empty_store import empty_store

NOW = 1_795_000_000_000


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A store in a file with rows in every table."""
    empty_store(tmp_path / "here")
    full_store.fill(tmp_path / "here" / "bridge.db")
    return tmp_path / "here" / "bridge.db"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return empty_store(tmp_path, "postgresql")


def carry(source: Path | str, target: Path | str, folder: Path, count: int = 0) -> None:
    """Move a store by an archive, from either engine to either."""
    archive = folder / f"{count}.export"
    if isinstance(source, Path):
        backup.move_out(source, archive, NOW, {})
    else:
        database.move_out(source, archive, NOW, {})
    if isinstance(target, Path):
        backup.bring_in(archive, target, NOW)
    else:
        database.bring_in(archive, target, folder, NOW)


def test_every_table_is_the_same_from_a_file_to_a_database_to_another_and_into_a_file(
    full: Path, url: str, tmp_path: Path
) -> None:
    before = full_store.in_file(full)
    names = [name for name, rows in before.items() if name != "numbers" and " " not in name]
    assert len(names) > 40
    assert [name for name in names if not before[name]] == ["moved"], "a table without rows proves nothing"
    carry(full, url, tmp_path, 1)
    assert full_store.in_database(url, names) == before

    again = empty_store(tmp_path, "postgresql")
    carry(url, again, tmp_path, 2)
    back = tmp_path / "back" / "bridge.db"
    carry(again, back, tmp_path, 3)
    after = full_store.in_file(back)
    given = dict(before["numbers"])
    for name, last in after.pop("numbers"):
        assert given[name] <= last <= given[name] + 2, "the tests looked at the next number of two databases"
    assert after == {name: rows for name, rows in before.items() if name != "numbers"}


def test_triggers_and_indexes_are_there_again(full: Path, url: str, tmp_path: Path) -> None:
    made, counted = (
        "SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2",
        "SELECT sum(messages) FROM message_counts",
    )
    with closing(sqlite3.connect(full)) as file:
        before, (sum_before,) = file.execute(made).fetchall(), file.execute(counted).fetchone()
    carry(full, url, tmp_path, 1)
    with psycopg.connect(url) as session:
        session.execute("DELETE FROM messages WHERE seq = 42")
        assert session.execute(counted).fetchone() == (sum_before - 1,)
    carry(url, tmp_path / "back.db", tmp_path, 2)
    with closing(sqlite3.connect(tmp_path / "back.db")) as file:
        assert file.execute(made).fetchall() == before
        file.create_function("words_of", -1, words_of, deterministic=True)
        file.execute("DELETE FROM messages WHERE seq = 41")
        assert file.execute(counted).fetchone() == (sum_before - 2,)


def test_a_row_that_the_database_does_not_take_leaves_it_as_it_was(full: Path, url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(full)) as file:
        file.execute("UPDATE stops SET at = 'once'")  # SQLite keeps it
        file.commit()
    backup.move_out(full, tmp_path / "1.export", NOW, {})
    with pytest.raises(StoreUnavailable, match="does not take a row of the table stops"):
        database.bring_in(tmp_path / "1.export", url, tmp_path, NOW)
    with psycopg.connect(url) as session:
        assert session.execute("SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM users)").fetchone() == (
            0,
            0,
        )
        assert session.execute("INSERT INTO events SELECT 1, '', '', '', 0, '', '' RETURNING seq").fetchone() == (1,)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_character_that_no_text_can_have_is_shown(full: Path, url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(full)) as file:
        file.execute("UPDATE typed SET text = 'a' || char(0) || 'b' WHERE seq = 41")
        file.commit()
    carry(full, url, tmp_path)
    with psycopg.connect(url) as session:
        assert session.execute("SELECT text FROM typed WHERE seq = 41").fetchone() == (f"a{NUL}b",)


def test_rows_go_by_in_runs_and_are_told(full: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.store.postgresql.copying._BITE", 300)
    with closing(sqlite3.connect(full)) as file:
        file.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2500) "
            "INSERT INTO slots SELECT 'SIM', i FROM n"
        )
        file.commit()
    backup.move_out(full, tmp_path / "1.export", NOW, {})
    told = list[int]()
    database.bring_in(tmp_path / "1.export", url, tmp_path, NOW, told=told.append)
    assert told == [1000, 2000]
    with psycopg.connect(url) as session:
        assert session.execute("SELECT count(*) FROM slots").fetchone() == (2502,)
