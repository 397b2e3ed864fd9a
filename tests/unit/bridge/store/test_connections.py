"""One file and its two threads: durable, and honest about a file that cannot be used."""

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from bridge.errors import StoreUnavailable
from bridge.model.account import Account
from bridge.model.event import Event
from bridge.model.query import MessageQuery
from bridge.store.connections import SEARCHERS, reads, searches, writes
from bridge.store.reading_threads import LONGEST
from bridge.store.sqlite import SqliteStore
from bridge.store.writer import Tx
from tests.support.store_rows import message

#: what counts as "at once" on a machine that is busy; a search may take as long
SOON = LONGEST


def pragmas(conn: sqlite3.Connection) -> list[object]:
    return [conn.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")]


def mischief(conn: sqlite3.Connection) -> None:
    conn.execute("DELETE FROM accounts")


def pragmas_of_writer(tx: Tx) -> list[object]:
    return pragmas(tx.conn)


def endless(conn: sqlite3.Connection) -> int:
    counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    return int(conn.execute(counting).fetchone()[0])


class Probe(SqliteStore):
    """A store that tells of its connections."""

    endless = searches(endless)

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


async def test_nothing_but_searches_waits_for_searches(tmp_path: Path) -> None:
    """However many of them there are: credentials, submissions, one message and news have threads of their own."""
    store = Probe(str(tmp_path / "bridge.db"))
    await store.open()
    await store.add_account(Account("shop"), [])
    searching = [asyncio.get_running_loop().create_task(store.endless()) for _ in range(2 * SEARCHERS)]
    await asyncio.sleep(0)
    async with asyncio.timeout(SOON):
        assert await store.account_for("apikey", "", "none", 0) is None
        assert await store.remembered("shop", "key", "digest") is None
        await store.submit([message(1)])
        assert (await store.message(message(1).id)).text == "text 1"
        assert len(await store.events("shop", await store.newest_event() - 1, 9)) == 1
        assert (await store.account("shop")).name == "shop"
        assert not any(each.done() for each in searching)
        for each in searching:
            each.cancel()
        assert len((await store.messages("shop", MessageQuery())).rows) == 1
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
