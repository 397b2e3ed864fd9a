"""SMS from our own lines to one another, over the virtual network and back."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bridge.accounts.credentials import OPERATOR
from bridge.config.schema import Alarm, Config, Loopback
from bridge.model import loopback as trips
from bridge.model.account import Account
from bridge.model.event import LOOPBACK_ARRIVED, LOOPBACK_LOST, Event
from bridge.model.line import LineState
from bridge.model.loopback import Departures, Trip
from bridge.model.message import State
from bridge.model.query import InboxQuery, MessageQuery
from device_drivers.virtual.world import World
from tests.support.receivers import Receiver
from tests.support.running import SHOP, Bridge, config, running
from tests.support.waiting import until

CHIEF = Account(OPERATOR, operator=True)


@dataclass
class Site:
    """A virtual network, and the configuration of a bridge on it."""

    world: World
    settings: Config

    @asynccontextmanager
    async def bridge(self, **loopback: Any) -> AsyncIterator["Live"]:
        """One that has all its lines."""
        settings = replace(self.settings, loopback=replace(self.settings.loopback, **loopback))
        async with running(settings) as bridge:
            live = Live(bridge)
            await live.ready(len(self.world.modems))
            yield live


@dataclass
class Live:
    """A running bridge."""

    bridge: Bridge

    async def ready(self, count: int) -> None:
        async def look() -> bool:
            return [line.state for line in self.bridge.gateway.lines()].count(LineState.READY) == count

        await until(look)

    async def events(self, *names: str) -> list[Event]:
        return [event for event in await self.bridge.store.events("", 0, 10_000) if event.name in names]

    async def told(self, name: str, count: int = 1) -> list[Event]:
        """So many events of a name, once there are."""

        async def look() -> list[Event]:
            found = await self.events(name)
            return found if len(found) >= count else []

        return await until(look)

    async def go(self, *between: str) -> Departures:
        return await self.bridge.gateway.loop(*(*between, "", "")[:2])

    async def figures(self, sender: str, receiver: str) -> dict[str, float]:
        """What Prometheus reads of a pair."""
        async with self.bridge.http.get(f"{self.bridge.url}/metrics") as answer:
            text = await answer.text()
        ours = f'{{line="{sender}",receiver="{receiver}"}}'
        found = re.findall(rf"^sms_bridge_loopback_(\w+){re.escape(ours)} (\S+)$", text, re.MULTILINE)
        return {name: float(value) for name, value in found}

    async def sent(self) -> Sequence[str]:
        """The texts of all loop-backs that were queued, oldest first."""
        rows = (await self.bridge.gateway.messages(CHIEF, MessageQuery(dialect="loopback", limit=1000))).rows
        return [row.text for row in reversed(rows)]


@asynccontextmanager
async def site(path: Path, modems: int = 2, alarm: Alarm | None = None, **loopback: Any) -> AsyncIterator[Site]:
    async with World(path / "world", modems=modems) as world:
        devices = {f"line{number}": {"port": str(modem.port)} for number, modem in enumerate(world.modems)}
        settings = replace(config(path, devices), loopback=Loopback(**loopback), alarm=alarm or Alarm())
        yield Site(world, settings)


async def test_goes_round_all_lines_and_says_how_long_it_took(tmp_path: Path) -> None:
    async with site(tmp_path, modems=3) as here, here.bridge() as live:
        here.world.network.rules.delivery_delay = 0.3
        begun = await live.go()
        assert [trip.pair for trip in begun.started] == [("line0", "line1"), ("line1", "line2"), ("line2", "line0")]
        arrived = await live.told(LOOPBACK_ARRIVED, 3)
        assert {event.subject for event in arrived} == {trip.token for trip in begun.started}
        assert all(0.3 <= event.data["seconds"] < 60 for event in arrived)
        figures = await live.figures("line0", "line1")
        assert (figures["seconds_count"], figures["lost_total"]) == (1, 0)
        assert 0.3 <= figures["seconds_sum"] < 60
        (ours,) = [event for event in arrived if event.data["from"] == "line0"]
        assert figures["last_success_timestamp_seconds"] == ours.at / 1000


async def test_a_single_line_writes_to_itself(tmp_path: Path) -> None:
    async with site(tmp_path, modems=1) as here, here.bridge() as live:
        (trip,) = (await live.go()).started
        (event,) = await live.told(LOOPBACK_ARRIVED)
        assert (event.subject, event.data["from"], event.data["to"]) == (trip.token, "line0", "line0")


async def test_reaches_no_account_and_costs_none_anything(tmp_path: Path) -> None:
    async with Receiver() as receiver, site(tmp_path) as here, here.bridge() as live:
        await live.bridge.gateway.endpoints.add("test", SHOP, receiver.url)
        await live.go()
        await live.told(LOOPBACK_ARRIVED, 2)
        customer = here.world.network.handset(here.world.customers[0])
        customer.send("+15550100", trips.text(trips.new_token()))  # like one of ours, and none
        (received,) = await live.bridge.received(1)
        assert received.sender == customer.number
        await receiver.has(1)
        assert [each.json["type"] for each in receiver.heard] == ["sms.received"]
        for account in (SHOP, CHIEF):
            assert len((await live.bridge.gateway.inbox(account, InboxQuery())).rows) == 1
        assert {row.account for row in (await live.bridge.gateway.messages(CHIEF, MessageQuery())).rows} == {OPERATOR}
        assert all(not modem.state.storage["SM"] for modem in here.world.modems)  # the SIM forgets them as any other


async def test_goes_by_the_clock(tmp_path: Path) -> None:
    async with site(tmp_path, modems=1, every=0.2) as here, here.bridge() as live:
        await live.told(LOOPBACK_ARRIVED, 3)
        assert len(set(await live.sent())) == len(await live.sent()) >= 3


async def test_never_two_on_their_way_between_the_same_lines(tmp_path: Path) -> None:
    async with site(tmp_path, modems=1, every=0.1, deadline=60.0) as here:
        here.world.network.rules.delivery_delay = 3.0  # also for the first, which leaves at once
        async with here.bridge() as live:
            await until(live.sent)
            again = await live.go()
            assert (again.started, [each.reason for each in again.skipped]) == (
                (), ["one is on its way to line0 already"],
            )  # fmt: skip
            await live.told(LOOPBACK_ARRIVED)
            assert len(await live.sent()) <= 2


async def test_one_that_the_network_loses_is_an_alarm_until_the_next_arrives(tmp_path: Path) -> None:
    alarm = Alarm(per_hour=100)
    async with site(tmp_path, 1, alarm, every=0.5, deadline=5.0) as here, here.bridge() as live:
        await live.told(LOOPBACK_ARRIVED)
        here.world.network.rules.loss = 1.0
        (lost, *_) = await live.told(LOOPBACK_LOST)
        assert lost.data["reason"] == "the network took it, and nothing came within 5 s"
        (raised,) = await live.told("alarm.raised")
        assert raised.data["title"] == "SMS from line0 to line0 does not arrive"
        assert lost.data["reason"] in raised.data["text"]
        await live.told(LOOPBACK_LOST, 2)
        here.world.network.rules.loss = 0.0
        (over,) = await live.told("alarm.over")
        assert over.data["title"] == "SMS from line0 to line0 arrives again"
        assert len(await live.events("alarm.raised")) == 1
        assert (await live.figures("line0", "line0"))["lost_total"] >= 2


async def test_a_late_one_counts_with_its_true_time_and_ends_the_alarm(tmp_path: Path) -> None:
    async with site(tmp_path, 1, every=600.0, deadline=0.3) as here, here.bridge() as live:
        here.world.network.rules.delivery_delay = 1.2
        await live.go()
        await live.told(LOOPBACK_LOST)
        await live.told("alarm.raised")
        (event,) = await live.told(LOOPBACK_ARRIVED)
        assert event.data["late"]
        await live.told("alarm.over")
        figures = await live.figures("line0", "line0")
        assert (figures["lost_total"], figures["seconds_count"]) == (1, 1)
        assert 1.2 <= figures["seconds_sum"] < 60


async def test_one_that_the_network_refuses_is_lost_at_once_with_its_words(tmp_path: Path) -> None:
    async with site(tmp_path, deadline=300.0) as here, here.bridge() as live:
        here.world.network.rules.refuse = {"+15550101": 38}
        here.world.network.rules.refuse_next = [1]
        await live.go("line0")
        (lost,) = await live.told(LOOPBACK_LOST)
        assert lost.data["reason"].startswith("it is failed: ")
        assert not await live.events("alarm.raised")  # nobody asked for them to be watched, and who asked was told


async def test_a_restart_in_the_middle_sends_nothing_twice_and_raises_no_alarm(tmp_path: Path) -> None:
    alarm = Alarm(after=0)
    async with site(tmp_path, 1, alarm, every=600.0, deadline=5.0) as here:
        here.world.network.rules.delivery_delay = 0.3
        async with here.bridge(deadline=60.0) as live:
            (trip,) = (await live.go()).started
            await until(lambda: _is_sent(live, trip))
        here.world.modems[0].unplug()
        await asyncio.sleep(5.1)  # the deadline passes while nobody is there to hear it
        here.world.modems[0].replug()
        async with here.bridge(every=0.2) as live:
            (event,) = await live.told(LOOPBACK_ARRIVED)
            assert (event.subject, event.data["late"]) == (trip.token, False)
            assert (await live.figures("line0", "line0"))["seconds_count"] >= 1
            assert not await live.events("alarm.raised", LOOPBACK_LOST)
            sent = await live.sent()
            assert sent.count(trips.text(trip.token)) == 1


async def test_one_that_never_comes_is_missed_after_a_restart_too(tmp_path: Path) -> None:
    async with site(tmp_path, 1, every=600.0, deadline=0.5) as here:
        here.world.network.rules.loss = 1.0
        async with here.bridge(deadline=60.0) as live:
            (trip,) = (await live.go()).started
            await until(lambda: _is_sent(live, trip))
        async with here.bridge() as live:
            (lost,) = await live.told(LOOPBACK_LOST)
            assert lost.subject == trip.token
            await live.told("alarm.raised")
        here.world.network.rules.loss = 0.0
        async with here.bridge() as live:  # it is known that it was lost, so the next that comes is the end of it
            await live.go()
            (over,) = await live.told("alarm.over")
            assert over.data["title"] == "SMS from line0 to line0 arrives again"
            assert len(await live.events("alarm.raised")) == 1


async def test_one_that_was_noted_and_never_sent_is_forgotten_by_a_restart(tmp_path: Path) -> None:
    async with site(tmp_path, 1, deadline=60.0) as here:
        async with here.bridge() as live:
            assert await live.bridge.store.depart(Trip(trips.new_token(), "line0", "line0", 1))
            assert not (await live.go()).started
        async with here.bridge() as live:
            await live.go()
            await live.told(LOOPBACK_ARRIVED)
            assert not await live.events(LOOPBACK_LOST)


async def test_one_that_the_bridge_stopped_before_it_went_is_no_alarm_and_is_not_sent_late(tmp_path: Path) -> None:
    async with site(tmp_path, 2, Alarm(after=0), every=600.0, deadline=3.0) as here:
        async with here.bridge() as live:
            here.world.network.rules.send_latency = 2.0
            await live.bridge.send(here.world.customers[0], "keeps the line busy", sIdentifiant="line0")
            (trip,) = (await live.go("line0", "line1")).started
        here.world.network.rules.send_latency = 0.0
        await asyncio.sleep(3.0)  # so long it had to go
        async with here.bridge(deadline=60.0) as live:
            await live.bridge.settled(State.DELIVERED)

            async def expired() -> bool:
                (row,) = (await live.bridge.gateway.messages(CHIEF, MessageQuery(client_ref=trip.token))).rows
                return row.state is State.EXPIRED

            await until(expired)
            assert len((await live.go("line0", "line1")).started) == 1
            (event,) = await live.told(LOOPBACK_ARRIVED)
            assert event.subject != trip.token
            assert not await live.events("alarm.raised", LOOPBACK_LOST)


async def test_a_line_that_is_away_sends_none_and_that_is_said(tmp_path: Path) -> None:
    async with site(tmp_path, modems=3) as here, here.bridge() as live:
        here.world.modems[1].unplug()
        await live.ready(2)
        begun = await live.go()
        assert [trip.pair for trip in begun.started] == [("line0", "line2"), ("line2", "line0")]
        (skipped,) = begun.skipped
        assert skipped.sender == "line1"
        assert skipped.reason.startswith("it is absent: ")
        nowhere = await live.go("line0", "line1")
        assert nowhere.started == ()
        assert nowhere.skipped[0].reason.startswith("line1, where it would go, is absent: ")


async def _is_sent(live: Live, trip: Trip) -> bool:
    rows = (await live.bridge.gateway.messages(CHIEF, MessageQuery(client_ref=trip.token))).rows
    return bool(rows) and rows[0].state is State.SENT
