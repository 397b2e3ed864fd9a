"""The thread that talks to a modem, and its connection to the event loop."""

import asyncio
import queue
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar, cast

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

    def __init__(self, loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
        self._loop = loop
        self._work = work
        self._lock = threading.Lock()
        self._begun = self._withdrawn = False
        #: how it ended, on the loop
        self.end: asyncio.Future[Any] = loop.create_future()
        #: asks whether it is still wanted
        self._look: asyncio.TimerHandle | None = None

    def look_later(self, give_up: GiveUp) -> None:
        """While its turn has not come, ask now and then whether it is still wanted; on the loop."""
        self._look = self._loop.call_later(LOOK_INTERVAL, self._look_now, give_up)

    def _look_now(self, give_up: GiveUp) -> None:
        self._look = None
        if self._begun or self.end.done():
            return
        if give_up() and self.withdraw():
            self.end.set_exception(Withdrawn())
        else:
            self.look_later(give_up)

    def withdraw(self) -> bool:
        """Withdraw it; returns whether it will never be done."""
        with self._lock:
            self._withdrawn = not self._begun
            return self._withdrawn

    def take(self) -> None:
        """Do the work unless it was withdrawn."""
        with self._lock:
            if self._withdrawn:
                return
            self._begun = True
        result, failure = None, None
        try:
            result = self._work()
        except Exception as error:
            failure = error
        with suppress(RuntimeError):  # the loop has ended, so nobody is interested
            self._loop.call_soon_threadsafe(self._tell, result, failure)

    def _tell(self, result: object, failure: Exception | None) -> None:
        if self._look is not None:
            self._look.cancel()
        if self.end.done():  # nobody waits for it any more
            return
        if failure is None:
            self.end.set_result(result)
        else:
            self.end.set_exception(failure)
            self.end.exception()  # nobody may be there any more to hear how it ended


class Worker:
    """Runs work in order until the device is lost. `lost` is called once, on the loop."""

    def __init__(self, device: str, port: str, lost: Callable[[str], None]) -> None:
        self._port = port
        self._loop = asyncio.get_running_loop()
        #: what is to be done; None ends the thread
        self._turns: queue.SimpleQueue[_Turn | None] = queue.SimpleQueue()
        threading.Thread(target=_take_turns, args=(self._turns,), name=f"modem {device}", daemon=True).start()
        weakref.finalize(self, self._turns.put, None)
        self._lost = lost
        #: why the device is gone; "" while it is there
        self.loss = ""

    async def run(self, work: Callable[..., T], *arguments: object, give_up: GiveUp = never) -> T:
        """Run work on the modem's thread. Raises DeviceLost when the port is gone.

        While its turn has not come, `give_up` is asked now and then; raises Withdrawn once that says so.
        """
        if self.loss:
            raise DeviceLost(self.loss)
        turn = self._queue(partial(work, *arguments))
        if give_up is not never:
            turn.look_later(give_up)
        try:
            return cast(T, await turn.end)
        except asyncio.CancelledError:
            turn.withdraw()
            raise
        except PortLost as error:
            self.fail(self.words_for(error))
            raise DeviceLost(self.loss) from error

    def _queue(self, work: Callable[[], object]) -> _Turn:
        turn = _Turn(self._loop, work)
        self._turns.put(turn)
        return turn

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
        turn = self._queue(last)
        self._turns.put(None)
        with suppress(Exception):
            await turn.end


def _take_turns(turns: "queue.SimpleQueue[_Turn | None]") -> None:
    while (turn := turns.get()) is not None:
        turn.take()
        del turn  # with what it holds: the next may be long in coming
