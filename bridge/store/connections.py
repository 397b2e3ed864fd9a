"""The connections to one database file: WAL, `synchronous=FULL`, a writing thread and several that read.

What callers wait for before anything else (who they are, whether a key is known, one message) has a reading thread of
its own; news and searches have others, so that nobody who searches keeps anybody waiting.
"""

import asyncio
import functools
import sqlite3
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from bridge.bus import Bus
from bridge.config import obstacles
from bridge.errors import StoreClosed, StoreUnavailable
from bridge.messages.opt_out import OptOut
from bridge.store import write_ahead_log
from bridge.store.emptying import Emptying
from bridge.store.lock import StoreLock, make, real, refuse_other_name, wait_for_lock
from bridge.store.progress import Progress
from bridge.store.reading_threads import Searchers, at_one_moment
from bridge.store.soundness import Examination, refuse_damaged
from bridge.store.words import words_of
from bridge.store.writer import Tx, Writer, unavailable

P = ParamSpec("P")
T = TypeVar("T")

#: a backup reads beside the bridge
BUSY_TIMEOUT = 10.0  # s
#: threads for searches, each with a connection of 2 MiB once it is used, and for news
SEARCHERS, NEWS = 3, 1

#: bytes of a page of a new store: a commit of one message writes a dozen pages whole, for a row or a word in each
PAGE = 2048
_PRAGMAS = (
    f"page_size = {PAGE}",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    # what is deleted is overwritten with zeros
    "secure_delete = ON",
    f"journal_size_limit = {write_ahead_log.LONGEST}",
)


class Connections:
    """Opens and closes the file and runs work on its threads; the store's subjects build on it."""

    def __init__(self, path: str, bus: Bus | None = None, opt_out: OptOut | None = None) -> None:
        self._path = Path(path)
        self._bus = bus
        self._opt_out = opt_out or OptOut()
        self._lock: StoreLock | None = None
        self._connections: list[sqlite3.Connection] = []
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="store reader")
        self._searchers = Searchers(SEARCHERS, self._connect_reading)
        self._news = Searchers(NEWS, self._connect_reading)
        self._examination: Examination | None = None
        self._emptying: Emptying | None = None
        self._closed = False

    async def open(
        self,
        *,
        exclusive: bool = False,
        held: StoreLock | None = None,
        progress: Progress | None = None,
        name: str = "",
    ) -> None:
        """Open the file and migrate it; see `bridge.store.open_store`. Raises StoreUnavailable.

        Cancelled during an upgrade, it undoes the step that it was in.
        """
        self._lock = held
        progress = progress or Progress()
        try:
            # what SQLite keeps beside the file goes by this name, so all who open it must use the same
            self._path = real(self._path)
            if exclusive:
                self._lock = await wait_for_lock(self._path)
            await _stoppable(lambda: self._open(exclusive, progress), progress)
        except sqlite3.Error as error:
            self._let_go()
            raise StoreUnavailable(f"{self._path}: {unavailable(error).message}") from error
        except OSError as error:
            self._let_go()
            raise StoreUnavailable(obstacles.told(error, self._path)) from error
        except (StoreUnavailable, asyncio.CancelledError):
            self._let_go()
            raise
        emptying = Emptying(self._path, lambda: self._writer.do_outside(write_ahead_log.truncate))
        self._emptying = emptying
        self._writer = Writer(self._write_connection, self._bus, self._opt_out, emptying.ask)

    def _open(self, exclusive: bool, progress: Progress) -> None:
        from bridge.store.migrations import behind, migrate, refuse_moved

        if self._lock is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists():
                refuse_other_name(self._path)
            else:
                make(self._path)
        elif schema := behind(self._path):
            from bridge.store.backup import keep_before_upgrade

            progress.begin("packing the store as it is, before its upgrade")
            keep_before_upgrade(self._path, schema, time.time_ns() // 1_000_000, progress)
        if self._lock is not None:
            self._lock.refuse_emptied()
        self._write_connection = self._connect()
        if exclusive:
            self._examination = refuse_damaged(self._path)
        migrate(self._write_connection, progress)
        if exclusive:
            refuse_moved(self._write_connection)
            self._recover()
        if self._lock is not None:
            self._lock.note_store()
        self._read_connection = self._connect_reading()

    def _recover(self) -> None:
        """Finish what a crash interrupted, before anybody reads or writes."""

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        self._connections.append(connection)
        # the triggers of the index of words call it
        connection.create_function("words_of", -1, words_of, deterministic=True)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        write_ahead_log.bound(connection)
        return connection

    def _connect_reading(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _let_go(self) -> None:
        if self._examination is not None:
            self._examination.stop()
        for connection in self._connections:
            connection.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def close(self) -> None:
        """Finish pending work, then close the file. Harmless when repeated."""
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        if self._emptying is not None:
            await self._emptying.close()  # what was written last may have asked for it
        await asyncio.get_running_loop().run_in_executor(self._reader, self._read_connection.close)
        self._reader.shutdown(wait=False)
        await self._searchers.close()
        await self._news.close()
        self._let_go()

    async def _write(self, job: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._writer.do(lambda tx: job(tx, *args, **kwargs))

    async def _read(
        self, query: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        def run() -> T:
            return at_one_moment(self._read_connection, lambda connection: query(connection, *args, **kwargs))

        with _told():
            return await asyncio.get_running_loop().run_in_executor(self._reader, run)

    async def _search(
        self, query: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with _told():
            return await self._searchers.run(lambda connection: query(connection, *args, **kwargs))

    async def _hear(
        self, query: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with _told():
            return await self._news.run(lambda connection: query(connection, *args, **kwargs))


@contextmanager
def _told() -> Iterator[None]:
    """What can go wrong while reading, as errors of ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise unavailable(error) from error
    except RuntimeError as error:  # the executor's word for "shut down"
        raise StoreClosed("the store is closed") from error


async def _stoppable(work: Callable[[], None], progress: Progress) -> None:
    """Do it on a thread; when cancelled, have it stop first."""
    working = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        progress.stop()
        await asyncio.wait([working])
        working.exception()
        raise


def writes(
    job: Callable[Concatenate[Tx, P], T],
) -> Callable[Concatenate[Connections, P], Coroutine[Any, Any, T]]:
    """Make a store method that runs `job` in a transaction on the writing thread; its result is on disk."""

    async def method(connections: Connections, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await connections._write(job, *args, **kwargs)

    functools.update_wrapper(method, job)
    return method


def reads(
    query: Callable[Concatenate[sqlite3.Connection, P], T],
) -> Callable[Concatenate[Connections, P], Coroutine[Any, Any, T]]:
    """Make a store method that runs `query` on the reading thread."""

    async def method(connections: Connections, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await connections._read(query, *args, **kwargs)

    functools.update_wrapper(method, query)
    return method


def searches(
    query: Callable[Concatenate[sqlite3.Connection, P], T],
) -> Callable[Concatenate[Connections, P], Coroutine[Any, Any, T]]:
    """Make a store method that runs `query` on a searching thread; it raises BadRequest when it takes too long."""

    async def method(connections: Connections, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await connections._search(query, *args, **kwargs)

    functools.update_wrapper(method, query)
    return method


def hears(
    query: Callable[Concatenate[sqlite3.Connection, P], T],
) -> Callable[Concatenate[Connections, P], Coroutine[Any, Any, T]]:
    """Make a store method that runs `query` on the thread for news."""

    async def method(connections: Connections, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await connections._hear(query, *args, **kwargs)

    functools.update_wrapper(method, query)
    return method
