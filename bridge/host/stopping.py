"""Stops a long-running command by signals: the first SIGTERM or SIGINT asks, the second one forces.

Nothing is lost by an end at once: what was accepted is on disk, and so is the intent of whatever a device has in hand,
which the next start finds there and treats as unknown, by the message's policy.
"""

import asyncio
import logging
import os
import signal
import threading
from typing import Any

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: seconds from the first signal to the end, whatever still goes on: devices have 30 of them, then webhooks and the
#: store; systemd's TimeoutStopSec is longer
DEADLINE = 50.0
#: seconds that threads have to end once all is closed: one that waits for a name server is no reason to stay
THREADS_PATIENCE = 3.0


class Stopping:
    """Cancels a task on signals. Create it in the main thread, on its event loop."""

    def __init__(self, task: "asyncio.Task[Any]") -> None:
        self._task = task
        self._loop = asyncio.get_running_loop()
        #: the first signal has come
        self.began = False
        for number in SIGNALS:
            self._loop.add_signal_handler(number, self._begin)

    def _begin(self) -> None:
        self.began = True
        for number in SIGNALS:
            self._loop.remove_signal_handler(number)
            # the kernel's own ending: it needs no code of the bridge, not even the event loop
            signal.signal(number, signal.SIG_DFL)
        log.info("stopping; a second signal ends it at once")
        _after(DEADLINE, _give_up)
        self._task.cancel()

    def closed(self) -> None:
        """Everything is closed: stop handling signals."""
        if self.began:
            _after(THREADS_PATIENCE, os._exit, 0)


def _after(seconds: float, end: Any, *arguments: Any) -> None:
    timer = threading.Timer(seconds, end, arguments)
    timer.daemon = True
    timer.start()


def _give_up() -> None:
    log.error("it did not end within %g s; ending it now", DEADLINE)
    os.kill(os.getpid(), signal.SIGTERM)
