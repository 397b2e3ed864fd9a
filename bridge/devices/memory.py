"""What a device's driver remembers, kept by the store."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Self

from bridge.ports.store import MemoryStore
from bridge.retry import retry_until_stored


class LastingMemory:
    """Obeys `bridge.ports.Memory` for one device; read from the store once, for nobody else writes it."""

    def __init__(self, store: MemoryStore, device: str, values: dict[str, str]) -> None:
        self._store = store
        self._device = device
        self._values = values

    @classmethod
    async def of(cls, store: MemoryStore, device: str) -> Self:
        """All that was put there before."""
        return cls(store, device, dict(await retry_until_stored(lambda: store.memories(device))))

    def get(self, key: str) -> str | None:
        """What is on disk; None for nothing."""
        return self._values.get(key)

    async def put(self, key: str, value: str) -> None:
        """Returns when it is on disk, however long the store refuses."""
        if self._values.get(key) != value:
            await retry_until_stored(lambda: self._store.memorise(self._device, key, value))
            self._values[key] = value


class BorrowedMemory:
    """Obeys `bridge.ports.driver.Memory` for a program that examines a device: what it is to keep, `keep` keeps."""

    def __init__(self, values: Mapping[str, str], keep: Callable[[str, str], Awaitable[None]]) -> None:
        self._values = dict(values)
        self._keep = keep

    def get(self, key: str) -> str | None:
        """What was there when this was made; None for nothing."""
        return self._values.get(key)

    async def put(self, key: str, value: str) -> None:
        """Returns when it is kept. Raises what `keep` does."""
        await self._keep(key, value)
        self._values[key] = value
