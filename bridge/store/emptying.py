"""Empties the write-ahead log soon after somebody deleted something, which is in it until it is written over."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from bridge.errors import StoreClosed, StoreUnavailable
from bridge.tasks import Tasks

log = logging.getLogger(__name__)

#: from the first thing that somebody deletes to the emptying, and to the next try while somebody reads
SOON = 15.0  # s


def move(database: Path) -> None:
    """Move what nobody reads into the store, on a connection of its own: those who write do not wait for it."""
    # mode=rw: one that somebody took away is not begun anew
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=0)) as conn:
        conn.execute("PRAGMA synchronous = FULL")
        conn.execute("PRAGMA wal_checkpoint(PASSIVE)")


class Emptying:
    """Empties the file soon after somebody deleted something. Created and used on the event loop."""

    def __init__(self, database: Path, truncate: Callable[[], Awaitable[bool]]) -> None:
        self._database = database
        #: on the writing thread: `write_ahead_log.truncate`
        self._truncate = truncate
        self._tasks = Tasks("write-ahead log")
        self._asked = False
        self._task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        """What was committed just now is to be gone from the file soon."""
        self._asked = True
        if self._task is None or self._task.done():
            self._task = self._tasks.start(self._empty(), "emptying")

    async def _empty(self) -> None:
        while self._asked:
            await asyncio.sleep(SOON)
            self._asked = False
            try:
                # first without the writing thread, which has little left to do then
                await asyncio.to_thread(move, self._database)
                emptied = await self._truncate()
            except StoreClosed:
                return  # the file goes with it
            except (sqlite3.Error, StoreUnavailable) as error:
                log.warning("the write-ahead log cannot be emptied: %s", error)
                emptied = False
            self._asked |= not emptied

    async def close(self) -> None:
        """Leave it: the file goes when the store is closed."""
        await self._tasks.close()
