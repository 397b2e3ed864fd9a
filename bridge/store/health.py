"""Health of the store: whether it can commit, its backlog, its size on disk."""

import os
import sqlite3
from collections import Counter
from pathlib import Path

from bridge.ports.store_rows import MOST_COUNTED, Backlog, Room
from bridge.store.connections import Connections, reads, writes
from bridge.store.writer import Tx

# Each reads only a partial index, whose entries are what is counted.
_QUEUED = "SELECT count(*), min(due_at) FROM (SELECT due_at FROM messages WHERE state = 'queued' LIMIT ?)"
_SCHEDULED = "SELECT count(*) FROM (SELECT 1 FROM messages WHERE state = 'scheduled' LIMIT ?)"
_IN_STATE = (
    "SELECT count(*) FROM (SELECT 1 FROM messages INDEXED BY messages_trouble "
    "WHERE state IN ('sending', 'failed', 'unknown', 'expired') AND state = ? LIMIT ?)"
)
_OWED = (
    "SELECT p.account, "
    "(SELECT count(*) FROM (SELECT 1 FROM ledger WHERE endpoint = p.id AND state = 'owed' LIMIT ?)), "
    "(SELECT created_at FROM ledger WHERE endpoint = p.id AND state = 'owed' ORDER BY seq LIMIT 1) "
    "FROM endpoints p WHERE NOT p.paused"
)


def prove(tx: Tx) -> None:
    """Commit a page (the file's own version number) and wait for its fsync."""
    version = int(tx.conn.execute("PRAGMA user_version").fetchone()[0])
    tx.conn.execute(f"PRAGMA user_version = {version}")


def backlog(conn: sqlite3.Connection, now: int) -> Backlog:
    """Count what waits; a count reads at most `MOST_COUNTED` index entries."""
    queued, due_at = conn.execute(_QUEUED, (MOST_COUNTED,)).fetchone()
    counts = [conn.execute(_IN_STATE, (state, MOST_COUNTED)).fetchone()[0] for state in ("sending", "unknown")]
    owed: Counter[str] = Counter()
    owed_since = 0
    for account, count, since in conn.execute(_OWED, (MOST_COUNTED,)):
        owed[account] += count
        owed_since = min(owed_since or since, since) if count else owed_since
    return Backlog(
        scheduled=conn.execute(_SCHEDULED, (MOST_COUNTED,)).fetchone()[0],
        queued=queued,
        sending=counts[0],
        unknown=counts[1],
        due_since=due_at if due_at is not None and due_at <= now else 0,
        owed=owed,
        owed_since=owed_since,
    )


def room(path: Path) -> Room:
    """The sizes of the file at `path` and of its disk."""
    disk = os.statvfs(path)
    log = path.with_name(f"{path.name}-wal")
    return Room(
        database=path.stat().st_size,
        log=log.stat().st_size if log.exists() else 0,
        free=disk.f_bavail * disk.f_frsize,
        total=disk.f_blocks * disk.f_frsize,
    )


class Health(Connections):
    """Implements `HealthStore`, with the modules of each subject."""

    prove = writes(prove)
    backlog = reads(backlog)

    async def room(self) -> Room:
        """Sizes on disk. Raises StoreUnavailable."""
        return await self._read(lambda _: room(self._path))
