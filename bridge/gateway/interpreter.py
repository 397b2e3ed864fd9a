"""Keeps Python's garbage collector and its threads from holding up others while a call has 100,000 messages."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: s for which a thread may go on while another waits; Python's own is 5 ms, and each statement of SQL waits once
TURN = 0.0005


class Interpreter:
    """The garbage collector and the turns of threads.

    The collector looks through all objects when there are many more than before. With a hundred thousand messages in
    memory, none of them garbage, that is a tenth of a second in which nothing else runs, several times. And the thread
    that checks them lets nobody else run for 5 ms at a time, which whoever is on the way through the bridge meets a
    dozen times.
    """

    def __init__(self) -> None:
        self._calls = 0
        self._before = gc.get_threshold(), sys.getswitchinterval()

    @contextmanager
    def considerate(self) -> Iterator[None]:
        """Have new objects alone looked at, and threads take short turns, meanwhile."""
        if not self._calls:
            self._before = gc.get_threshold(), sys.getswitchinterval()
            gc.set_threshold(*gc.get_threshold()[:2], 1_000_000)
            sys.setswitchinterval(TURN)
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            if not self._calls:
                thresholds, turn = self._before
                gc.set_threshold(*thresholds)
                sys.setswitchinterval(turn)


#: what calls with very many messages do their work in
considerate = Interpreter().considerate
