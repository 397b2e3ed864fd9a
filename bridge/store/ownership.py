"""To whom the files of a store belong."""

import os
from pathlib import Path


def leave_to_owner(database: Path) -> None:
    """What root makes in the service's directory must be the service's, or it could not open its own store."""
    owner = database.parent.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for file in (Path(f"{database}{suffix}") for suffix in ("", "-wal", "-shm", ".lock")):
        if file.exists():
            os.chown(file, owner.st_uid, owner.st_gid)
