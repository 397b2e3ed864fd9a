"""The write-ahead log is bounded, whatever is committed and whoever reads meanwhile."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bridge.store.sqlite import SqliteStore
from bridge.store.write_ahead_log import LONGEST, truncate
from tests.support.store_rows import message
from tests.support.waiting import until

BULK = 20_000


def size(directory: Path) -> int:
    return (directory / "bridge.db-wal").stat().st_size


async def test_is_emptied_after_a_bulk_call(store: SqliteStore, tmp_path: Path) -> None:
    await store.submit([message(number) for number in range(BULK)])
    await until(lambda: size(tmp_path) <= LONGEST)


async def test_is_emptied_once_nobody_reads_it_any_more(store: SqliteStore, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()
        await store.submit([message(number) for number in range(BULK)])
        await store.pulse()
        assert size(tmp_path) > LONGEST
        assert not await store._writer.do_outside(truncate)
    await store.submit([message(BULK)])
    await until(lambda: size(tmp_path) <= LONGEST)


async def test_stays_as_long_whatever_the_pages_of_a_store_are(tmp_path: Path) -> None:
    for page in (2048, 4096):
        path = tmp_path / f"{page}.db"
        with closing(sqlite3.connect(path)) as conn:
            conn.execute(f"PRAGMA page_size = {page}")
            conn.execute("VACUUM")
        store = SqliteStore(str(path))
        await store.open()
        connection = store._write_connection
        assert connection.execute("PRAGMA page_size").fetchone()[0] == page
        assert connection.execute("PRAGMA wal_autocheckpoint").fetchone()[0] * page == 4 << 20
        await store.close()


async def test_a_message_of_its_own_commit_writes_less_than_the_pages_that_sqlite_has_by_itself(
    store: SqliteStore, tmp_path: Path
) -> None:
    await store.submit([message(1)])
    before = size(tmp_path)
    for number in range(2, 12):
        await store.submit([message(number)])
    assert size(tmp_path) - before < 10 * 40_000
