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
