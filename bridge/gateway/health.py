"""Health of the store and its backlog, cached so that frequent questions cost little."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bridge.errors import BridgeError
from bridge.ports.clock import Clock
from bridge.ports.store import HealthStore
from bridge.ports.store_rows import Backlog, Room

T = TypeVar("T")
#: seconds for which an answer is reused
FRESH = 1.0  # s
#: for the store to answer before something is wrong with it
PATIENCE = 2.0  # s
#: less is as good as nothing: a message with what it makes owed may take that much
LEAST_ROOM = 1024 * 1024  # bytes


class Cached(Generic[T]):
    """Caches the answer to a question for `FRESH` seconds."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._asking = asyncio.Lock()
        self._told: tuple[T, float] | None = None

    async def __call__(self) -> T:
        """Return the cached or a new answer. Raises what the question raises."""
        async with self._asking:
            if self._told is None or time.monotonic() >= self._told[1] + FRESH:
                self._told = None
                self._told = (await self._ask(), time.monotonic())
            return self._told[0]


class StoreHealth:
    """The bridge's vital signs (`gateway.store_health`)."""

    def __init__(self, store: HealthStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        #: why a message would not be kept now, "" when it would
        self.trouble = Cached(self._trouble)
        #: what waits; raises StoreUnavailable
        self.backlog: Cached[Backlog] = Cached(lambda: store.backlog(clock.now()))
        #: bytes on disk; raises StoreUnavailable
        self.room: Cached[Room] = Cached(self._room)

    async def _room(self) -> Room:
        return await self._store.room()

    async def _trouble(self) -> str:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._store.prove()
                room = await self._store.room()
        except TimeoutError:
            return f"The store did not answer within {PATIENCE:g} seconds."
        except BridgeError as error:
            return error.message
        if room.free is not None and room.free < LEAST_ROOM:
            return f"the disk is full: {room.free // 1024} KiB are left; make room and try again"
        return ""
