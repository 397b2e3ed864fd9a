"""A program that hears udev's events from umockdev: the library's own sender, its preload in the program.

This file is also the program that sends; it has a process of its own, for its preload gives it another /sys.
"""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PRELOAD = "libumockdev-preload.so.0"


def command(*words: str) -> list[str]:
    """How to start a program on a machine where udev runs, as far as a program can see."""
    from tests.support.namespaces import apart

    runs = "mount -t tmpfs run /run && mkdir /run/udev && touch /run/udev/control"
    return apart("sh", "-c", f'{runs} && exec env LD_PRELOAD={PRELOAD} "$@"', "sh", *words)


class Sender:
    """Tells of events for the devices of a record."""

    def __init__(self, process: "subprocess.Popen[str]", root: str) -> None:
        self._process = process
        self._root = Path(root)

    @property
    def environment(self) -> Mapping[str, str]:
        """For the program that is to hear it."""
        return {**os.environ, "UMOCKDEV_DIR": str(self._root)}

    @property
    def listeners(self) -> int:
        """How many sockets there are that hear it."""
        return len(list(self._root.glob("event*")))

    def tell(self, path: str, action: str) -> None:
        """An event of a device, by its path in sysfs without /sys."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{path} {action}\n")
        self._process.stdin.flush()


@contextmanager
def sender(record: str) -> Iterator[Sender]:
    """With the devices of a record, which are removed in the end."""
    with subprocess.Popen(
        [sys.executable, __file__, record],
        env={**os.environ, "LD_PRELOAD": PRELOAD},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield Sender(process, process.stdout.readline().strip())


def _send(record: str) -> None:
    """Make the devices, say where, and tell of each event that standard input names."""
    library = ctypes.CDLL("libumockdev.so.0")
    library.umockdev_testbed_new.restype = ctypes.c_void_p
    library.umockdev_testbed_get_root_dir.restype = ctypes.c_char_p
    testbed = ctypes.c_void_p(library.umockdev_testbed_new())
    library.umockdev_testbed_add_from_string(testbed, record.encode(), None)
    sys.stdout.write(f"{library.umockdev_testbed_get_root_dir(testbed).decode()}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        path, action = line.split()
        library.umockdev_testbed_uevent(testbed, f"/sys{path}".encode(), action.encode())
    ctypes.CDLL("libgobject-2.0.so.0").g_object_unref(testbed)


if __name__ == "__main__":
    _send(sys.argv[1])
