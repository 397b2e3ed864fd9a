"""A store looked at from outside is not touched."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bridge.store.read_only import read_only
from bridge.store.row_counts import figures
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW, SHOP, message


async def test_nothing_can_be_changed_by_mistake(store: SqliteStore, tmp_path: Path) -> None:
    with (
        closing(read_only(tmp_path / "bridge.db")) as looking,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        looking.execute("DELETE FROM accounts")


async def test_whoever_writes_is_not_disturbed(store: SqliteStore, tmp_path: Path) -> None:
    with closing(read_only(tmp_path / "bridge.db")) as looking:
        looking.execute("BEGIN")
        assert looking.execute("SELECT count(*) FROM messages").fetchone() == (0,)
        await store.submit([message(1)])
        # it goes on seeing what was there when it began
        assert looking.execute("SELECT count(*) FROM messages").fetchone() == (0,)
    assert await store.pulse() == 1


@pytest.mark.parametrize("name", ["none.db", "a b?c#d%41.db"])
def test_looking_at_a_store_that_is_not_there_makes_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(sqlite3.OperationalError):
        read_only(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


async def test_any_path_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a b?c#d%41.db"
    store = SqliteStore(str(path))
    await store.open()
    await store.add_account(SHOP, [])
    with closing(read_only(path)) as looking:
        assert looking.execute("SELECT name, created_at FROM accounts").fetchall() == [("shop", NOW)]
    await store.close()
    assert figures(path)["accounts"] == 1
