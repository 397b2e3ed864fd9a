"""The whole bridge on a phone: real adb, driver, store and HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.model.message import State
from tests.support.phone_site import OURS, SECOND, THEIRS, Site, phone_site
from tests.support.running import Bridge, config, running
from tests.support.waiting import until

pytestmark = pytest.mark.needs("adb", "mksh")


@asynccontextmanager
async def on_phone(directory: Path, site: Site) -> AsyncIterator[Bridge]:
    """A bridge with this phone as its only device."""
    async with running(replace(config(directory, {}), devices={"office": site.device})) as bridge:
        yield bridge


async def test_a_bridge_sends_and_receives_by_phone_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        async with on_phone(tmp_path, site) as bridge:
            await bridge.send(THEIRS, "long enough for parts " * 12)
            await bridge.settled(State.SENT)
            site.far.send(OURS, "an answer")
            assert [sms.text for sms in await bridge.received(1)] == ["an answer"]
        site.far.send(OURS, "while nobody listened")
        async with on_phone(tmp_path, site) as bridge:
            assert [sms.text for sms in await bridge.received(2)] == ["an answer", "while nobody listened"]
            site.phone.unplug()
            await bridge.send(THEIRS, "queued")
            site.far.send(OURS, "while it was unplugged")
            site.phone.replug()
            await bridge.settled(State.SENT)
            await bridge.received(3)
        assert await site.heard(2) == ["long enough for parts " * 12, "queued"]


async def test_a_bridge_that_stops_begins_no_message_that_waits_for_its_turn_and_keeps_it(tmp_path: Path) -> None:
    async with phone_site(tmp_path, (OURS, SECOND)) as site:
        site.network.rules.send_latency, site.options = 10.0, {"send_timeout": 25.0}
        async with on_phone(tmp_path, site) as bridge:
            await bridge.ready("office:2")
            await bridge.send(THEIRS, "one")
            await bridge.send(THEIRS, "two")
            await bridge.settled(State.SENDING)
            await until(lambda: site.phone.sent)
        assert [len(site.phone.sent), len(site.far.received)] == [1, 1]
        site.network.rules.send_latency = 0.0
        async with on_phone(tmp_path, site) as bridge:
            await bridge.settled(State.SENT)
        assert sorted(await site.heard(2)) == ["one", "two"]
        assert len(site.phone.sent) == 2


async def test_a_message_in_the_phones_hands_when_the_cable_goes_is_settled_and_sent_once(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site, on_phone(tmp_path, site) as bridge:
        site.network.rules.send_latency = 1.0
        await bridge.send(THEIRS, "in the air")
        async with asyncio.timeout(20.0):
            while not site.phone.sent:
                await asyncio.sleep(0.01)
        site.phone.unplug()
        await bridge.settled(State.UNKNOWN)
        site.phone.replug()
        await bridge.settled(State.SENT)
        assert await site.heard() == ["in the air"]
        assert len(site.phone.sent) == 1
