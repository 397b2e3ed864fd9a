"""A damaged store is found when the bridge starts, and the error says what to do."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bridge.errors import StoreUnavailable
from bridge.model.message import State
from bridge.store import open_store
from bridge.store.connections import Connections
from bridge.store.soundness import Examination, refuse_damaged
from bridge.store.sqlite import SqliteStore
from tests.support.damage import flip, pages_with
from tests.support.store_rows import SHOP, message
from tests.support.waiting import until


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """A closed store with some messages."""
    path = tmp_path / "bridge.db"
    store = await open_store(f"sqlite:///{path}", exclusive=True)
    await store.add_account(SHOP, [])
    await store.submit([message(number, state=State.FAILED, text=f"text {number:05}") for number in range(2000)])
    await store.close()
    return path


async def test_a_sound_store_opens_and_all_its_tables_were_looked_at(database: Path) -> None:
    examination = Examination(database)
    assert examination.wait(30)
    assert (examination.trouble, examination.seen) == ("", examination.tables)
    assert examination.tables > 20
    await (await open_store(f"sqlite:///{database}", exclusive=True)).close()


async def test_flipped_pages_are_found_at_the_start_with_the_way_out(database: Path) -> None:
    flip(database, *pages_with(database, b"text 00700"))
    with pytest.raises(StoreUnavailable) as refused:
        await open_store(f"sqlite:///{database}", exclusive=True)
    words = refused.value.message
    assert words.startswith(f"{database} is damaged (messages: ")
    assert "sms-bridge export --readable FILE" in words
    assert "sms-bridge import FILE --replace" in words


@pytest.mark.parametrize("content", [b"", b"\x00" * 9000, b"no database at all" * 500])
async def test_a_file_that_is_no_store_any_more_is_refused_with_the_way_out(database: Path, content: bytes) -> None:
    database.write_bytes(content)
    with pytest.raises(StoreUnavailable, match="sms-bridge import FILE"):
        await open_store(f"sqlite:///{database}", exclusive=True)
    assert database.read_bytes() == content


async def test_a_store_that_was_removed_is_begun_anew_with_a_word(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database.unlink()
    for said in (1, 1):
        await (await open_store(f"sqlite:///{database}", exclusive=True)).close()
        assert caplog.text.count("was removed since the bridge last ran: beginning with an empty store") == said


async def test_an_empty_file_where_no_store_was_is_a_new_store(tmp_path: Path) -> None:
    (tmp_path / "bridge.db").touch()
    await (await open_store(f"sqlite:///{tmp_path}/bridge.db", exclusive=True)).close()


async def test_a_start_waits_for_a_large_store_only_for_a_moment(
    database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its readers wait for whoever holds it, and so does the examination, in the place of a slow card."""
    monkeypatch.setattr("bridge.store.soundness.SMALL", 0)
    flip(database, *pages_with(database, b"text 00700"))
    with closing(sqlite3.connect(database, isolation_level=None)) as holder:
        holder.execute("PRAGMA journal_mode = DELETE")
        holder.execute("BEGIN EXCLUSIVE")
        examination = refuse_damaged(database)
        assert examination.seen == 0
        holder.execute("ROLLBACK")
        await until(lambda: f"{database} is damaged (messages: " in caplog.text)


async def test_what_is_found_after_the_start_is_logged(database: Path, caplog: pytest.LogCaptureFixture) -> None:
    flip(database, *pages_with(database, b"text 00700"))
    with closing(sqlite3.connect(database, isolation_level=None)) as holder:
        holder.execute("PRAGMA journal_mode = DELETE")
        holder.execute("BEGIN EXCLUSIVE")
        examination = Examination(database)
        assert not examination.wait(0.01)
        holder.execute("ROLLBACK")
        await until(lambda: f"{database} is damaged (messages: " in caplog.text)


async def test_damage_that_a_running_bridge_meets_is_said_with_the_way_out(store: SqliteStore, tmp_path: Path) -> None:
    assert isinstance(store, Connections)
    await store.submit([message(number, state=State.FAILED, text=f"text {number:05}") for number in range(2000)])
    await store.tidy()
    flip(tmp_path / "bridge.db", *pages_with(tmp_path / "bridge.db", b"text 00700"))
    store._read_connection.execute("PRAGMA shrink_memory")
    with pytest.raises(StoreUnavailable, match=r"the store is damaged .* sms-bridge export --readable"):
        await store.message(message(700).id)
