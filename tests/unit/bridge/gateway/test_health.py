"""Health of the store: asked at a bounded cost, told in a sentence."""

import asyncio
from pathlib import Path

import pytest

from bridge.errors import StoreUnavailable
from bridge.gateway import health
from bridge.gateway.health import LEAST_ROOM, Cached, StoreHealth
from bridge.ports.store_rows import Backlog, Room
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import FakeClock, settle


class Disk:
    """What health asks of a store: its answers are the test's."""

    def __init__(self, free: int = 10 * LEAST_ROOM) -> None:
        self.free = free
        self.trouble: Exception | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.proved = 0

    async def prove(self) -> None:
        self.proved += 1
        await self.may_answer.wait()
        if self.trouble is not None:
            raise self.trouble

    async def room(self) -> Room:
        return Room(1, 1, self.free, 2 * self.free)

    async def backlog(self, now: int) -> Backlog:
        return Backlog(due_since=now)


async def test_a_disk_that_keeps_messages_is_well() -> None:
    assert await StoreHealth(Disk(), FakeClock()).trouble() == ""


async def test_a_store_that_refuses_says_why() -> None:
    disk = Disk()
    disk.trouble = StoreUnavailable("the disk is full: make room")
    assert await StoreHealth(disk, FakeClock()).trouble() == "the disk is full: make room"


async def test_a_disk_with_hardly_any_room_is_full() -> None:
    store_health = StoreHealth(Disk(LEAST_ROOM - 1), FakeClock())
    assert (await store_health.trouble()).startswith("the disk is full: 1023 KiB are left")


async def test_a_store_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.01)
    disk = Disk()
    disk.may_answer.clear()
    assert await StoreHealth(disk, FakeClock()).trouble() == "The store did not answer within 0.01 seconds."


async def test_many_who_ask_at_once_cost_one_look() -> None:
    disk = Disk()
    store_health = StoreHealth(disk, FakeClock())
    disk.may_answer.clear()
    asking = asyncio.gather(*(store_health.trouble() for _ in range(50)))
    await settle()
    disk.may_answer.set()
    assert await asking == [""] * 50
    assert disk.proved == 1


async def test_an_answer_is_asked_for_again_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    async def ask() -> int:
        nonlocal asked
        asked += 1
        return asked

    answer = Cached(ask)
    assert [await answer(), await answer()] == [1, 1]
    monkeypatch.setattr(health, "FRESH", 0.0)
    assert await answer() == 2


async def test_an_error_is_not_remembered() -> None:
    answers = [StoreUnavailable("locked"), "well"]

    async def ask() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    asked = Cached(ask)
    with pytest.raises(StoreUnavailable):
        await asked()
    assert await asked() == "well"


async def test_a_real_store_proves_itself(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "bridge.db"), None)
    await store.open()
    assert await StoreHealth(store, FakeClock()).trouble() == ""
    await store.close()
    assert await StoreHealth(store, FakeClock()).trouble() == "the store is closed"
