"""Long reads: limited in time, beside each other, and nothing else waits for them."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bridge.errors import BadRequest
from bridge.store.searching import Searchers

#: what counts as "at once" on a machine that is busy
SOON = 5.0  # s


def endless(connection: sqlite3.Connection) -> int:
    """A search that would take for ever."""
    counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    return int(connection.execute(counting).fetchone()[0])


def short(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT 7").fetchone()[0])


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
        await asyncio.gather(*(searchers.run(lambda _: time.sleep(0.05)) for _ in range(9)))
        assert len(opened.connections) == 3


async def test_the_end_does_not_wait_for_a_long_one() -> None:
    async with asyncio.timeout(SOON):
        async with searching(1, longest=60.0) as (searchers, _):
            task = asyncio.get_running_loop().create_task(searchers.run(endless))
            await asyncio.sleep(0)
        with pytest.raises(BadRequest):
            await task
