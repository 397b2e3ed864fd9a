"""The file beside the store in which SQLite puts what is committed (WAL), and when it is emptied.

SQLite moves its content into the store every 4 MB and then writes over it from the start, so it stays at about that. A
transaction that is larger, or somebody who reads for long, makes it grow, and it would stay so.
"""

import logging
import sqlite3
from pathlib import Path

log = logging.getLogger(__name__)

#: bytes; what it is cut to once all of it is in the store
LONGEST = 8 << 20
#: bytes; as many are moved into the store at a time
_MOVED = 4 << 20


def bound(conn: sqlite3.Connection) -> None:
    """Have its content moved into the store in time."""
    page = int(conn.execute("PRAGMA page_size").fetchone()[0])
    conn.execute(f"PRAGMA wal_autocheckpoint = {_MOVED // page}")


def truncate(conn: sqlite3.Connection) -> bool:
    """Move its content into the store and empty the file; False while somebody reads what is in it."""
    patience = conn.execute("PRAGMA busy_timeout").fetchone()[0]
    conn.execute("PRAGMA busy_timeout = 0")
    try:
        return not conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        conn.execute(f"PRAGMA busy_timeout = {patience}")


class WriteAheadLog:
    """The one of a connection that writes."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        file = conn.execute("PRAGMA database_list").fetchone()[2]
        self._path = Path(f"{file}-wal") if file else None

    def cut(self) -> None:
        """Empty the file if it is long; when somebody reads it, the next call does."""
        if self._size() <= LONGEST:
            return
        try:
            truncate(self._conn)
        except sqlite3.Error as error:
            log.warning("the write-ahead log cannot be emptied: %s", error)

    def _size(self) -> int:
        try:
            return self._path.stat().st_size if self._path else 0
        except OSError:
            return 0
