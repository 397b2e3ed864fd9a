"""Timers on the running loop that are cancelled together."""

import asyncio
from collections.abc import Callable
from typing import Any


class Timers:
    """The pending calls of one owner. Cheap enough for one per message."""

    def __init__(self) -> None:
        self._pending: set[asyncio.Handle] = set()

    def after(self, delay: float, call: Callable[..., None], *args: Any) -> asyncio.Handle:
        """Call later, `delay` in seconds; 0 is as soon as the loop gets to it. Cancel what it returns to forget it."""
        loop = asyncio.get_running_loop()
        handle: asyncio.Handle

        def run() -> None:
            self._pending.discard(handle)
            call(*args)

        handle = loop.call_later(delay, run) if delay > 0 else loop.call_soon(run)
        self._pending.add(handle)
        return handle

    def close(self) -> None:
        """Forget all of them."""
        for handle in self._pending:
            handle.cancel()
        self._pending.clear()
