"""File ownership of a store."""

import os
from pathlib import Path


def leave_to_owner(database: Path) -> None:
    """Give files that root creates in the service's directory to the service's user, who must open them."""
    owner = database.parent.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for file in (Path(f"{database}{suffix}") for suffix in ("", "-wal", "-shm", ".lock")):
        if file.exists():
            os.chown(file, owner.st_uid, owner.st_gid)
