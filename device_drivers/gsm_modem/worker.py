"""The one thread that talks to a modem, and how the event loop hears of it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from bridge.errors import DeviceLost
from device_drivers.gsm_modem.transport import PortLost

T = TypeVar("T")


class Worker:
    """Does one thing after another, until the device is lost. `lost` is called once, on the loop."""

    def __init__(self, device: str, port: str, lost: Callable[[str], None]) -> None:
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"modem {device}")
        self._lost = lost
        #: why the device is gone; "" while it is there
        self.loss = ""

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Do it on the modem's thread. Raises DeviceLost when the port is gone, before or meanwhile."""
        if self.loss:
            raise DeviceLost(self.loss)
        try:
            return await self._loop.run_in_executor(self._thread, work, *arguments)
        except PortLost as error:
            self.fail(self.words_for(error))
            raise DeviceLost(self.loss) from error

    def words_for(self, error: Exception) -> str:
        """Why the device is gone, when its port failed with this."""
        return f"the modem on {self._port} is gone: {error}"

    def fail(self, reason: str) -> None:
        """The device is gone: whoever waits is told at once."""
        if not self.loss:
            self.loss = reason
            self._lost(reason)

    def post(self, call: Callable[..., object], *arguments: object) -> None:
        """Call it on the loop, from any thread."""
        with suppress(RuntimeError):  # the loop has ended, so nobody is interested
            self._loop.call_soon_threadsafe(call, *arguments)

    async def close(self, last: Callable[[], None]) -> None:
        """End the thread after it did one last thing; never raises."""
        with suppress(Exception):
            await self._loop.run_in_executor(self._thread, last)
        self._thread.shutdown(wait=False)
