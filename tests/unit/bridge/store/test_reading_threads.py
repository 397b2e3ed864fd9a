"""Long reads: limited in time, beside each other, and nothing else waits for them."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.errors import BadRequest
from bridge.store.reading_threads import AGAIN, Searchers
from bridge.store.sqlite import SqliteStore

#: what counts as "at once" on a machine that is busy
SOON = 30.0  # s


def endless(connection: sqlite3.Connection) -> int:
    """A search that would take for ever."""
    counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    return int(connection.execute(counting).fetchone()[0])


def short(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT 7").fetchone()[0])


def lasting(connection: sqlite3.Connection) -> int:
    """A statement that goes on for longer than it takes to interrupt it."""
    connection.create_function("wait", 0, lambda: time.sleep(1.5 * AGAIN))
    return len(connection.execute("SELECT wait() UNION ALL SELECT wait()").fetchall())


class Opened:
    """Connections that were opened."""

    def __init__(self) -> None:
        self.connections: list[sqlite3.Connection] = []

    def connect(self) -> sqlite3.Connection:
        self.connections.append(sqlite3.connect(":memory:", check_same_thread=False))
        return self.connections[-1]


@asynccontextmanager
async def searching(threads: int, longest: float) -> AsyncIterator[tuple[Searchers, Opened]]:
    opened = Opened()
    searchers = Searchers(threads, opened.connect, longest)
    yield searchers, opened
    await searchers.close()
    for each in opened.connections:
        each.close()


async def test_a_search_that_takes_too_long_is_ended_and_told_to_be_narrower() -> None:
    async with searching(1, longest=0.1) as (searchers, _):
        began = time.monotonic()
        with pytest.raises(BadRequest, match=r"takes longer than 0\.1 s: narrow it"):
            await searchers.run(endless)
        assert time.monotonic() - began < SOON
        assert await searchers.run(short) == 7


async def test_what_sqlite_complains_about_is_told_as_it_is() -> None:
    async with searching(1, longest=SOON) as (searchers, _):
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await searchers.run(lambda connection: connection.execute("SELECT * FROM nowhere"))


async def test_others_search_beside_a_long_one() -> None:
    async with searching(2, longest=60.0) as (searchers, _), asyncio.timeout(SOON):
        long = asyncio.get_running_loop().create_task(searchers.run(endless))
        assert [await searchers.run(short) for _ in range(20)] == [7] * 20
        assert not long.done()
        long.cancel()


@pytest.mark.parametrize("turns", range(8))
async def test_who_goes_away_as_the_search_ends_interrupts_nobody_else(turns: int) -> None:
    """Turns of the loop between the end of the work and the caller's going."""
    loop = asyncio.get_running_loop()
    async with searching(1, longest=60.0) as (searchers, _):

        def go(left: int) -> None:
            if left:
                loop.call_soon(go, left - 1)
            else:
                task.cancel()

        def ends(connection: sqlite3.Connection) -> int:
            loop.call_soon_threadsafe(go, turns)
            return short(connection)

        task = loop.create_task(searchers.run(ends))
        await asyncio.wait([task])
        assert await searchers.run(lasting) == 2


async def test_who_goes_away_ends_the_search_and_leaves_the_thread_to_others() -> None:
    async with searching(1, longest=60.0) as (searchers, opened), asyncio.timeout(SOON):
        for _ in range(3):
            task = asyncio.get_running_loop().create_task(searchers.run(endless))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await asyncio.shield(task)
            task.cancel()
            assert await searchers.run(short) == 7
        assert len(opened.connections) == 1


async def test_connections_are_opened_when_they_are_needed() -> None:
    async with searching(3, longest=SOON) as (searchers, opened):
        assert opened.connections == []
        for _ in range(5):
            await searchers.run(short)
        assert len(opened.connections) == 1
        together = threading.Barrier(3)
        await asyncio.gather(*(searchers.run(lambda _: together.wait(SOON)) for _ in range(9)))
        assert len(opened.connections) == 3


async def test_the_end_does_not_wait_for_a_long_one() -> None:
    async with asyncio.timeout(SOON):
        async with searching(1, longest=60.0) as (searchers, _):
            task = asyncio.get_running_loop().create_task(searchers.run(endless))
            await asyncio.sleep(0)
        with pytest.raises(BadRequest):
            await task


@pytest.mark.parametrize("way", ["_read", "_search", "_hear"])
async def test_all_statements_of_a_query_see_the_same_moment(tmp_path: Path, way: str) -> None:
    """A message that changed its state between two statements was in neither list."""
    store = SqliteStore(str(tmp_path / "bridge.db"))
    await store.open()
    other = sqlite3.connect(tmp_path / "bridge.db", isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE things (state TEXT)")
    other.execute("INSERT INTO things VALUES ('queued')")

    def by_state(connection: sqlite3.Connection) -> list[int]:
        found = []
        for state in ("sent", "queued"):
            found.append(connection.execute("SELECT count(*) FROM things WHERE state = ?", (state,)).fetchone()[0])
            other.execute("UPDATE things SET state = 'sent'")
        return found

    assert await getattr(store, way)(by_state) == [0, 1]
    assert await getattr(store, way)(by_state) == [1, 0]
    other.close()
    await store.close()
