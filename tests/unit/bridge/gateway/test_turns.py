"""Files of several accounts at once: whoever sends many waits for the others, and not they."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bridge.bus import Bus
from bridge.gateway.gateway import Gateway
from bridge.gateway.turns import Turns
from bridge.model.account import Account
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import CAFE, SHOP

FILE = b"number,name\n+15550100,Anna\n+15550101,Ben\n"
Give = Callable[[Gateway, Account], Awaitable[object]]


def batch(gateway: Gateway, account: Account) -> Awaitable[object]:
    return gateway.batches.add(account.name, account, "file", FILE)


def contacts(gateway: Gateway, account: Account) -> Awaitable[object]:
    return gateway.contacts.take_in(account.name, account, FILE, "csv")


@pytest.mark.parametrize("give", [batch, contacts])
async def test_a_file_waits_for_one_of_another_account_and_not_for_all(
    store: SqliteStore, bus: Bus, give: Give
) -> None:
    gateway, done = Gateway(store, bus), list[str]()

    async def bring(account: Account) -> None:
        await give(gateway, account)
        done.append(account.name)

    async with asyncio.TaskGroup() as group:
        for account in (SHOP, SHOP, SHOP, SHOP, CAFE):
            group.create_task(bring(account))
    assert done.index(CAFE.name) <= 2


async def test_a_turn_is_passed_on_when_who_waits_or_has_it_goes_away() -> None:
    turns, had = Turns(), list[str]()

    async def have(account: str) -> None:
        async with turns.turn(account):
            had.append(account)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        first, second, _ = (group.create_task(have(name)) for name in ("shop", "shop", "cafe"))
        await asyncio.sleep(0)
        first.cancel()
        second.cancel()
    await have("shop")
    assert had == ["shop", "cafe", "shop"]
