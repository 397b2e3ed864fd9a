"""Exponential back-off with jitter, as a pure schedule."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bridge.dataclass import dataclass
from bridge.errors import StoreClosed, StoreUnavailable

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times between tries, in milliseconds.

    The n-th wait is `first` × 2ⁿ⁻¹, at most `ceiling`, shifted by up to ± `jitter` of itself so that
    many who failed together do not come back together.
    """

    first: int
    ceiling: int
    #: share of a wait, 0 to 1
    jitter: float = 0.1

    def plain(self, tries: int) -> int:
        """The wait after `tries` failures, without jitter; 0 before the first."""
        if tries < 1:
            return 0
        # past 2³² no ceiling is left to reach, and huge powers would only cost time
        return min(self.first << min(tries - 1, 32), self.ceiling)

    def delay(self, tries: int, chance: float) -> int:
        """The wait after `tries` failures; `chance` is a random number in [0, 1)."""
        return round(self.plain(tries) * (1 + self.jitter * (2 * chance - 1)))

    def elapsed(self, tries: int) -> int:
        """The time from the first try to the end of the wait after failure number `tries`."""
        return sum(self.plain(n) for n in range(1, tries + 1))

    def tries_within(self, span: int) -> int:
        """The number of tries until the last is `span` or just more after the first."""
        tries, waited = 1, 0
        while waited < span:
            waited += self.plain(tries)
            tries += 1
        return tries


#: between tries while the disk is full or the file locked
STORE_PAUSE = 1.0  # s


async def retry_until_stored(action: Callable[[], Awaitable[T]], level: int = logging.ERROR) -> T:
    """Retry until the store accepts it; nothing else proceeds before, and the log is told. Raises StoreClosed."""
    while True:
        try:
            return await action()
        except StoreClosed:
            raise
        except StoreUnavailable as error:
            log.log(level, "%s; trying again in %g s", error.message, STORE_PAUSE)
            await asyncio.sleep(STORE_PAUSE)
