"""Limits the long reads that an account may have at once, so that none takes all the reading threads."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bridge.errors import TooManyRequests

#: searches of one account that run at once, and that wait for these
AT_ONCE, WAITING = 2, 30


class Searches:
    """Lets the searches of each account run one after another, a few at a time. `gateway.searches`."""

    def __init__(self) -> None:
        #: account → its turns, and how many have one or wait for it
        self._turns: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def turn(self, account: str) -> AsyncGenerator[None, None]:
        """Wait for a turn of this account. Raises TooManyRequests when too many wait already."""
        turns, count = self._turns.get(account) or (asyncio.Semaphore(AT_ONCE), 0)
        if count >= AT_ONCE + WAITING:
            raise TooManyRequests(1, "Too many searches of this account are under way.")
        self._turns[account] = turns, count + 1
        try:
            async with turns:
                yield
        finally:
            count = self._turns[account][1] - 1
            if count:
                self._turns[account] = turns, count
            else:
                del self._turns[account]
