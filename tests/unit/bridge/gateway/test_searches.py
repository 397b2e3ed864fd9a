"""Searches of one account: a few at a time, so that another account does not wait for them."""

import asyncio
import time
from statistics import median

import pytest

from bridge.bus import Bus
from bridge.errors import TooManyRequests
from bridge.gateway.gateway import Gateway
from bridge.gateway.searches import AT_ONCE, WAITING, Searches
from bridge.model.message import Draft
from bridge.model.query import MessageQuery
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import CAFE, SHOP


async def test_so_many_of_an_account_run_at_once_and_the_others_wait() -> None:
    searches, end = Searches(), asyncio.Event()
    running: list[str] = []

    async def search(account: str) -> None:
        async with searches.turn(account):
            running.append(account)
            await end.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(search("shop"))
        group.create_task(search("cafe"))
        await asyncio.sleep(0)
        assert sorted(running) == ["cafe", *["shop"] * AT_ONCE]
        end.set()
    assert running.count("shop") == 10


async def test_too_many_that_wait_are_refused_and_others_are_not() -> None:
    searches, end = Searches(), asyncio.Event()

    async def search(account: str) -> None:
        async with searches.turn(account):
            await end.wait()

    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(search("shop")) for _ in range(AT_ONCE + WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyRequests):
            await search("shop")
        waiting[-1].cancel()
        await asyncio.sleep(0)
        group.create_task(search("shop"))
        group.create_task(search("cafe"))
        await asyncio.sleep(0)
        end.set()
    async with searches.turn("shop"):
        pass


async def test_submissions_do_not_wait_for_those_who_search(store: SqliteStore, bus: Bus) -> None:
    gateway = Gateway(store, bus)
    drafts = [Draft("+15550100", f"number {number} of many texts to look through") for number in range(20_000)]
    for _ in range(3):
        await gateway.submit(SHOP, drafts)
    end = asyncio.Event()

    async def search() -> int:
        count = 0
        while not end.is_set():
            await gateway.messages(SHOP, MessageQuery(keyword="what is nowhere"))
            count += 1
        return count

    waits = []
    async with asyncio.TaskGroup() as group:
        searching = [group.create_task(search()) for _ in range(30)]
        for _ in range(40):
            began = time.monotonic()
            await gateway.submit(CAFE, [Draft("+15550100", "from another account")])
            await gateway.messages(CAFE, MessageQuery(limit=1))
            waits.append(time.monotonic() - began)
        end.set()
    assert sum(task.result() for task in searching) > 5
    assert median(waits) < 0.2
