"""What a driver remembers: on disk when `put` returns, and there after a restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.devices.memory import BorrowedMemory, LastingMemory
from bridge.errors import StoreUnavailable
from bridge.retry import STORE_PAUSE
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import settle, skip


class CountingStore(SqliteStore):
    """Counts what it writes, and refuses as often as it is told to."""

    writes = 0
    refusals = 0

    async def memorise(self, device: str, key: str, value: str) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StoreUnavailable("the disk is full")
        await super().memorise(device, key, value)
        self.writes += 1


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[CountingStore]:
    store = CountingStore(str(path / "bridge.db"), None)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def test_each_device_finds_what_it_put_there(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for device in ("duo", "solo"):
            memory = await LastingMemory.of(store, device)
            await memory.put("sms", f"of {device}")
            assert memory.get("sms") == f"of {device}"
    async with opened(tmp_path) as store:
        memory = await LastingMemory.of(store, "duo")
        assert (memory.get("sms"), memory.get("calls")) == ("of duo", None)


async def test_what_is_known_is_not_written_again(tmp_path: Path) -> None:
    """A driver puts its position after each look at the phone, and most looks find nothing."""
    async with opened(tmp_path) as store:
        memory = await LastingMemory.of(store, "duo")
        for value in ("17", "17", "18", "18"):
            await memory.put("sms", value)
        assert store.writes == 2


async def test_nothing_is_remembered_before_it_is_on_disk(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        memory = await LastingMemory.of(store, "duo")
        store.refusals = 1
        task = asyncio.gather(memory.put("sms", "17"))
        await settle()
        assert (memory.get("sms"), task.done()) == (None, False)
        skip(STORE_PAUSE)
        await task
        assert memory.get("sms") == "17"


async def test_what_the_store_refused_for_a_while_does_not_replace_what_was_put_since(tmp_path: Path) -> None:
    """A phone's mark went back, and after a restart the SMS above it came once more."""
    async with opened(tmp_path) as store:
        memory = await LastingMemory.of(store, "duo")
        store.refusals = 1
        refused = asyncio.gather(memory.put("sms", "17"))
        await settle()
        since = asyncio.gather(memory.put("sms", "18"))
        await settle()
        skip(STORE_PAUSE)
        await refused
        await since
        assert (memory.get("sms"), await store.memories("duo")) == ("18", {"sms": "18"})


async def test_what_is_put_back_while_something_else_is_written_is_on_disk(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        memory = await LastingMemory.of(store, "duo")
        await memory.put("position", "0")
        await asyncio.gather(memory.put("position", "5"), memory.put("position", "0"))
        assert await store.memories("duo") == {"position": "0"}
        writing = asyncio.gather(memory.put("position", "7"))
        await settle()
        writing.cancel()  # the store writes it all the same
        await memory.put("position", "0")
        assert await store.memories("duo") == {"position": "0"}


async def test_a_borrowed_memory_has_what_was_kept_and_says_when_more_cannot_be() -> None:
    kept = {"sms": "17"}

    async def keep(key: str, value: str) -> None:
        if value == "19":
            raise StoreUnavailable
        kept[key] = value

    memory = BorrowedMemory(kept, keep)
    await memory.put("sms", "18")
    assert (memory.get("sms"), memory.get("calls"), kept) == ("18", None, {"sms": "18"})
    with pytest.raises(StoreUnavailable):
        await memory.put("sms", "19")
    assert (memory.get("sms"), kept) == ("18", {"sms": "18"})
