"""What the C library takes of the machine's memory."""

import os

#: malloc.h of glibc
_M_ARENA_MAX = -8


def share_one_heap() -> None:
    """Let all threads take memory from one heap, before any is started.

    glibc gives each thread a heap of its own, up to eight for each processor, and each stays as large as it was at its
    fullest. Python's threads take turns, so they hardly wait for each other at one. `MALLOC_ARENA_MAX` in the
    environment goes before. Does nothing with another C library.
    """
    if "MALLOC_ARENA_MAX" in os.environ:
        return
    import ctypes  # a third of a megabyte, of two that this saves

    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_M_ARENA_MAX, 1)
