"""What a device's driver remembers, kept by the store."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Self

from bridge.ports.store import DeviceStore
from bridge.retry import retry_until_stored


class LastingMemory:
    """Obeys `bridge.ports.Memory` for one device; read from the store once, for nobody else writes it."""

    def __init__(self, store: DeviceStore, device: str, values: dict[str, str]) -> None:
        self._store = store
        self._device = device
        self._values = values

    @classmethod
    async def of(cls, store: DeviceStore, device: str) -> Self:
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
    """Obeys `bridge.ports.Memory` for a program that has the store open for a moment at a time only."""

    def __init__(
        self, opened: Callable[[], AbstractAsyncContextManager[DeviceStore]], device: str, values: dict[str, str]
    ) -> None:
        self._opened = opened
        self._device = device
        self._values = values

    def get(self, key: str) -> str | None:
        """What was on disk when this was made; None for nothing."""
        return self._values.get(key)

    async def put(self, key: str, value: str) -> None:
        """Returns when it is on disk. Raises StoreUnavailable."""
        async with self._opened() as store:
            await store.memorise(self._device, key, value)
        self._values[key] = value
