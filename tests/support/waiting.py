"""Waiting for what nobody tells of."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
#: real seconds in which anything that is to happen has happened
PATIENCE = 30.0


async def until(look: Callable[[], T | Awaitable[T]], patience: float = PATIENCE) -> T:
    """What `look` finds, once it finds something; real seconds, however the loop's clock jumps.

    Raises TimeoutError.
    """
    end = time.monotonic() + patience
    while True:
        found = look()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError("it never happened")
        await asyncio.sleep(0.005)
