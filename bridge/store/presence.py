"""Notices that the store's files were removed or exchanged under a running bridge.

An open file without a name takes what is written, and is gone when the bridge ends: nothing must be accepted then.
"""

import os
import sqlite3

#: the store, and beside it what is committed and not in it yet
_ENDINGS = ("", "-wal")


class Presence:
    """The files of a connection, by their inodes."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        file = conn.execute("PRAGMA database_list").fetchone()[2]
        self._paths = [f"{file}{ending}" for ending in _ENDINGS] if file else []
        self._known: dict[str, tuple[int, int]] = {}
        self.trouble()

    def trouble(self) -> str:
        """A sentence when a file has lost its name; "" while all is well."""
        for path in self._paths:
            inode = _inode(path)
            if inode is None and path not in self._known:
                continue  # made by the first commit
            if inode is None or inode != self._known.setdefault(path, inode):
                how = "removed" if inode is None else "replaced"
                return (
                    f"{path} was {how} while the bridge runs: nothing was accepted. Put the file back, or restart "
                    "the bridge to go on with what is there; a backup is brought in with sms-bridge import"
                )
        return ""


def _inode(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
