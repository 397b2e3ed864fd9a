"""Times calls: one after the other, and so many at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median

TEXT = "Your code is 482913. It ends in ten minutes."


async def timed(call: Callable[[int], Awaitable[object]], count: int, at_once: int) -> dict[str, float]:
    """`one`: ms of a call by itself, median; `rate`: calls a second with so many at once."""
    took = []
    for number in range(count):
        began = time.perf_counter()
        await call(number)
        took.append(1000 * (time.perf_counter() - began))
    numbers = iter(range(count, 2 * count))

    async def work() -> None:
        for number in numbers:
            await call(number)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return {"one": median(took), "rate": count / (time.perf_counter() - began)}
