"""Notes, on any thread, what is to be done at a modem's memories; the modem's own thread does it when it comes to it.

So what was noted while a message was under way is done in one go behind it.
"""

import threading
import time
from collections.abc import Collection

from device_drivers.gsm_modem.memories import Hint

#: seconds that a deletion waits for a look at the memory, which it then costs no question of its own
COMPANY = 0.5


class Errands:
    """Where something arrived, and what is committed and may be deleted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hints: set[Hint] = set()
        self._released: list[str] = []
        self._company_until = 0.0

    @property
    def due_at(self) -> float:
        """Monotonic seconds at which there is something to do."""
        if self._hints:
            return 0.0
        return self._company_until if self._released else float("inf")

    def announce(self, hints: Collection[Hint]) -> None:
        """Something may have arrived there."""
        with self._lock:
            self._hints.update(hints)

    def release(self, slot: str) -> None:
        """This SMS is committed."""
        with self._lock:
            if not self._released:
                self._company_until = time.monotonic() + COMPANY
            self._released.append(slot)

    def take_hints(self) -> set[Hint]:
        """Where to look."""
        with self._lock:
            hints, self._hints = self._hints, set()
        return hints

    def take_released(self, most: int) -> list[str]:
        """What to delete now: messages go out before the rest."""
        with self._lock:
            released, self._released = self._released[:most], self._released[most:]
        return released
