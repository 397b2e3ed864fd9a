"""What a user can do about a file or folder that they may not open."""

import grp
import os
import stat
from pathlib import Path

#: the service's own; its members may use the command line
GROUP = "sms-bridge"


def remedy(path: Path | str) -> str:
    """Advice in the form `run it with sudo`; "" for root, whom it would not help.

    `path` is what could not be opened or made: what stands in the way may be a folder above it.
    """
    if os.geteuid() == 0:
        return ""
    if _is_for_group(_closed(Path(path))):
        return f"run it with sudo, or join the group: sudo usermod -aG {GROUP} $USER, then log in again"
    return "run it with sudo, or choose a place that is yours"


def _closed(path: Path) -> Path:
    """The first of the folders on the way to a path, or itself, that this user may not use."""
    for each in (*reversed(path.absolute().parents), path):
        if not os.access(each, os.X_OK if each != path else os.R_OK):
            return each if each.exists() else each.parent
    return path


def _is_for_group(path: Path) -> bool:
    """Whether the service's group may read it."""
    try:
        found = path.stat()
        return grp.getgrgid(found.st_gid).gr_name == GROUP and bool(found.st_mode & stat.S_IRGRP)
    except (OSError, KeyError):
        return False
