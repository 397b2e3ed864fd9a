"""An upgrade says how far it is, and one that is stopped leaves the store as it was before the step."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from bridge.store import archive, migrations
from bridge.store.archive import Kind
from bridge.store.progress import Progress, Stopped
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW, message

OLD = Path(__file__).with_name("schemas") / "5.sql"


def old_store(path: Path, rows: int = 0) -> None:
    """One of an earlier release, with many messages."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.executescript(OLD.read_text())
        columns = [row[1] for row in raw.execute("PRAGMA table_info(messages)") if row[1] not in ("seq", "id")]
        named = ", ".join(columns)
        raw.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            f"INSERT INTO messages (id, {named}) SELECT 'm' || i, {named} FROM n, "
            "(SELECT * FROM messages WHERE client_ref = '' LIMIT 1)",
            (rows or 1,),
        )


def schema(path: Path) -> int:
    with closing(sqlite3.connect(path)) as raw:
        return int(raw.execute("PRAGMA user_version").fetchone()[0])


def test_a_new_store_has_nothing_to_say() -> None:
    told: list[str] = []
    Progress(told.append, interval=0).step()
    assert told == []


def test_says_what_is_done_and_how_far_it_is_now_and_then() -> None:
    told: list[str] = []
    progress = Progress(told.append, interval=0.0)
    progress.begin("packing")
    progress.step(0.5)
    assert told == ["packing", "packing: 50 %"]
    rarely = Progress(told.append, interval=60.0)
    rarely.begin("upgrading")
    rarely.step()
    assert told[2:] == ["upgrading"]


def test_a_store_that_is_packed_tells_of_each_part(tmp_path: Path) -> None:
    old_store(tmp_path / "bridge.db", 2000)
    told: list[str] = []
    progress = Progress(told.append, interval=0.0)
    progress.begin("packing")
    archive.pack(tmp_path / "bridge.db", tmp_path / "kept.export", Kind.COPY, NOW, progress=progress)
    parts = [int(words.split(": ")[1].removesuffix(" %")) for words in told if "%" in words]
    assert parts == sorted(parts)
    assert {part // 34 for part in parts} == {0, 1, 2}


async def test_tells_of_each_step_of_an_upgrade(tmp_path: Path) -> None:
    old_store(tmp_path / "bridge.db")
    told: list[str] = []
    store = SqliteStore(str(tmp_path / "bridge.db"))
    await store.open(exclusive=True, progress=Progress(told.append))
    await store.close()
    steps = len(migrations.STEPS) - 5
    assert told[0] == "packing the store as it is, before its upgrade"
    assert told[1:] == [f"upgrading the store: step {number} of {steps}" for number in range(1, steps + 1)]


@pytest.mark.parametrize("moment", ["packing", "upgrading"])
async def test_an_upgrade_that_is_stopped_begins_again_at_the_next_start(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "bridge.db"
    old_store(path, 20_000)
    begun = threading.Event()

    def tell(words: str) -> None:
        if words.startswith(moment):
            begun.set()

    async with asyncio.TaskGroup() as group:
        store = SqliteStore(str(path))
        opening = group.create_task(store.open(exclusive=True, progress=Progress(tell, interval=0.0)))
        await asyncio.to_thread(begun.wait)
        opening.cancel()
    assert schema(path) < len(migrations.STEPS)
    assert {each.name for each in tmp_path.iterdir()} <= {"bridge.db", "bridge.db.lock", "bridge.db.schema-5.export"}
    store = SqliteStore(str(path))
    await store.open(exclusive=True)
    await store.submit([message(1)])
    await store.close()
    assert schema(path) == len(migrations.STEPS)


def test_a_statement_that_is_stopped_says_so_and_not_that_the_store_is_broken(tmp_path: Path) -> None:
    old_store(tmp_path / "bridge.db", 5000)
    progress = Progress()
    progress.stop()
    with closing(sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)) as conn, pytest.raises(Stopped):
        migrations.migrate(conn, progress)
    assert schema(tmp_path / "bridge.db") == 5
