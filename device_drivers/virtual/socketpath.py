"""Unix sockets at paths of any length: the kernel takes 107 octets (unix(7)), a descriptor stands for the rest."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

#: sun_path holds 108 octets with its closing NUL
MAX_ADDRESS = 107


@contextlib.contextmanager
def address(path: Path) -> Iterator[str]:
    """What to bind or connect to for a socket at `path`; good within the block.

    Raises OSError when its directory does not exist, or when the path is too long and the system has no /proc.
    """
    if len(os.fsencode(path)) <= MAX_ADDRESS:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        short = f"/proc/self/fd/{directory}"
        if not os.path.isdir(short):
            raise OSError(f"{path}: longer than the {MAX_ADDRESS} octets a socket's path may have here")
        yield f"{short}/{path.name}"
    finally:
        os.close(directory)
