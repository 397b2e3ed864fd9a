"""One process at a time sends from a store."""

import fcntl
import os
from pathlib import Path
from typing import IO

from bridge.errors import StoreUnavailable


def lock(database: Path) -> IO[str]:
    """Hold a store until the file that this gives is closed, or the process ends, however it ends.

    Two senders on one file would send twice. Raises StoreUnavailable, naming the process that holds it.
    """
    file = open(f"{database}.lock", "a+")  # noqa: SIM115 - held for as long as the store is open
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        raise StoreUnavailable(f"{database} is in use by another bridge (process {holder}): stop it first") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
