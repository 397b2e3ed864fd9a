"""What a site raises as an alarm is one at the hub: told once, and over when it is over there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.config.schema import Alarm, Config, Loopback
from bridge.devices import device_worker
from bridge.model.event import Event
from bridge.monitoring import alarm
from device_drivers.virtual.world import World
from tests.support.bad_way import BadWay
from tests.support.running import Bridge, config, running
from tests.support.two_bridges import LINE, SITE, hub_config
from tests.support.waiting import until

LOST = "SMS from line0 to line0 does not arrive"
KEY = f"site:{SITE}:loopback:line0>line0"


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are looked at more often, so that a test need not wait."""
    monkeypatch.setattr(device_worker, "REFRESH_INTERVAL", 1.0)
    monkeypatch.setattr(alarm, "LOOK_INTERVAL", 0.2)


class Roof:
    """A site with one modem that writes to itself, and the settings of its hub."""

    def __init__(self, site: Bridge, way: BadWay, world: World, settings: Config) -> None:
        self.site, self.way, self.world, self.settings = site, way, world, settings

    @asynccontextmanager
    async def hub(self, **alarms: float) -> AsyncIterator[Bridge]:
        """The hub, with the site's line ready."""
        settings = replace(self.settings, alarm=Alarm(**{"after": 0.0, "per_hour": 100, **alarms}))
        async with running(settings) as hub:
            await hub.ready(LINE)
            yield hub


@pytest.fixture
async def roof(tmp_path: Path) -> AsyncIterator[Roof]:
    (tmp_path / "site").mkdir()
    way = BadWay()
    async with World(tmp_path / "world", modems=1) as world:
        plain = config(tmp_path / "site", {"line0": {"port": str(world.modems[0].port)}})
        alarms = Alarm(after=0.5, per_hour=100)
        async with running(replace(plain, loopback=Loopback(every=0.5, deadline=5.0), alarm=alarms)) as site:
            await site.ready("line0")
            way.target = site.url
            await way.start()
            try:
                yield Roof(site, way, world, hub_config(tmp_path / "hub", way.url, site.keys["apikey"]))
            finally:
                await way.close()


async def told(bridge: Bridge) -> list[Event]:
    """The alarms that a bridge has told its receivers of."""
    return [event for event in await bridge.store.events("", 0, 10_000) if event.name.startswith("alarm.")]


async def has(bridge: Bridge, count: int) -> list[Event]:
    """So many of them, once there are."""

    async def look() -> list[Event]:
        found = await told(bridge)
        return found if len(found) >= count else []

    return await until(look)


async def test_an_alarm_of_a_site_is_told_once_over_drops_and_restarts_and_ends_when_it_ends_there(roof: Roof) -> None:
    async with roof.hub() as hub:
        roof.world.network.rules.loss = 1.0
        [there] = await has(roof.site, 1)
        [raised] = await has(hub, 1)
        assert (raised.name, raised.subject, raised.data["line"]) == ("alarm.raised", KEY, LINE)
        assert raised.data["title"] == f"At the site {SITE}: {LOST}"
        assert abs(raised.data["began_at"] - there.data["began_at"]) < 1000
        roof.way.unplug()
        await until(lambda: hub.gateway.lines()[0].state == "absent")
        await roof.way.plug()
        await hub.ready(LINE)
    async with roof.hub() as hub:
        assert [each.id for each in hub.gateway.alarms()] == [KEY]
        roof.world.network.rules.loss = 0.0
        raised, over = await has(hub, 2)
        assert (over.name, over.data["title"]) == ("alarm.over", f"At the site {SITE} it is over: {LOST}")
        assert hub.gateway.alarms() == []
        assert [event.name for event in await told(roof.site)] == ["alarm.raised", "alarm.over"]


async def test_a_line_that_fails_at_a_site_is_one_alarm_at_the_hub_not_two(roof: Roof) -> None:
    async with roof.hub(after=0.5) as hub:
        roof.world.modems[0].unplug()
        await has(roof.site, 1)
        [raised] = await has(hub, 1)
        roof.world.modems[0].replug()
        *_, over = await has(hub, 2)
        assert [event.subject for event in (raised, over)] in (["down", "down"], [f"line:{LINE}", f"line:{LINE}"])
        assert not [event for event in await told(hub) if event.subject.startswith("site:")]
