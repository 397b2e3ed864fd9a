"""Whether this store can be written, what waits in it, and its room on disk."""

import os
import sqlite3
from pathlib import Path

from bridge.store.writer import Tx
from bridge.stores import MOST_COUNTED, Backlog, Room

# Each reads only a partial index, whose entries are what is counted.
_QUEUED = "SELECT count(*), min(due_at) FROM (SELECT due_at FROM messages WHERE state = 'queued' LIMIT ?)"
_SCHEDULED = "SELECT count(*) FROM (SELECT 1 FROM messages WHERE state = 'scheduled' LIMIT ?)"
_IN_STATE = (
    "SELECT count(*) FROM (SELECT 1 FROM messages INDEXED BY messages_trouble "
    "WHERE state IN ('sending', 'failed', 'unknown', 'expired') AND state = ? LIMIT ?)"
)
_OWED = (
    "SELECT p.account, count(l.seq), min(l.seq) FROM endpoints p LEFT JOIN "
    "(SELECT endpoint, seq FROM ledger WHERE state = 'owed' LIMIT ?) l ON l.endpoint = p.id AND NOT p.paused "
    "GROUP BY p.account"
)


def prove(tx: Tx) -> None:
    """Commit a page and wait for its fsync: the file's own version number, once more."""
    version = int(tx.conn.execute("PRAGMA user_version").fetchone()[0])
    tx.conn.execute(f"PRAGMA user_version = {version}")


def backlog(conn: sqlite3.Connection, now: int) -> Backlog:
    """What waits. Counting reads no more than `MOST_COUNTED` entries of an index."""
    queued, due_at = conn.execute(_QUEUED, (MOST_COUNTED,)).fetchone()
    counts = [conn.execute(_IN_STATE, (state, MOST_COUNTED)).fetchone()[0] for state in ("sending", "unknown")]
    owed = conn.execute(_OWED, (MOST_COUNTED,)).fetchall()
    oldest = min((row[2] for row in owed if row[2]), default=0)
    return Backlog(
        scheduled=conn.execute(_SCHEDULED, (MOST_COUNTED,)).fetchone()[0],
        queued=queued,
        sending=counts[0],
        unknown=counts[1],
        due_since=due_at if due_at is not None and due_at <= now else 0,
        owed={row[0]: row[1] for row in owed},
        owed_since=conn.execute("SELECT created_at FROM ledger WHERE seq = ?", (oldest,)).fetchone()[0]
        if oldest
        else 0,
    )


def room(_: sqlite3.Connection, path: Path) -> Room:
    """Of the file at `path`, and of the disk that it is on."""
    disk = os.statvfs(path)
    log = path.with_name(f"{path.name}-wal")
    return Room(
        database=path.stat().st_size,
        log=log.stat().st_size if log.exists() else 0,
        free=disk.f_bavail * disk.f_frsize,
        total=disk.f_blocks * disk.f_frsize,
    )
