"""Values that device drivers remember over restarts, kept in the store."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

from bridge.ports.store import MemoryStore
from bridge.retry import retry_until_stored


class LastingMemory:
    """Implements `bridge.ports.Memory` for a device or hardware; read from the store once, as nobody else writes it."""

    def __init__(self, store: MemoryStore, device: str, values: dict[str, str]) -> None:
        self._store = store
        self._device = device
        self._values = values
        self._turn = asyncio.Lock()
        #: keys of which what is on disk is not known: the caller went away while it was written
        self._unsure: set[str] = set()

    @classmethod
    async def of(cls, store: MemoryStore, device: str) -> Self:
        """Load a device's values from the store."""
        return cls(store, device, dict(await retry_until_stored(lambda: store.memories(device))))

    def get(self, key: str) -> str | None:
        """What is on disk; None for nothing."""
        return self._values.get(key)

    async def put(self, key: str, value: str) -> None:
        """Store a value; returns when it is on disk, however long the store refuses.

        One after the other: what the store refused for a while must not replace what was put there since.
        """
        async with self._turn:
            if self._values.get(key) != value or key in self._unsure:
                self._unsure.add(key)
                await retry_until_stored(lambda: self._store.memorise(self._device, key, value))
                self._values[key] = value
                self._unsure.discard(key)


class BorrowedMemory:
    """Implements `bridge.ports.driver.Memory` for a command that examines a device; `keep` stores values."""

    def __init__(self, values: Mapping[str, str], keep: Callable[[str, str], Awaitable[None]]) -> None:
        self._values = dict(values)
        self._keep = keep

    def get(self, key: str) -> str | None:
        """The value when this was created; None when there was none."""
        return self._values.get(key)

    async def put(self, key: str, value: str) -> None:
        """Store a value. Raises what `keep` raises."""
        await self._keep(key, value)
        self._values[key] = value
