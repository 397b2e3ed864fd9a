"""Waiting for what nobody tells of."""

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
#: real seconds in which anything that is to happen has happened
PATIENCE = 30.0
#: seconds between two looks: a look that takes long, at hundreds of messages, comes so many times its time later, or
#: what it waits for would not get the processor
OFTEN, RARELY, SHARE = 0.005, 0.5, 4


async def until(look: Callable[[], T | Awaitable[T]], patience: float = PATIENCE) -> T:
    """What `look` finds, once it finds something; real seconds, however the loop's clock jumps.

    Raises TimeoutError.
    """
    end = time.monotonic() + patience
    while True:
        began = time.monotonic()
        found = look()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError("it never happened")
        await asyncio.sleep(min(max(OFTEN, SHARE * (time.monotonic() - began)), RARELY))


def queued(process: str = "thread-self") -> float:
    """Seconds that a process was ready and others had the processors, so far, summed over its threads.

    Of this thread unless the process is named; 0 where Linux does not say.
    """
    waited = 0
    for file in Path("/proc", process).glob("schedstat" if process == "thread-self" else "task/*/schedstat"):
        with suppress(OSError, ValueError):  # a thread that ends meanwhile
            waited += int(file.read_text().split()[1])
    return waited / 1e9


@contextmanager
def standstills() -> Iterator[Callable[[float, float], float]]:
    """How many seconds of a time (monotonic, from and to) this whole process stood still, as far as a thread saw.

    Stopped, or on a virtual machine that had no processor: nothing of it is said in /proc.
    """
    gaps: list[tuple[float, float]] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            began = time.monotonic()
            over.wait(0.01)
            gaps.append((began, time.monotonic()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield lambda since, till: sum(max(0.0, min(till, end) - max(since, begin) - 0.01) for begin, end in gaps)
    finally:
        over.set()
        watcher.join()
