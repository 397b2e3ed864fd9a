"""Health of the store: whether it can commit, its backlog, its size on disk."""

import os
import sqlite3
from collections import Counter
from pathlib import Path

from bridge.errors import StoreUnavailable
from bridge.model.message import State
from bridge.ports.store_rows import MOST_COUNTED, Backlog, Room
from bridge.store import claiming, counts
from bridge.store.connections import Connections, reads, writes
from bridge.store.writer import Tx, write_page

_OWED = (
    "SELECT p.account, "
    "(SELECT count(*) FROM (SELECT 1 FROM ledger WHERE endpoint = p.id AND state = 'owed' LIMIT ?) owed), "
    "(SELECT created_at FROM ledger WHERE endpoint = p.id AND state = 'owed' ORDER BY seq LIMIT 1) "
    "FROM endpoints p WHERE NOT p.paused"
)


def prove(tx: Tx) -> None:
    """Commit a page (the file's own version number) and wait for its fsync."""
    write_page(tx.conn)


def moved(conn: sqlite3.Connection) -> str:
    """Where the store was moved to, in a sentence; "" for one that was not."""
    from bridge.store.migrations import refuse_moved

    try:
        refuse_moved(conn)
    except StoreUnavailable as why:
        return why.message
    return ""


def backlog(conn: sqlite3.Connection, now: int) -> Backlog:
    """What waits. A count of deliveries reads no more than `MOST_COUNTED` entries of an index."""
    messages = counts.by_state(conn)
    owed: Counter[str] = Counter()
    owed_since = 0
    for account, count, since in conn.execute(_OWED, (MOST_COUNTED,)):
        owed[account] += count
        owed_since = min(owed_since or since, since) if count else owed_since
    return Backlog(
        scheduled=messages[State.SCHEDULED],
        queued=messages[State.QUEUED],
        sending=messages[State.SENDING],
        unknown=messages[State.UNKNOWN],
        due_since=claiming.due_since(conn, now),
        owed=owed,
        owed_since=owed_since,
    )


def room(path: Path) -> Room:
    """The sizes of the file at `path` and of its disk. Raises StoreUnavailable."""
    log = path.with_name(f"{path.name}-wal")
    try:
        disk, database = os.statvfs(path), path.stat().st_size
    except OSError as error:
        raise StoreUnavailable(f"the store {path} cannot be found: {error.strerror}") from error
    return Room(
        database=database,
        log=log.stat().st_size if log.exists() else 0,
        free=disk.f_bavail * disk.f_frsize,
        total=disk.f_blocks * disk.f_frsize,
    )


class Health(Connections):
    """Implements `HealthStore`, with the modules of each subject."""

    prove = writes(prove)
    backlog = reads(backlog)
    moved = reads(moved)

    async def room(self) -> Room:
        """Sizes on disk. Raises StoreUnavailable."""
        return await self._read(lambda _: room(self._path))
