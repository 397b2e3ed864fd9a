"""One file and its two threads: durable, and honest about a file that cannot be used."""

import os
import sqlite3
from pathlib import Path

import pytest

from bridge.errors import StoreUnavailable
from bridge.model.event import Event
from bridge.model.query import MessageQuery
from bridge.store.connections import reads, writes
from bridge.store.sqlite import SqliteStore
from bridge.store.writer import Tx
from tests.support.store_rows import message


def pragmas(conn: sqlite3.Connection) -> list[object]:
    return [conn.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")]


def mischief(conn: sqlite3.Connection) -> None:
    conn.execute("DELETE FROM accounts")


def pragmas_of_writer(tx: Tx) -> list[object]:
    return pragmas(tx.conn)


class Probe(SqliteStore):
    """A store that tells of its connections."""

    reader = reads(pragmas)
    writer = writes(pragmas_of_writer)
    mischief = reads(mischief)


async def test_what_is_committed_is_on_disk_and_readers_do_not_wait_for_writers(tmp_path: Path) -> None:
    store = Probe(str(tmp_path / "bridge.db"))
    await store.open()
    full = 2  # https://sqlite.org/pragma.html#pragma_synchronous
    assert await store.writer() == await store.reader() == ["wal", full, 1]
    await store.close()


async def test_a_query_cannot_change_anything(tmp_path: Path) -> None:
    """Only what goes through the one writer is in a transaction with its event."""
    store = Probe(str(tmp_path / "bridge.db"))
    await store.open()
    with pytest.raises(StoreUnavailable, match="readonly"):
        await store.mischief()
    await store.close()


async def test_a_store_makes_the_folders_that_it_needs(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "a" / "b" / "bridge.db"))
    await store.open()
    await store.close()
    assert (tmp_path / "a" / "b" / "bridge.db").is_file()


@pytest.mark.parametrize("kind", ["folder", "text", "below a file"])
async def test_a_path_that_holds_no_store_is_named_and_left_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bridge.db"
    match kind:
        case "folder":
            path.mkdir()
        case "text":
            path.write_text("Dear diary, " * 1000)
        case "below a file":
            path.write_text("")
            path /= "bridge.db"
    with pytest.raises(StoreUnavailable, match=r"bridge\.db"):
        await SqliteStore(str(path)).open(exclusive=True)
    assert kind != "text" or path.read_text().startswith("Dear diary")


async def test_a_bridge_that_could_not_open_it_does_not_keep_the_next_one_out(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(StoreUnavailable):
        await SqliteStore(str(path)).open(exclusive=True)
    path.unlink()
    store = SqliteStore(str(path))
    await store.open(exclusive=True)
    await store.close()


async def test_after_closing_it_says_that_it_is_closed_and_keeps_no_file_open(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "bridge.db"))
    await store.open(exclusive=True)
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.messages("shop", MessageQuery())
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.submit([message(1)])
    mine = {os.readlink(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd") if exists(each)}
    assert not [name for name in mine if name.startswith(f"{tmp_path}")]


def exists(descriptor: str) -> bool:
    """The one by which the folder itself was read is gone by now."""
    return os.path.lexists(f"/proc/self/fd/{descriptor}")


async def test_a_reader_sees_what_was_committed_before_it_asked(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "bridge.db"))
    await store.open()
    for number in range(20):
        await store.note(event := _event(number))
        (seen,) = await store.events("", after=number, limit=1)
        assert seen.subject == event.subject
    await store.close()


def _event(number: int) -> Event:
    return Event(0, "", "line.changed", "", 0, f"line{number}", {})
