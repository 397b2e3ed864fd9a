"""The thread that talks to a modem, and its connection to the event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar, cast

from bridge.errors import DeviceLost
from device_drivers.gsm_modem.transport import PortLost

T = TypeVar("T")
GiveUp = Callable[[], bool]

#: seconds between two questions whether something that waits for its turn is still wanted
LOOK_INTERVAL = 0.25


class Withdrawn(Exception):
    """The work was cancelled before it began and will not be done."""


def never() -> bool:
    """False: the work is worth waiting for indefinitely."""
    return False


class _Turn:
    """One piece of work, either begun or withdrawn, from either thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = self._withdrawn = False

    def withdraw(self) -> bool:
        """Withdraw it; returns whether it will never be done."""
        with self._lock:
            self._withdrawn = not self._begun
            return self._withdrawn

    def take(self, work: Callable[..., T], *arguments: object) -> T | None:
        """Do the work unless it was withdrawn."""
        with self._lock:
            if self._withdrawn:
                return None
            self._begun = True
        return work(*arguments)


class Worker:
    """Runs work in order until the device is lost. `lost` is called once, on the loop."""

    def __init__(self, device: str, port: str, lost: Callable[[str], None]) -> None:
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"modem {device}")
        self._lost = lost
        #: why the device is gone; "" while it is there
        self.loss = ""

    async def run(self, work: Callable[..., T], *arguments: object, give_up: GiveUp = never) -> T:
        """Run work on the modem's thread. Raises DeviceLost when the port is gone.

        While its turn has not come, `give_up` is asked now and then; raises Withdrawn once that says so.
        """
        if self.loss:
            raise DeviceLost(self.loss)
        turn = _Turn()
        running = self._loop.run_in_executor(self._thread, turn.take, work, *arguments)
        # nobody may be there any more to hear how it ended
        running.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            while not (await asyncio.wait({running}, timeout=None if give_up is never else LOOK_INTERVAL))[0]:
                if give_up() and turn.withdraw():
                    raise Withdrawn
            return cast(T, running.result())
        except asyncio.CancelledError:
            turn.withdraw()
            raise
        except PortLost as error:
            self.fail(self.words_for(error))
            raise DeviceLost(self.loss) from error

    def words_for(self, error: Exception) -> str:
        """Why the device is gone, for an error of its port."""
        return f"the modem on {self._port} is gone: {error}"

    def fail(self, reason: str) -> None:
        """The device is gone: release everything that waits."""
        if not self.loss:
            self.loss = reason
            self._lost(reason)

    def post(self, call: Callable[..., object], *arguments: object) -> None:
        """Run a call on the loop, from any thread."""
        with suppress(RuntimeError):  # the loop has ended, so nobody is interested
            self._loop.call_soon_threadsafe(call, *arguments)

    async def close(self, last: Callable[[], None]) -> None:
        """End the thread after one last piece of work; never raises."""
        with suppress(Exception):
            await self._loop.run_in_executor(self._thread, last)
        self._thread.shutdown(wait=False)
