"""What a composition has with devices or without: the gateway as the configuration wants it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.config.schema import Config, Sending, Webhooks
from bridge.daemon.core import build_gateway, build_submissions, make_operator
from bridge.daemon.reloading import Reloading
from bridge.errors import BadRequest, InvalidText, NotPossible, UnknownLine
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account, UnknownPolicy
from bridge.model.message import Draft
from bridge.ports.clock import SystemClock
from bridge.ports.store import Store
from bridge.store import open_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await open_store(f"sqlite:///{tmp_path}/bridge.db", exclusive=True)
    yield store
    await store.close()


def built(config: Config, store: Store) -> Gateway:
    bus, clock = Bus(), SystemClock()
    return build_gateway(Reloading(config), store, bus, clock, build_submissions(config, store, bus, clock))


async def test_the_gateway_has_what_the_configuration_says(store: Store) -> None:
    config = Config(
        sending=Sending(max_parts=2, expire_after=60.0, on_unknown=UnknownPolicy.FAIL),
        webhooks=Webhooks(allow_http=("receiver.example.com",)),
    )
    gateway = built(config, store)
    shop, _ = await gateway.administration.add_account("test", "shop")
    assert shop.on_unknown is UnknownPolicy.FAIL
    with pytest.raises(InvalidText):
        gateway.check(shop, Draft("+15550100", "x" * 400))
    (sent,) = (await gateway.submit(shop, [Draft("+15550100", "x")])).messages
    assert 59_000 < sent.expires_at - sent.created_at <= 60_000
    await gateway.endpoints.add("test", shop, "http://receiver.example.com/sms")
    with pytest.raises(BadRequest, match="outside this network"):
        await gateway.endpoints.add("test", shop, "http://198.51.100.7/sms")


async def test_without_devices_there_is_no_line(store: Store) -> None:
    gateway = built(Config(), store)
    shop, _ = await gateway.administration.add_account("test", "shop")
    assert gateway.lines() == ()
    with pytest.raises(UnknownLine):
        await gateway.submit(shop, [replace(Draft("+15550100", "x"), route="office")])


async def test_the_account_of_the_command_line_is_made_once(store: Store) -> None:
    for now in (1, 2):
        await make_operator(store, now)
    assert await store.accounts() == [Account("operator", 1, operator=True)]


async def test_what_is_reloaded_counts_from_the_next_message_and_account_on(store: Store) -> None:
    sending = Sending(max_parts=2, expire_after=60.0, on_unknown=UnknownPolicy.FAIL)
    wanted = Config(sending=sending, webhooks=Webhooks(allow_http=("receiver.example.com",)))
    bus, clock, reloading = Bus(), SystemClock(), Reloading(Config(), lambda: wanted)
    gateway = build_gateway(reloading, store, bus, clock, build_submissions(Config(), store, bus, clock))

    async def nothing(config: Config) -> None:
        """The poster has a test of its own."""

    reloading.on("webhooks", apply=nothing)
    shop, _ = await gateway.administration.add_account("test", "shop")
    assert len((await gateway.reload()).applied) == 4
    with pytest.raises(InvalidText):
        await gateway.submit(shop, [Draft("+15550100", "x" * 400)])
    (sent,) = (await gateway.submit(shop, [Draft("+15550100", "x")])).messages
    assert 59_000 < sent.expires_at - sent.created_at <= 60_000
    assert (await gateway.administration.add_account("test", "bakery"))[0].on_unknown is UnknownPolicy.FAIL
    await gateway.endpoints.add("test", shop, "http://receiver.example.com/sms")


async def test_a_gateway_of_a_bridge_that_does_not_run_has_nothing_to_reload(store: Store) -> None:
    with pytest.raises(NotPossible):
        await built(Config(), store).reload()
