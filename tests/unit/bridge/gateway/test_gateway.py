"""What an account reaches through the gateway is its own; an operator reaches everything."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.errors import NoSuchThing, NotAllowed, NotPossible, StoreUnavailable
from bridge.gateway.gateway import Devices, Gateway
from bridge.model.account import Account
from bridge.model.finding import Finding
from bridge.model.message import Draft, Message
from bridge.model.query import MessageQuery
from bridge.model.scope import Grant, Scope
from bridge.store.sqlite import SqliteStore
from tests.support.empty_store import empty_store
from tests.support.store_rows import CAFE, SHOP
from tests.support.waiting import until
from tests.unit.bridge.gateway.conftest import CHIEF


async def examine(device: str) -> Sequence[Finding]:
    return [Finding("ok", device, "registered")]


@pytest.fixture
def gateway(store: SqliteStore, bus: Bus) -> Gateway:
    return Gateway(store, bus, devices=Devices(examine=examine))


@pytest.fixture
async def message(gateway: Gateway) -> Message:
    return (await gateway.submit(SHOP, [Draft("+15550123", "hello")])).messages[0]


async def test_a_message_is_there_for_its_account_and_for_operators(gateway: Gateway, message: Message) -> None:
    for account in (SHOP, CHIEF):
        assert await gateway.message(account, message.id) == message
        assert (await gateway.parts(account, message.id), await gateway.count(account, MessageQuery())) == ([], 1)
    assert await gateway.count(CAFE, MessageQuery()) == 0
    for call in (gateway.message, gateway.parts, gateway.cancel, gateway.resend):
        with pytest.raises(NoSuchThing):
            await call(CAFE, message.id)


async def test_one_account_deletes_nothing_of_another(gateway: Gateway, message: Message) -> None:
    await gateway.cancel(SHOP, message.id)
    assert await gateway.delete_messages(CAFE, MessageQuery(ids=(message.id,))) == 0
    assert await gateway.delete_messages(SHOP, MessageQuery(ids=(message.id,))) == 1


async def test_an_operator_acts_for_another_account_with_what_its_own_key_allows(gateway: Gateway) -> None:
    reader = replace(CHIEF, grant=Grant(frozenset({Scope.READ}), "screen", 0, 0))
    shop = await gateway.account(reader, "shop")
    assert (shop, shop.grant) == (SHOP, reader.grant)
    with pytest.raises(NotAllowed):
        await gateway.account(SHOP, "cafe")


async def test_only_operators_examine_devices(gateway: Gateway) -> None:
    assert await gateway.examine(CHIEF, "office") == [Finding("ok", "office", "registered")]
    with pytest.raises(NotAllowed):
        await gateway.examine(SHOP, "office")


async def test_a_bridge_without_devices_says_so(store: SqliteStore, bus: Bus) -> None:
    bare = Gateway(store, bus)
    assert list(bare.lines()) == []
    with pytest.raises(NoSuchThing):
        await bare.examine(Account("chief", operator=True), "office")
    with pytest.raises(NotPossible):
        await bare.loop("", "")


async def test_an_account_finds_its_news_behind_any_number_of_others(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.gateway.gateway.EVENT_STEP", 3)
    monkeypatch.setattr("bridge.gateway.gateway.EVENT_BATCH", 2)
    for number in range(4):
        await gateway.submit(CAFE, [Draft("+15550123", "another's")] * 10)
        await gateway.submit(SHOP, [Draft("+15550123", f"{number}.{index}") for index in range(7)])
    heard = []
    async with asyncio.timeout(30), aclosing(gateway.events(SHOP, 0)) as news:
        async for event in news:
            heard.append(event.data["text"])
            if len(heard) == 28:
                await gateway.submit(SHOP, [Draft("+15550123", "at last")])
            if len(heard) == 29:
                break
    assert heard == [f"{number}.{index}" for number in range(4) for index in range(7)] + ["at last"]


class AwayStore(SqliteStore):
    """Does not answer a reader of events for some times."""

    troubles = 0

    async def newest_event(self) -> int:
        if self.troubles:
            self.troubles -= 1
            raise StoreUnavailable("the database does not answer")
        return await super().newest_event()


async def test_a_stream_goes_on_when_a_store_that_did_not_answer_is_back(tmp_path: Path, bus: Bus) -> None:
    store = AwayStore(empty_store(tmp_path).removeprefix("sqlite:///"), bus)
    await store.open()
    await store.add_account(SHOP, [])
    gateway = Gateway(store, bus)
    async with aclosing(gateway.events(SHOP, 0)) as news:
        await gateway.submit(SHOP, [Draft("+15550123", "one")])
        assert (await anext(news)).data["text"] == "one"
        following = asyncio.gather(anext(news))
        await asyncio.sleep(0)
        store.troubles = 1
        bus.wake()  # whoever listens looks again
        await until(lambda: not store.troubles)
        await gateway.submit(SHOP, [Draft("+15550123", "two")])
        assert (await following)[0].data["text"] == "two"
    store.troubles = 1
    with pytest.raises(StoreUnavailable):
        await anext(gateway.events(SHOP))
    await store.close()
