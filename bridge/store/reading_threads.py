"""Runs long reads on threads of their own for a limited time, so that nothing else waits for them."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from bridge.errors import BadRequest

T = TypeVar("T")

#: a search is interrupted after this
LONGEST = 5.0  # s
#: between two interruptions: one that comes between two statements has no effect
AGAIN = 0.1  # s


def at_one_moment(connection: sqlite3.Connection, query: Callable[[sqlite3.Connection], T]) -> T:
    """Run a query that sees the store as it is at one moment, however many statements it has.

    A message that changed its state between two of them was in neither list.
    """
    if connection.in_transaction:  # the end of the one before was interrupted
        connection.rollback()
    connection.execute("BEGIN")
    try:
        return query(connection)
    finally:
        with suppress(sqlite3.OperationalError):
            connection.rollback()


class Searchers:
    """A few threads, each with a connection that is opened when it is first needed.

    `connect` opens one, for reading alone.
    """

    def __init__(self, threads: int, connect: Callable[[], sqlite3.Connection], longest: float = LONGEST) -> None:
        self._connect = connect
        self._longest = longest
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="store searcher")
        self._free = asyncio.Semaphore(threads)
        self._idle: list[sqlite3.Connection] = []
        self._running: set[_Search] = set()

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """The result of a query. Raises BadRequest when it takes too long, and what the query does."""
        await self._free.acquire()
        search = _Search(self._idle.pop() if self._idle else None, self._connect)
        try:
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(self._threads, search.run, query)
        except RuntimeError:
            self._free.release()
            raise
        self._running.add(search)
        timer = loop.call_later(self._longest, search.interrupt)
        done.add_done_callback(lambda _: self._put_back(search, timer))
        try:
            # a caller who goes away ends the search, which has its connection until then
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            search.interrupt()
            raise
        except sqlite3.OperationalError as error:
            if not search.interrupted:
                raise
            problem = f"this search takes longer than {self._longest:g} s: narrow it, by a time, a state or a number"
            raise BadRequest(problem, "query") from error

    def _put_back(self, search: "_Search", timer: asyncio.TimerHandle) -> None:
        timer.cancel()
        search.end()
        self._running.discard(search)
        if search.connection is not None:
            self._idle.append(search.connection)
        self._free.release()

    async def close(self) -> None:
        """Interrupt what runs, and end the threads; the connections are closed by who opened them."""
        for search in self._running:
            search.interrupt()
        await asyncio.to_thread(self._threads.shutdown)


class _Search:
    """One query at work on a connection. All but `run` is called on the event loop."""

    def __init__(self, connection: sqlite3.Connection | None, connect: Callable[[], sqlite3.Connection]) -> None:
        self.connection = connection
        self.interrupted = False
        self._is_over = False
        self._connect = connect
        self._loop = asyncio.get_running_loop()
        self._again: asyncio.TimerHandle | None = None

    def run(self, query: Callable[[sqlite3.Connection], Any]) -> Any:
        """Run the query, on its thread."""
        if self.connection is None:
            self.connection = self._connect()
        return at_one_moment(self.connection, query)

    def interrupt(self) -> None:
        """Interrupt it until it ends; another one may have the connection by then."""
        if self._is_over:
            return
        self.interrupted = True
        if self.connection is not None:
            self.connection.interrupt()
        self._again = self._loop.call_later(AGAIN, self.interrupt)

    def end(self) -> None:
        """It has ended."""
        self._is_over = True
        if self._again is not None:
            self._again.cancel()
