"""Time that tests own: the wall clock by a clock that they set, the event loop's by letting it jump."""

import asyncio

#: 2026-03-20 21:07:44.250 UTC
START = 1_774_040_864_250


class FakeClock:
    """Both clocks of a machine: time passes by setting `at`, and `step` sets the wall clock alone."""

    def __init__(self, at: int = START, monotonic: int = 0) -> None:
        self._at = at
        self._monotonic = monotonic

    @property
    def at(self) -> int:
        """Unix ms."""
        return self._at

    @at.setter
    def at(self, at: int) -> None:
        self._monotonic += max(0, at - self._at)
        self._at = at

    def step(self, ms: int) -> None:
        """Somebody sets the wall clock; no time passes."""
        self._at += ms

    def now(self) -> int:
        """Unix milliseconds."""
        return self._at

    def monotonic(self) -> int:
        """Milliseconds that only count."""
        return self._monotonic


def skip(seconds: float) -> None:
    """Let the event loop's clock jump: whatever waits on it for no longer is woken now."""
    loop = asyncio.get_running_loop()
    own = loop.time
    loop.time = lambda: own() + seconds  # type: ignore[method-assign]


async def settle(turns: int = 50) -> None:
    """Let everything run that can run without waiting for time, a thread or a socket."""
    for _ in range(turns):
        await asyncio.sleep(0)
