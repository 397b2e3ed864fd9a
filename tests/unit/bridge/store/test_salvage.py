"""What can be read of a damaged store is saved: all but what was on the damaged pages."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bridge.errors import NotPossible, StoreUnavailable
from bridge.model.message import State
from bridge.model.query import MessageQuery
from bridge.store import archive, backup, open_store
from bridge.store.salvage import save
from tests.support.damage import PAGE, flip, pages_with
from tests.support.store_rows import BY, NOW, SHOP, message

MESSAGES = 3000


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """A closed store in which two thousand messages wait among others."""
    path = tmp_path / "bridge.db"
    store = await open_store(f"sqlite:///{path}", exclusive=True)
    await store.add_account(SHOP, [])
    await store.top_up("shop", 100_000, "", BY)
    await store.submit([message(number, text=f"text {number:05}") for number in range(MESSAGES)])
    await store.close()
    return path


def rows(database: Path, table: str) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as conn:
        return set(conn.execute(f"SELECT * FROM {table}"))


def test_of_a_sound_store_everything_is_saved(database: Path, tmp_path: Path) -> None:
    saved = save(database, tmp_path / "saved.db")
    assert not any(each.damaged for each in saved.values())
    assert saved["messages"].rows == MESSAGES
    for table in (*saved, "message_totals", "sqlite_sequence"):
        assert rows(tmp_path / "saved.db", table) == rows(database, table), table


@pytest.mark.parametrize("text", [0, 1500, MESSAGES - 1], ids=["the first", "in the middle", "the last"])
def test_all_is_saved_but_what_was_on_the_damaged_page(database: Path, tmp_path: Path, text: int) -> None:
    before = rows(database, "messages")
    pages = pages_with(database, b"text %05d" % text)
    flip(database, *pages)
    saved = save(database, tmp_path / "saved.db")
    after = rows(tmp_path / "saved.db", "messages")
    assert after < before
    assert 0 < len(before - after) <= PAGE // 50
    assert saved["messages"].damaged
    assert saved["accounts"].rows == 1
    with closing(sqlite3.connect(tmp_path / "saved.db")) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize("seed", range(4))
def test_whatever_pages_are_damaged_what_is_saved_is_sound_and_was_there(
    database: Path, tmp_path: Path, seed: int
) -> None:
    before, chance = rows(database, "messages"), random.Random(seed)
    # without the names of its tables nothing can be read
    others = sorted(set(range(1, database.stat().st_size // PAGE)) - set(pages_with(database, b"CREATE ")))
    flip(database, *chance.sample(others, len(others) // 20))
    save(database, tmp_path / "saved.db")
    assert rows(tmp_path / "saved.db", "messages") <= before
    with closing(sqlite3.connect(tmp_path / "saved.db")) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_of_a_store_without_its_first_page_nothing_can_be_saved(database: Path, tmp_path: Path) -> None:
    flip(database, 0)
    with pytest.raises(StoreUnavailable, match="import the last backup instead"):
        save(database, tmp_path / "saved.db")


async def test_what_was_saved_is_brought_in_over_the_damaged_store(database: Path, tmp_path: Path) -> None:
    flip(database, *pages_with(database, b"text 01500"))
    with pytest.raises(StoreUnavailable, match="damaged"):
        await open_store(f"sqlite:///{database}", exclusive=True)
    packed, damaged = backup.save_readable(database, tmp_path / "saved.export", NOW, {})
    assert (packed.manifest.kind, "messages" in damaged) == (archive.Kind.COPY, True)
    with pytest.raises(NotPossible, match="--replace"):
        backup.bring_in(tmp_path / "saved.export", database, NOW)
    arrived = backup.bring_in(tmp_path / "saved.export", database, NOW, replace=True)
    assert arrived.replaced is not None
    store = await open_store(f"sqlite:///{database}", exclusive=True)
    assert MESSAGES - 100 < await store.count("shop", MessageQuery(states=frozenset({State.UNKNOWN}))) < MESSAGES
    await store.close()


def test_a_store_that_cannot_even_be_counted_can_be_replaced(database: Path, tmp_path: Path) -> None:
    backup.copy_out(database, tmp_path / "backup.export", NOW, {})
    database.write_bytes(b"no database at all" * 500)
    with pytest.raises(NotPossible, match=r"is not a store.*--replace"):
        backup.bring_in(tmp_path / "backup.export", database, NOW)
    assert backup.bring_in(tmp_path / "backup.export", database, NOW, replace=True).content.messages == MESSAGES
