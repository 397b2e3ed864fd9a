"""The store's lock: one process at a time, by whatever name the file was opened.

Two locks: one beside the file, under the name that it really has, for a file that is exchanged meanwhile (an import);
and one on the file itself (its inode), for hard links and bind mounts. A copy is another file: nobody can tell that two
bridges send the same messages from it.
"""

import asyncio
import fcntl
import logging
import os
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

from bridge.config import obstacles
from bridge.errors import StoreUnavailable

log = logging.getLogger(__name__)

#: seconds for which a bridge that starts waits for a command to end
PATIENCE = 10.0
#: seconds between two tries: only a thread could wait for flock (2), and nobody could stop it
PAUSE = 0.05
#: stands in the lock file behind the process
_COMMAND = "command"
#: and on a line of its own, once a store was there
_STORE = "store"

#: device and inode of the stores that this process holds. Looked at before a file is opened: closing any descriptor
#: of it would take away the locks that SQLite has on it in this process (fcntl (2), "close")
_HELD: set[tuple[int, int]] = set()


class InUse(StoreUnavailable):
    """Another process has the store."""

    def __init__(self, database: Path, pid: int, *, command: bool = False, other_name: bool = False) -> None:
        who = f"process {pid}" if pid else "a process that cannot be seen from here"
        if command:
            problem = f"a command ({who}) is at work on {database}: try again when it has ended"
        else:
            name = ", by another name" if other_name else ""
            problem = f"{database} is in use by another bridge ({who}{name}): stop it first"
        super().__init__(problem)
        #: the process that has it; 0 where that is not known
        self.pid = pid
        #: a command has it, which soon ends
        self.command = command
        #: it opened the file by another name, so what it left beside the file is not beside ours
        self.other_name = other_name


class StoreLock:
    """Holds the lock until closed or until the process ends."""

    def __init__(self, database: Path, *, create: bool = False, command: bool = False) -> None:
        """Take the lock; two senders on one file would send twice. Raises InUse, OSError.

        `create`: make the file when there is none, and its directory. `command`: others are told that it is not for
        long.
        """
        self._database = real(database)
        self._command = command
        #: a bridge had a store here before
        self._had_store = False
        self._kept = ExitStack()
        try:
            if create:
                self._database.parent.mkdir(parents=True, exist_ok=True)
            self._lock_name()
            if create and not self._database.exists():
                if self._had_store:
                    log.warning(
                        "%s was removed since the bridge last ran: beginning with an empty store", self._database
                    )
                self._had_store = False
                make(self._database)
            self._lock_inode()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release the lock, after closing the connections. Harmless when repeated."""
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
            pid, _, kind = file.readline().strip().partition(" ")
            raise InUse(self._database, int(pid) if pid.isdecimal() else 0, command=kind == _COMMAND) from None
        file.seek(0)
        self._had_store = _STORE in file.read().splitlines()[1:]
        self._name = file
        self._write()

    def _write(self) -> None:
        """Who has the store, and whether there is one."""
        self._name.truncate(0)
        self._name.write(f"{os.getpid()} {_COMMAND}" if self._command else str(os.getpid()))
        self._name.write(f"\n{_STORE}" if self._had_store else "")
        self._name.flush()

    def note_store(self) -> None:
        """A store was opened: from now on an empty file in its place is noticed."""
        if not self._had_store:
            self._had_store = True
            self._write()

    def refuse_emptied(self) -> None:
        """Raises StoreUnavailable for an empty file where a store was."""
        if self._had_store and self._database.exists() and not self._database.stat().st_size:
            raise StoreUnavailable(
                f"{self._database} is empty, and there was a store: bring in the last backup (sms-bridge import FILE); "
                "to begin with an empty store, remove the file"
            )

    def _lock_inode(self) -> None:
        inode = _inode(self._database)
        if inode is None:
            return  # nobody can have it by another name
        if inode in _HELD:
            raise InUse(self._database, os.getpid(), other_name=True)
        file = self._kept.enter_context(open(self._database, "rb+"))  # noqa: SIM115 - as above
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(self._database, _holder(inode), other_name=True) from None
        except OSError as error:
            log.warning("%s cannot be locked by every name that it has: %s", self._database, error.strerror)
            return
        _HELD.add(inode)
        self._kept.callback(_HELD.discard, inode)


async def wait_for_lock(database: Path, patience: float = PATIENCE) -> StoreLock:
    """Take the lock for a bridge, waiting for a command to end. Raises InUse, OSError."""
    ends, told = time.monotonic() + patience, False
    while True:
        try:
            return StoreLock(database, create=True)
        except InUse as holder:
            if not holder.command or time.monotonic() >= ends:
                raise
            if not told:
                log.warning("a command (process %d) is at work on the store: waiting for it to end", holder.pid)
                told = True
        await asyncio.sleep(PAUSE)


def make(database: Path) -> None:
    """Create an empty store, readable for its user alone."""
    database.touch(mode=0o600)


def real(database: Path) -> Path:
    """The file's path without symbolic links. Raises StoreUnavailable for circular ones and those that lead nowhere."""
    if words := obstacles.misled(database):
        raise StoreUnavailable(words)
    return database.resolve()


def refuse_other_name(database: Path) -> None:
    """Refuse a hard link to a running bridge's store; for programs that open a store beside its bridge.

    SQLite keeps what is not in the file yet under the file's name: that much would be missing, and two logs at once
    would damage the store. Raises InUse.
    """
    try:
        inode, links = _inode(database), database.stat().st_nlink
    except OSError:
        return  # as opening it will say
    if inode is None or links < 2 or inode in _HELD or _is_locked(Path(f"{real(database)}.lock")):
        return
    if _is_locked(database):
        raise InUse(database, _holder(inode), other_name=True)


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


def _holder(inode: tuple[int, int]) -> int:
    """The process that has the lock (proc_locks(5)); 0 when it is in another namespace."""
    device, number = inode
    wanted = f"{os.major(device):02x}:{os.minor(device):02x}:{number}"
    with suppress(OSError):
        for row in Path("/proc/locks").read_text().splitlines():
            fields = row.split()
            if "FLOCK" in fields and wanted in fields:
                return max(int(fields[fields.index(wanted) - 1]), 0)
    return 0
