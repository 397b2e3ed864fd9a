"""The lines of another bridge: two real bridges, the site with an emulated modem, and the way between them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bridge.devices import device_worker
from bridge.devices.twins import Twins
from bridge.errors import SendRefused
from bridge.model.account import Account, AccountChange
from bridge.model.inbox import LoggedCall
from bridge.model.line import Line, LineState
from bridge.model.message import State
from bridge.model.query import CallQuery, MessageQuery, TypedQuery
from bridge.model.radio import Call, InboundPart, Typed
from bridge.model.scope import Scope
from bridge.ports.driver import Device, VolatileMemory
from device_drivers.bridge_remote import DRIVER, sending
from device_drivers.bridge_remote.api import Api, Shape
from tests.support.running import SHOP
from tests.support.two_bridges import LINE, OPTIONS, SITE, TwoBridges, two_bridges
from tests.support.waiting import PATIENCE, until


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[TwoBridges]:
    async with two_bridges(tmp_path) as made:
        yield made


async def at_site(both: TwoBridges) -> list[tuple[str, State]]:
    """What the site has been asked to send."""
    rows = (await both.site.gateway.messages(SHOP, MessageQuery(limit=1000))).rows
    return [(row.text, row.state) for row in reversed(rows)]


async def test_a_message_goes_by_the_site_and_its_report_comes_back(both: TwoBridges) -> None:
    ana = both.world.customers[0]
    sent = await both.hub.send(ana, "hello from afar")
    message = await both.hub.became(sent, State.DELIVERED)
    assert (message.line, message.error) == (LINE, "")
    assert [sms.text for sms in await both.person().wait(1)] == ["hello from afar"]
    assert await at_site(both) == [("hello from afar", State.DELIVERED)]


async def test_it_is_sent_only_once_the_sites_device_has_sent_it(both: TwoBridges) -> None:
    both.world.network.rules.send_latency = 4.0
    sent = await both.hub.send(both.world.customers[0], "slow")
    await until(lambda: _has(both, 1))
    assert (await both.hub.gateway.message(SHOP, sent)).state is State.SENDING
    await both.hub.became(sent, State.DELIVERED)


async def _has(both: TwoBridges, count: int) -> bool:
    return len(await at_site(both)) >= count


async def test_a_long_text_arrives_whole_in_both_directions(both: TwoBridges) -> None:
    text = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. " * 8
    sent = await both.hub.send(both.world.customers[0], text)
    await both.hub.became(sent, State.DELIVERED)
    assert [sms.text for sms in await both.person().wait(1)] == [text]
    both.person().send(both.modem.number, text)
    [received] = await both.hub.received(1)
    assert (received.text, received.line, received.sender) == (text, LINE, both.world.customers[0])


async def test_what_comes_in_comes_once_and_in_order_over_drops(both: TwoBridges) -> None:
    for number in range(20):
        both.person().send(both.modem.number, f"number {number}")
        if number % 5 == 4:
            await both.hub.received(number - 2)
            both.way.cut()
    received = await both.hub.received(20)
    assert [each.text for each in received] == [f"number {number}" for number in range(20)]


async def test_calls_and_what_was_typed_come_once_and_in_order_over_drops(both: TwoBridges) -> None:
    """As a phone at the site would tell them: its bridge has them from there."""
    now = both.site.gateway.now()
    for number in range(9):
        kind = ("missed", "incoming", "outgoing")[number % 3]
        call = Call("line0", f"call {number}", kind, f"+155502{number:02}", "Ana", now + number * 1000, number)
        for _ in range(2):  # a phone's log is read again
            await both.site.store.keep(call, "line0", now)
        typed = Typed("line0", f"typed {number}", "+15550199", f"typed {number}", now + number * 1000)
        await both.site.store.keep(typed, "line0", now)
        if number % 3 == 2:
            await until(partial(hub_calls, both, number - 1))
            both.way.cut()
    calls = await until(partial(hub_calls, both, 9))
    assert [(row.kind, row.number, row.name, row.duration_seconds) for row in calls] == [
        (("missed", "incoming", "outgoing")[number % 3], f"+155502{number:02}", "Ana", number) for number in range(9)
    ]
    assert {row.line for row in calls} == {LINE}
    assert [row.call_at for row in calls] == [now + number * 1000 for number in range(9)]

    async def typed_all() -> list[str]:
        rows = (await both.hub.gateway.typed(SHOP, TypedQuery(limit=100))).rows
        return [row.text for row in reversed(rows)] if len(rows) >= 9 else []

    assert await until(typed_all) == [f"typed {number}" for number in range(9)]


async def hub_calls(both: TwoBridges, count: int) -> list[LoggedCall]:
    """The hub's calls, oldest first, once there are so many."""
    rows = (await both.hub.gateway.calls(SHOP, CallQuery(limit=100))).rows
    return list(reversed(rows)) if len(rows) >= count else []


async def test_a_refusal_of_the_network_fails_with_its_cause(both: TwoBridges) -> None:
    both.world.network.rules.refuse_next.append(1)
    sent = await both.hub.send(both.world.customers[0], "to nobody")
    message = await both.hub.became(sent, State.FAILED)
    assert "unassigned" in message.error.lower()


@pytest.mark.parametrize("fault", ["lose", "lose_answers", "repeat"])
async def test_a_request_that_is_lost_or_repeated_sends_one_sms(both: TwoBridges, fault: str) -> None:
    setattr(both.way.faults, fault, 1)
    sent = await both.hub.send(both.world.customers[0], fault)
    await both.hub.became(sent, State.DELIVERED)
    assert await at_site(both) == [(fault, State.DELIVERED)]
    assert [sms.text for sms in await both.person().wait(1)] == [fault]


async def test_a_request_that_comes_when_nobody_waits_for_it_finds_its_place_taken(both: TwoBridges) -> None:
    """The hub gives up, makes sure that it cannot go out any more, and sends it anew."""
    both.way.faults.hold_back, both.way.faults.lose = 1, 1000
    sent = await both.hub.send(both.world.customers[0], "late")
    await both.hub.became(sent, State.UNKNOWN)
    both.way.faults.lose = 0
    await both.hub.became(sent, State.DELIVERED)
    await both.way.let_through()
    assert both.way.arrived == [409]
    assert await at_site(both) == [("withdrawn", State.CANCELLED), ("late", State.DELIVERED)]
    assert [sms.text for sms in await both.person().wait(1)] == ["late"]


async def test_what_was_taken_back_goes_out_by_the_same_site_once_it_may(both: TwoBridges) -> None:
    """Its name is taken there by what was taken back; another try has another."""
    both.world.network.rules.send_latency = 4.0
    await both.site.send(both.world.customers[1], "their own, for which the modem is busy")
    sent = await both.hub.send(both.world.customers[0], "in the end")
    await until(lambda: _has(both, 2))
    for row in (await both.site.gateway.messages(SHOP, MessageQuery(limit=10))).rows:
        if row.text == "in the end":
            await both.site.gateway.cancel(SHOP, row.id)
    await both.hub.became(sent, State.DELIVERED)
    assert [sms.text for sms in await both.person().wait(1)] == ["in the end"]
    assert sorted(state for text, state in await at_site(both) if text == "in the end") == ["cancelled", "delivered"]


async def test_an_outcome_that_the_site_does_not_know_is_unknown_and_settled_later(tmp_path: Path) -> None:
    async with two_bridges(tmp_path, send_timeout=1.0) as both:
        both.modem.faults.silences["+CMGS"] = 1
        both.world.network.rules.report_delay = 5.0
        sent = await both.hub.send(both.world.customers[0], "who knows")
        await both.hub.became(sent, State.UNKNOWN)
        await both.hub.became(sent, State.DELIVERED)


async def test_health_is_mirrored_and_a_message_that_waits_there_is_taken_back(both: TwoBridges) -> None:
    both.modem.unplug()

    def resting() -> Line | None:
        there = both.site.gateway.lines()[0]
        known = [each for each in both.hub.gateway.lines() if each.state is there.state is LineState.ABSENT]
        return next((each for each in known if there.reason and there.reason in each.reason), None)

    line = await until(resting)
    assert line is not None
    assert (line.name, line.number, line.driver) == (LINE, both.modem.number, "bridge_remote")
    sent = await both.hub.send(both.world.customers[0], "waits here")
    assert (await both.hub.gateway.message(SHOP, sent)).state is State.QUEUED
    assert await at_site(both) == []


async def test_a_site_under_two_accounts_is_used_by_one_of_them(both: TwoBridges) -> None:
    """Each SMS would come twice, and nobody would know which line to answer by."""
    _, printed = await both.site.gateway.administration.add_account("test", "hub2")
    device = Device("shop3", "bridge_remote", {"url": both.way.url, "key": printed["apikey"], **OPTIONS})
    twins = Twins()
    mine = await DRIVER.open(replace(device, name=SITE, options={**device.options, "key": both.site.keys["apikey"]}))
    await twins.admit(SITE, mine)
    with pytest.raises(SendRefused, match=f"shop3:line0 is {LINE} by another account of the site"):
        await twins.admit("shop3", await DRIVER.open(device))
    await mine.close()


async def test_what_comes_to_a_site_that_is_out_of_reach_waits_there(both: TwoBridges) -> None:
    both.way.unplug()
    both.person().send(both.modem.number, "while away")
    await both.site.received(1)
    await until(lambda: _absent(both))
    await both.way.plug()
    [received] = await both.hub.received(1)
    assert received.text == "while away"
    assert (await both.hub.ready(LINE)).lag_ms is not None


async def test_a_site_that_was_set_up_from_an_older_backup_is_read_on(both: TwoBridges) -> None:
    memory = VolatileMemory()
    device = Device("other", "bridge_remote", {"url": both.way.url, "key": both.site.keys["apikey"], **OPTIONS}, memory)
    assert await heard(device, both, "before") == ["before"]
    seq, _, at = (memory.get("position") or "").partition(" ")
    await memory.put("position", f"{int(seq) + 1_000_000} {at}")
    assert await heard(device, both, "after") == ["after"]
    assert int((memory.get("position") or "").partition(" ")[0]) < 1_000_000


async def heard(device: Device, both: TwoBridges, text: str) -> list[str]:
    """What comes by a link of its own until this text does."""
    link = await DRIVER.open(device)
    both.person().send(both.modem.number, text)
    texts = []
    try:
        async with asyncio.timeout(20):
            async for item in link.inbound():
                await link.acknowledge(item)
                if isinstance(item, InboundPart):
                    texts.append(item.text)
                    if item.text == text:
                        return texts
        return texts
    finally:
        await link.close()


async def test_examining_says_what_is_wrong_and_what_to_do(both: TwoBridges) -> None:
    operator = Account("operator", operator=True)
    assert {finding.level for finding in await both.hub.gateway.examine(operator, SITE)} == {"ok"}
    scopes = frozenset({Scope.SEND, Scope.READ})
    _, printed = await both.site.gateway.administration.add_key("test", SHOP, "hub", scopes)
    [fault] = await faults(both, printed["apikey"])
    assert "lacks the scope inbox" in fault
    [fault] = await faults(both, "guess")
    assert "401" in fault
    assert "check the account and its key" in fault
    both.way.unplug()
    [fault] = await faults(both, "guess")
    assert "cannot be reached" in fault


async def faults(both: TwoBridges, key: str) -> list[str]:
    """What an examination with this key finds wrong."""
    device = Device(SITE, "bridge_remote", {"url": both.way.url, "key": key, **OPTIONS})
    return [each.message for each in await DRIVER.examine(device) if each.level == "fail" and each.remedy]


async def test_a_key_that_is_refused_parks_the_lines_and_says_so(both: TwoBridges) -> None:
    await both.site.gateway.administration.change_account("test", SHOP.name, AccountChange(disabled=True))

    def parked() -> Line | None:
        return next((each for each in both.hub.gateway.lines() if each.state is LineState.PARKED), None)

    line = await until(parked)
    assert line is not None
    assert "the account is disabled" in line.reason.lower()


def _absent(both: TwoBridges) -> bool:
    return [each.state for each in both.hub.gateway.lines()] == [LineState.ABSENT]


async def test_what_an_event_tells_stands_against_a_look_that_began_before_it(
    both: TwoBridges, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look found it being sent; believed, that would have lasted until the next one."""
    find, looked, go_on = Api.find, asyncio.Event(), asyncio.Event()

    async def slow(api: Api, reference: str) -> Shape | None:
        found = await find(api, reference)
        looked.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(Api, "find", slow)
    monkeypatch.setattr(sending, "LOOK", 0.2)
    both.world.network.rules.send_latency = 2.0
    sent = await both.hub.send(both.world.customers[0], "hello")
    async with asyncio.timeout(PATIENCE):
        await looked.wait()
    assert await at_site(both) == [("hello", State.SENDING)]
    monkeypatch.setattr(sending, "LOOK", 1000.0)
    await until(lambda: _is_out(both))
    await asyncio.sleep(0.5)  # for its events to reach the hub
    go_on.set()
    await both.hub.became(sent, State.DELIVERED)


async def _is_out(both: TwoBridges) -> bool:
    return [state for _, state in await at_site(both)] == [State.DELIVERED]


async def test_a_look_at_the_lines_that_takes_long_does_not_replace_a_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_worker, "REFRESH_INTERVAL", 1.0)
    lines, asked, go_on = Api.lines, asyncio.Event(), asyncio.Event()

    async def slow(api: Api) -> Sequence[Shape]:
        monkeypatch.setattr(Api, "lines", lines)
        monkeypatch.setattr(device_worker, "REFRESH_INTERVAL", 1000.0)
        found = await lines(api)
        asked.set()
        await go_on.wait()
        return found

    async with two_bridges(tmp_path) as both:
        both.person().send(both.modem.number, "hello")
        await both.hub.received(1)
        monkeypatch.setattr(Api, "lines", slow)
        async with asyncio.timeout(PATIENCE):
            await asked.wait()
        both.modem.unplug()
        await until(lambda: _is_away(both))
        await asyncio.sleep(4.0)  # for the looks that the change brings
        go_on.set()
        for _ in range(50):
            await asyncio.sleep(0.01)
            assert await _is_away(both)


async def _is_away(both: TwoBridges) -> bool:
    return [each.state for each in both.hub.gateway.lines()] == [LineState.ABSENT]
