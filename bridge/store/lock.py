"""One process at a time sends from a store, by whatever name it opened the file.

Two locks: one beside the file, under the name that it really has, for a file that is exchanged meanwhile (an import);
and one on the file itself (its inode), for hard links and bind mounts. A copy is another file: nobody can tell that two
bridges send the same messages from it.
"""

import fcntl
import logging
import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

from bridge.errors import StoreUnavailable

log = logging.getLogger(__name__)

#: device and inode of the stores that this process holds. Looked at before a file is opened: closing any descriptor
#: of it would take away the locks that SQLite has on it in this process (fcntl (2), "close")
_HELD: set[tuple[int, int]] = set()


class StoreLock:
    """Holds a store until it is closed, or the process ends, however it ends."""

    def __init__(self, database: Path, *, create: bool = False) -> None:
        """Two senders on one file would send twice. Raises StoreUnavailable, naming the process that holds it.

        `create`: make the file when there is none.
        """
        self._database = real(database)
        self._kept = ExitStack()
        try:
            self._lock_name()
            if create and not self._database.exists():
                make(self._database)
            self._lock_inode()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go. After the connections, never before. Harmless when repeated."""
        self._kept.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lock_name(self) -> None:
        file = self._kept.enter_context(open(f"{self._database}.lock", "a+"))  # noqa: SIM115 - `close` closes it
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise _in_use(self._database, f"process {file.read().strip()}") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()

    def _lock_inode(self) -> None:
        inode = _inode(self._database)
        if inode is None:
            return  # nobody can have it by another name
        if inode in _HELD:
            raise _in_use(self._database, f"process {os.getpid()}, by another name")
        file = self._kept.enter_context(open(self._database, "rb+"))  # noqa: SIM115 - as above
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _in_use(self._database, f"{_holder(inode)}, by another name") from None
        except OSError as error:
            log.warning("%s cannot be locked by every name that it has: %s", self._database, error.strerror)
            return
        _HELD.add(inode)
        self._kept.callback(_HELD.discard, inode)


def make(database: Path) -> None:
    """An empty store, for its own user alone: messages are private."""
    database.touch(mode=0o600)


def real(database: Path) -> Path:
    """The file's own path, without symbolic links. Raises StoreUnavailable for links in a circle."""
    try:
        return database.resolve()
    except (OSError, RuntimeError) as error:
        raise StoreUnavailable(f"{database}: {error}") from error


def refuse_other_name(database: Path) -> None:
    """For a program that opens a store beside its bridge: not by a hard link to it.

    SQLite keeps what is not in the file yet under the file's name; with two names at once the store would be damaged.
    Raises StoreUnavailable.
    """
    inode = _inode(database)
    if inode is None or database.stat().st_nlink < 2 or inode in _HELD or _is_locked(Path(f"{real(database)}.lock")):
        return
    if _is_locked(database):
        raise _in_use(database, f"{_holder(inode)}, by another name")


def _inode(database: Path) -> tuple[int, int] | None:
    try:
        found = database.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _is_locked(path: Path) -> bool:
    with suppress(FileNotFoundError), open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _holder(inode: tuple[int, int]) -> str:
    """Who has the lock, as the kernel knows it (proc_locks (5))."""
    device, number = inode
    wanted = f"{os.major(device):02x}:{os.minor(device):02x}:{number}"
    with suppress(OSError):
        for row in Path("/proc/locks").read_text().splitlines():
            fields = row.split()
            if "FLOCK" in fields and wanted in fields:
                return f"process {fields[fields.index(wanted) - 1]}"
    return "a process that cannot be seen from here"


def _in_use(database: Path, who: str) -> StoreUnavailable:
    return StoreUnavailable(f"{database} is in use by another bridge ({who}): stop it first")
