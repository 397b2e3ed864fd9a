"""One heap of the C library for all threads, seen by what glibc tells of its heaps in a process of their own."""

import os
import subprocess
import sys

THREADS = """
import ctypes, sys, threading
from bridge.host.memory import share_one_heap
if sys.argv[1] == "shared":
    share_one_heap()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
together = threading.Barrier(4)
def work():
    libc.malloc(50_000)
    together.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


def heaps(how: str, **environment: str) -> int:
    """How many there are after four threads have taken memory."""
    known = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    done = subprocess.run(
        [sys.executable, "-c", THREADS, how], capture_output=True, text=True, check=True, env=known | environment
    )
    return done.stdout.count("<heap nr=")


def test_threads_share_one_heap() -> None:
    assert heaps("own") > 1
    assert heaps("shared") == 1
    assert heaps("shared", MALLOC_ARENA_MAX="3") > 1
