"""Reports the progress of an upgrade, which may take minutes for a large store, and stops it."""

import threading
import time
from collections.abc import Callable

#: between two words of it
INTERVAL = 5.0  # s


class Stopped(Exception):
    """The bridge is to stop: what was begun is undone, and begins again at the next start."""


class Progress:
    """Told from the thread that opens the store; `stop` may be called from any."""

    def __init__(self, tell: Callable[[str], None] = lambda words: None, interval: float = INTERVAL) -> None:
        self._tell = tell
        self._interval = interval
        self._stopped = threading.Event()
        self._what = ""
        self._began = self._told = 0.0

    def begin(self, what: str) -> None:
        """Say what is done from now on."""
        self._what, self._began = what, time.monotonic()
        self._told = self._began
        self._tell(what)

    def step(self, done: float | None = None) -> None:
        """Say now and then how far what has begun is (0 to 1, None where nobody knows). Raises Stopped."""
        if self._stopped.is_set():
            raise Stopped
        now = time.monotonic()
        if self._what and now >= self._told + self._interval:
            self._told = now
            far = f"{now - self._began:.0f} s" if done is None else f"{100 * done:.0f} %"
            self._tell(f"{self._what}: {far}")

    def is_stopped(self) -> bool:
        """For SQLite, which ends a statement for it."""
        try:
            self.step()
        except Stopped:
            return True
        return False

    def stop(self) -> None:
        """Have the next step raise Stopped."""
        self._stopped.set()
