"""Work that is done one at a time, and of each account in its turn."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """Of each account one waits with those of others, however many it has: each other is done after one of them."""

    def __init__(self) -> None:
        self._all = asyncio.Lock()
        self._own: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, account: str) -> AsyncGenerator[None, None]:
        """Wait for a turn of this account, and have it."""
        own = self._own.setdefault(account, asyncio.Lock())
        async with own, self._all:
            yield
