"""Says on a terminal that something goes on, and how far it is, where it takes more than a second."""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bridge.cli.columns import cut

#: s
PATIENCE, EVERY = 1.0, 0.5


@contextmanager
def working(
    words: str, written: Callable[[], list[Path]] = list, said: Callable[[], str] = lambda: ""
) -> Iterator[None]:
    """While the block runs: `words` with the seconds since its beginning, the size of the files that grow, and more.

    On a terminal only, on standard error, in one line that is gone afterwards; so neither scripts nor what the command
    itself prints are disturbed.
    """
    if not sys.stderr.isatty():
        yield
        return
    over = threading.Event()
    telling = threading.Thread(target=_tell, args=(words, lambda: _size(written()) + said(), over), daemon=True)
    telling.start()
    try:
        yield
    finally:
        over.set()
        telling.join()


def _tell(words: str, far: Callable[[], str], over: threading.Event) -> None:
    begun, length = time.monotonic(), 0
    pause = PATIENCE
    while not over.wait(pause):
        pause = EVERY
        line = f"{words} … {time.monotonic() - begun:.0f} s{far()}"
        line = cut(line, shutil.get_terminal_size().columns - 1)
        _write(f"\r{line.ljust(length)}")
        length = len(line)
    if length:
        _write(f"\r{' ' * length}\r")


def _size(files: list[Path]) -> str:
    count = 0
    for file in files:
        with suppress(OSError):  # it comes and goes
            count += file.stat().st_size
    return f", {count / 1e6:.1f} MB" if count else ""


def _write(text: str) -> None:
    with suppress(OSError, ValueError):  # the terminal is gone
        sys.stderr.write(text)
        sys.stderr.flush()


def growing(target: Path) -> list[Path]:
    """The files that grow while an archive of a store is made (`bridge.store.archive`)."""
    return [target.with_name(f".{target.name}.{end}") for end in ("db", "new")]
