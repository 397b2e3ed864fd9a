"""SMS is down, and somebody hears of it: a whole bridge, a real mail server, a real receiver of webhooks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bridge.config.schema import Alarm, Config
from bridge.errors import ConfigError
from bridge.model.account import Account
from bridge.model.event import ALARM_OVER, ALARM_RAISED
from bridge.model.line import LineState
from bridge.model.query import LedgerQuery
from bridge.model.webhook import Delivery, DeliveryState
from bridge.webhooks.retry_policy import SCHEDULE
from device_drivers.virtual.world import World
from tests.support.receivers import Heard, Receiver, StrictReceiver
from tests.support.running import SHOP, Bridge, config, running
from tests.support.smtp_site import mail_server, mailing_to
from tests.support.waiting import until

SECRET = "a long random text"
#: seconds without a line until it is told: more than a busy machine takes to connect one
AFTER = 4.0


@dataclass
class Site:
    """A virtual network, and the configuration of a bridge on it."""

    world: World
    settings: Config

    @asynccontextmanager
    async def bridge(self) -> AsyncIterator[Bridge]:
        """One that has its lines."""
        async with running(self.settings) as bridge:
            yield bridge


@asynccontextmanager
async def site(path: Path, alarm: Alarm, modems: int = 1) -> AsyncIterator[Site]:
    async with World(path / "world", modems=modems) as world:
        devices = {f"line{number}": {"port": str(modem.port)} for number, modem in enumerate(world.modems)}
        yield Site(world, replace(config(path, devices), alarm=alarm))


async def ready(bridge: Bridge, count: int = 1) -> None:
    async def look() -> bool:
        return [line.state for line in bridge.gateway.lines()].count(LineState.READY) == count

    await until(look)


def titles(heard: list[Heard]) -> list[str]:
    return [each.json["data"]["title"] for each in heard]


async def test_a_stick_that_is_pulled_is_told_by_webhook_and_mail_and_its_return_too(tmp_path: Path) -> None:
    async with Receiver() as receiver, mail_server() as server:
        receiver.answer = judge = StrictReceiver(SECRET)
        alarm = mailing_to(server, after=AFTER, webhook=receiver.url, webhook_secret=SECRET)
        async with site(tmp_path, alarm) as here, here.bridge() as bridge:
            await ready(bridge)
            here.world.modems[0].unplug()
            await receiver.has(1)
            await server.has(1)
            here.world.modems[0].replug()
            await receiver.has(2)
            first, last = await server.has(2)
    down, up = "SMS is down: no line is ready", "SMS is up again"
    assert titles(receiver.heard) == [mail.subject for mail in server.taken] == [down, up]
    assert [each.json["type"] for each in receiver.heard] == ["alarm.raised", "alarm.over"]
    assert [judge.judge(each)[0] for each in receiver.heard] == [200, 200]  # signed, and seen before
    assert "line0: absent (" in first.text
    assert "is the modem plugged in?" in first.text or "is gone" in first.text
    assert "sms-bridge doctor" in first.text
    assert first.message["References"] == last.message["References"]
    assert first.message["Message-ID"] != last.message["Message-ID"]


async def test_a_restart_in_the_middle_repeats_nothing_and_tells_the_end(tmp_path: Path) -> None:
    async with mail_server() as server, site(tmp_path, mailing_to(server, after=AFTER)) as here:
        async with here.bridge() as bridge:
            await ready(bridge)
            here.world.modems[0].unplug()
            await server.has(1)
        async with here.bridge() as bridge:
            await until(lambda: _is_away(bridge))
        here.world.modems[0].replug()
        async with here.bridge() as bridge:
            await ready(bridge)
            await server.has(2)
        assert [mail.subject for mail in server.taken] == ["SMS is down: no line is ready", "SMS is up again"]


async def test_a_mail_that_was_not_taken_is_sent_after_a_restart_with_the_same_id(tmp_path: Path) -> None:
    """What is owed is on disk: the server that was down gets both, in order, when somebody redelivers."""
    async with mail_server() as server, site(tmp_path, mailing_to(server, after=AFTER)) as here:
        server.refusals = ["451 4.3.2 not now"] * 100
        async with here.bridge() as bridge:
            await ready(bridge)
            here.world.modems[0].unplug()
            await server.was_offered(1)
            await until(lambda: _tried(bridge, 1))
            first = min(await _owed(bridge), key=lambda row: row.seq)
            assert "451 4.3.2 not now" in first.error
            here.world.modems[0].replug()
            await ready(bridge)
        assert server.taken == []
        server.refusals.clear()
        async with here.bridge() as bridge:
            await ready(bridge)
            chief = Account("chief", operator=True)
            await bridge.gateway.endpoints.pause("test", chief, "alarm-mail", paused=False)  # tried at once
            raised, over = await server.has(2, seconds=SCHEDULE.first / 1000 + 30)
        assert (raised.subject, over.subject) == ("SMS is down: no line is ready", "SMS is up again")
        assert raised.message["Message-ID"].startswith(f"<{first.event_id}@")


async def test_operators_own_webhooks_hear_it_and_shops_do_not(tmp_path: Path) -> None:
    async with (
        Receiver() as chiefs,
        Receiver() as shops,
        site(tmp_path, Alarm(after=AFTER)) as here,
        here.bridge() as bridge,
    ):
        chief = Account("chief", operator=True)
        await bridge.store.add_account(chief, [])
        await bridge.gateway.endpoints.add("test", chief, chiefs.url, names=[ALARM_RAISED, ALARM_OVER])
        await bridge.gateway.endpoints.add("test", SHOP, shops.url)
        await ready(bridge)
        here.world.modems[0].unplug()
        await chiefs.has(1)
        here.world.modems[0].replug()
        await chiefs.has(2)
        world = here.world
        world.network.handset(world.customers[0]).send("+15550100", "the last that is told")
        await bridge.received(1)
        await until(lambda: any(each.json["type"] == "sms.received" for each in shops.heard))
    assert titles(chiefs.heard) == ["SMS is down: no line is ready", "SMS is up again"]
    assert {each.json["type"] for each in shops.heard} == {"line.changed", "sms.received"}


async def test_an_alarm_that_may_not_go_out_is_told_at_the_start(tmp_path: Path) -> None:
    async with site(tmp_path, Alarm(webhook="http://93.184.216.34/hook")) as here:
        with pytest.raises(ConfigError, match=r"alarm.webhook: 93.184.216.34 is outside this network: use https"):
            async with here.bridge():
                pytest.fail("it started")


async def _is_away(bridge: Bridge) -> bool:
    return bridge.gateway.lines()[0].state is LineState.ABSENT


async def _owed(bridge: Bridge) -> list[Delivery]:
    return list((await bridge.store.ledger("", LedgerQuery(state=DeliveryState.OWED))).rows)


async def _tried(bridge: Bridge, attempts: int) -> bool:
    return any(row.attempts >= attempts for row in await _owed(bridge))
