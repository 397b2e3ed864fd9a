"""Devices by their names: who is examined, who answers a provider, who comes and who leaves."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bridge.bus import Bus
from bridge.devices.supervisor import Supervisor
from bridge.errors import DeviceLost, NoSuchThing, Refusal, SendRefused
from bridge.messages.outcomes import SendingRules
from bridge.model.callback import Callback, Reply
from bridge.model.finding import Finding
from bridge.model.line import LineState
from bridge.model.message import Message, State
from bridge.ports.clock import SystemClock
from bridge.ports.driver import Device
from bridge.ports.store import Store
from tests.support.fake_phone import RULES, FakeLink, supervised
from tests.support.memory_device import MemoryDriver, MemoryLink
from tests.support.waiting import until


class ExaminedLink(FakeLink):
    """Tells of itself, or that it is gone."""

    def __init__(self, *found: Finding) -> None:
        super().__init__()
        self.found: list[Finding] | DeviceLost = list(found)

    async def examine(self) -> Sequence[Finding]:
        if isinstance(self.found, DeviceLost):
            raise self.found
        return self.found


async def test_a_device_is_examined_over_its_open_link(store: Store, bus: Bus) -> None:
    link = ExaminedLink(Finding("ok", "devices.phone", "is well"))
    async with supervised(store, bus, link) as (supervisor, driver):
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.READY])
        assert await supervisor.examine("phone") == link.found
        link.found = DeviceLost("it went away")
        (lost,) = await supervisor.examine("phone")
        assert (lost.level, lost.message) == ("fail", "it went away")
        assert len(driver.opened) == 1


async def test_a_device_that_is_away_is_examined_by_its_driver(store: Store, bus: Bus) -> None:
    async with supervised(store, bus) as (supervisor, driver):
        driver.found = [Finding("fail", "devices.phone", "is not there", "plug it in")]
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.ABSENT])
        assert await supervisor.examine("phone") == driver.found
        with pytest.raises(NoSuchThing):
            await supervisor.examine("fridge")


async def test_a_device_is_never_opened_and_examined_at_once(store: Store, bus: Bus) -> None:
    async with supervised(store, bus) as (supervisor, driver):
        driver.may_examine.clear()
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.ABSENT])
        examination = asyncio.gather(supervisor.examine("phone"))
        await until(lambda: driver.examining)
        before = len(driver.opened)
        supervisor.retry()
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(driver.opened) == before
        driver.may_examine.set()
        await examination
        await until(lambda: len(driver.opened) > before)


async def test_says_at_both_lines_and_in_the_log_that_they_have_one_sim(
    store: Store, bus: Bus, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.devices.device_worker.LOOK_INTERVAL", 0.01)
    links = [MemoryLink("one"), MemoryLink("two")]
    for link in links:
        link.line = replace(link.line, iccid="89001012345678901237")
    driver = MemoryDriver(*links)
    supervisor = Supervisor(store, bus, SystemClock(), {"memory": driver}, driver.devices, RULES)
    await supervisor.start()
    try:
        await until(lambda: all("has the same SIM" in line.reason for line in supervisor.lines()))
        assert [line.state for line in supervisor.lines()] == [LineState.READY] * 2
        words = "The line two has the same SIM: reports of one may be taken for the other's."
        await until(lambda: f"one is ready: {words}" in caplog.messages)
        assert [found for found in await supervisor.examine("one") if found.subject == "line one"] == [
            Finding("warn", "line one", words, "use the SIM in one device only")
        ]
        links[1].become(LineState.OUT_OF_SERVICE)
        await until(lambda: supervisor.lines()[0].reason == "")
    finally:
        await supervisor.close()


class AnsweringLink(FakeLink):
    """Answers with what it was sent."""

    async def answer(self, callback: Callback) -> Reply:
        return Reply(200, callback.body)


async def test_a_provider_is_answered_by_the_open_link_of_its_device(store: Store, bus: Bus) -> None:
    async with supervised(store, bus, AnsweringLink()) as (supervisor, _):
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.READY])
        assert await supervisor.call_back("phone", Callback("POST", body=b"hello")) == Reply(200, b"hello")
        with pytest.raises(NoSuchThing):
            await supervisor.call_back("fridge", Callback("POST"))


async def test_a_provider_that_calls_while_the_device_is_looked_for_is_answered_by_it(store: Store, bus: Bus) -> None:
    async with supervised(store, bus, AnsweringLink()) as (supervisor, driver):
        assert driver.opened == []
        assert await supervisor.call_back("phone", Callback("POST", body=b"early")) == Reply(200, b"early")


async def test_a_provider_comes_again_while_the_device_is_away(store: Store, bus: Bus) -> None:
    async with supervised(store, bus) as (supervisor, _):
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.ABSENT])
        with pytest.raises(DeviceLost):
            await supervisor.call_back("phone", Callback("POST"))


async def test_a_device_that_no_provider_calls_has_nothing_to_answer(store: Store, bus: Bus) -> None:
    async with supervised(store, bus, FakeLink()) as (supervisor, _):
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.READY])
        with pytest.raises(NoSuchThing):
            await supervisor.call_back("phone", Callback("POST"))


OFFICE, SHOP = Device("office", "memory"), Device("shop", "memory")


@asynccontextmanager
async def at_work(store: Store, bus: Bus, *links: MemoryLink) -> AsyncIterator[tuple[Supervisor, MemoryDriver]]:
    """A supervisor of the first link's device; the others are not configured yet."""
    driver = MemoryDriver(*links)
    supervisor = Supervisor(store, bus, SystemClock(), {"memory": driver}, driver.devices[:1], RULES)
    await supervisor.start()
    try:
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.READY])
        yield supervisor, driver
    finally:
        await supervisor.close()


async def test_a_device_comes_while_the_others_go_on(store: Store, bus: Bus) -> None:
    office, shop = MemoryLink("office"), MemoryLink("shop")
    async with at_work(store, bus, office, shop) as (supervisor, driver):
        await supervisor.change({"memory": driver}, [SHOP, OFFICE])
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.READY] * 2)
        assert [line.name for line in supervisor.lines()] == ["shop", "office"]
        assert (driver.opened, office.closed) == (["office", "shop"], False)


async def test_a_device_that_leaves_finishes_what_is_on_the_air(store: Store, bus: Bus) -> None:
    office, now = MemoryLink("office"), SystemClock().now()
    async with at_work(store, bus, office) as (supervisor, _):
        office.may_send.clear()
        await store.submit([Message("a" * 40, "shop", "+15550123", "+15550123", "hello", State.QUEUED, now, now, now)])
        await office.sending.wait()
        leaving = asyncio.gather(supervisor.change({}, []))
        await asyncio.sleep(0)
        assert not leaving.done()
        office.may_send.set()
        await leaving
        assert (await store.message("a" * 40)).state is State.SENT
        assert (supervisor.lines(), office.closed) == ((), True)
        with pytest.raises(NoSuchThing):
            await supervisor.examine("office")


async def test_a_bridge_that_ends_while_its_devices_change_opens_none_of_the_new_ones(store: Store, bus: Bus) -> None:
    office, shop, now = MemoryLink("office"), MemoryLink("shop"), SystemClock().now()
    async with at_work(store, bus, office, shop) as (supervisor, driver):
        office.may_send.clear()
        await store.submit([Message("a" * 40, "shop", "+15550123", "+15550123", "hello", State.QUEUED, now, now, now)])
        await office.sending.wait()
        changing = asyncio.gather(supervisor.change({"memory": driver}, [SHOP]))
        await asyncio.sleep(0)
        supervisor.stop()
        office.may_send.set()
        await changing
        await supervisor.change({"memory": driver}, [OFFICE, SHOP])
        for _ in range(20):
            await asyncio.sleep(0)
        assert (driver.opened, office.closed) == (["office"], True)


async def test_a_device_whose_options_changed_is_opened_anew(store: Store, bus: Bus) -> None:
    office = MemoryLink("office")
    async with at_work(store, bus, office) as (supervisor, driver):
        await supervisor.change({"memory": driver}, [OFFICE])
        assert driver.opened == ["office"]
        await supervisor.change({"memory": driver}, [Device("office", "memory", {"port": "/dev/ttyUSB9"})])
        await until(lambda: driver.opened == ["office", "office"])
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.READY])


async def test_a_device_that_is_away_leaves_at_once(store: Store, bus: Bus) -> None:
    async with supervised(store, bus) as (supervisor, _):
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.ABSENT])
        async with asyncio.timeout(20):
            await supervisor.change({}, [])
        assert supervisor.lines() == ()


async def test_the_next_refusal_goes_by_changed_rules(store: Store, bus: Bus) -> None:
    office, now = MemoryLink("office"), SystemClock().now()
    async with at_work(store, bus, office) as (supervisor, _):
        supervisor.adopt(SendingRules(0, 1000))
        office.troubles.append(SendRefused("busy", Refusal.TEMPORARY))
        await store.submit([Message("a" * 40, "shop", "+15550123", "+15550123", "hello", State.QUEUED, now, now, now)])

        async def failed() -> bool:
            return (await store.message("a" * 40)).state is State.FAILED

        await until(failed)
