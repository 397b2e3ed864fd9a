"""One device that is kept connected: over a real store, with the simplest phone that obeys the port."""

import asyncio

import pytest

from bridge.bus import Bus
from bridge.devices import device_worker
from bridge.devices.device_worker import STOP_PATIENCE
from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.model.inbox import CallKind
from bridge.model.line import LineState
from bridge.model.message import Message, State
from bridge.model.query import CallQuery, InboxQuery, TypedQuery
from bridge.model.radio import Call, Held, InboundPart, Typed
from bridge.ports.clock import SystemClock
from bridge.ports.driver import Clarifying, Device, Link
from bridge.ports.store import Store
from bridge.retry import Backoff
from tests.support.fake_phone import ClarifyingLink, FakeDriver, FakeLink, supervised, supervised_by
from tests.support.waiting import until

NOW = 1_795_000_000_000


async def submit(store: Store, *texts: str) -> list[str]:
    now = SystemClock().now()
    messages = [
        Message(f"{now + number:040x}", "shop", "+15550123", "+15550123", text, State.QUEUED, now, now, now)
        for number, text in enumerate(texts)
    ]
    await store.submit(messages)
    return [message.id for message in messages]


async def test_what_a_phone_tells_is_kept_before_it_is_acknowledged(store: Store, bus: Bus) -> None:
    typed = Typed("phone", "sms:1", "+15550124", "On my way", NOW)
    call = Call("phone", "call:1", "missed", "+15550125", "Taylor", NOW, 0)
    link = FakeLink(typed, call, typed)
    async with supervised(store, bus, link):
        await until(lambda: link.acknowledged == [typed, call, typed])
    assert [row.text for row in (await store.typed("shop", TypedQuery())).rows] == ["On my way"]
    assert [(row.kind, row.device) for row in (await store.calls("shop", CallQuery())).rows] == [
        (CallKind.MISSED, "phone")
    ]


async def test_a_device_that_does_not_forget_gives_nobody_the_same_sms_again(store: Store, bus: Bus) -> None:
    sms = InboundPart("phone", "SM:1:abc", "+15550124", "hello", NOW)
    repeat = FakeLink(sms, Held("phone", "SM:", ("SM:1:abc",)), DeviceLost("unplugged"))
    again = FakeLink(sms, Held("phone", "SM:"), sms)
    async with supervised(store, bus, repeat, again) as (supervisor, _):
        await until(lambda: repeat.closed)
        supervisor.retry()
        await until(lambda: again.acknowledged == [sms, sms])
    assert repeat.acknowledged == [sms]
    # the second one lies where the first was seen to be gone: somebody wrote it anew
    assert [row.text for row in (await store.inbox("shop", InboxQuery(), NOW)).rows] == ["hello", "hello"]


async def test_a_driver_finds_its_memory_after_a_restart(store: Store, bus: Bus) -> None:
    link = FakeLink()
    async with supervised(store, bus, link) as (supervisor, driver):
        await until(lambda: driver.opened)
        memory = driver.opened[0].memory
        assert memory.get("sms") is None
        await memory.put("sms", "17")
        await memory.put("sms", "18")
        link.heard.put_nowait(DeviceLost("unplugged"))
        await until(lambda: link.closed)
        supervisor.retry()
        await until(lambda: len(driver.opened) > 1)
        assert driver.opened[1].memory is memory
    async with supervised(store, bus, FakeLink()) as (_, driver):
        await until(lambda: driver.opened)
        assert driver.opened[0].memory.get("sms") == "18"
        assert driver.opened[0].memory.get("calls") is None


async def test_a_link_is_asked_about_what_is_unknown_before_anything_is_sent(store: Store, bus: Bus) -> None:
    first, second = ClarifyingLink(), ClarifyingLink()
    first.trouble = OutcomeUnknown("no answer within 60 s")
    async with supervised(store, bus, first, second) as (supervisor, _):
        (doubted,) = await submit(store, "one")
        await until(lambda: first.sent)
        await unknown(store, doubted)
        assert first.asked == []  # there was nothing to ask when it was opened
        first.heard.put_nowait(DeviceLost("unplugged"))
        await until(lambda: first.closed)
        await submit(store, "two")
        supervisor.retry()
        await until(lambda: second.asked)
        (asked,) = second.asked
        assert (asked.message, asked.index, asked.line) == (doubted, 1, "phone")
        assert (asked.recipient, asked.text) == ("+15550123", "one")
        assert second.sent == []
        second.may_answer.set()
        await until(lambda: second.sent == ["two"])
        await until(lambda: second.acknowledged)
        assert (await store.message(doubted)).state is State.SENT


async def unknown(store: Store, id: str) -> None:
    async with asyncio.timeout(30):
        while (await store.message(id)).state is not State.UNKNOWN:
            await asyncio.sleep(0.005)


async def test_a_link_that_finds_no_traces_is_not_asked_and_sends_at_once(store: Store, bus: Bus) -> None:
    await submit(store, "one")
    await store.claim("phone", ("",), SystemClock().now())
    await store.recover(SystemClock().now())
    link = FakeLink()
    assert not isinstance(link, Clarifying)
    async with supervised(store, bus, link):
        await submit(store, "two")
        await until(lambda: link.sent == ["two"])


async def test_closing_while_a_link_still_looks_sends_nothing_more(store: Store, bus: Bus) -> None:
    await submit(store, "one")
    await store.claim("phone", ("",), SystemClock().now())
    await store.recover(SystemClock().now())
    link = ClarifyingLink()
    async with supervised(store, bus, link):
        await submit(store, "two")
        await until(lambda: link.asked)
        begun = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - begun < STOP_PATIENCE / 2
    assert (link.sent, link.closed) == ([], True)


async def test_closing_does_not_wait_for_a_line_that_rests_and_sends_nothing_more(store: Store, bus: Bus) -> None:
    link = FakeLink()
    link.trouble = SendRefused("SIM not registered", Refusal.LINE)
    async with supervised(store, bus, link) as (supervisor, _):
        await submit(store, "one")
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.PARKED])
        link.trouble = None
        begun = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - begun < STOP_PATIENCE / 2
    assert (link.sent, link.closed) == (["one"], True)


async def test_after_something_was_plugged_in_it_looks_often_again(store: Store, bus: Bus) -> None:
    async with supervised(store, bus) as (supervisor, driver):
        for tries in range(1, 7):  # by now it would wait half a minute
            await until(lambda: len(driver.opened) >= tries)  # noqa: B023 - used at once
            supervisor.retry()
        await until(lambda: len(driver.opened) > 7, patience=20.0)


class LockedDriver(FakeDriver):
    """Its device asks for something that only a person can give."""

    async def open(self, device: Device) -> Link:
        self.opened.append(device)
        raise SendRefused("the SIM is not ready", Refusal.LINE)


async def test_a_device_that_waits_for_a_person_gets_some_tries_soon_after_it_was_plugged_in(
    store: Store, bus: Bus
) -> None:
    driver = LockedDriver()
    async with supervised_by(driver, store, bus) as supervisor:
        await until(lambda: len(driver.opened) == 1)
        with pytest.raises(TimeoutError):
            await until(lambda: len(driver.opened) > 1, patience=1.5)
        supervisor.retry()
        await until(lambda: len(driver.opened) >= 3, patience=20.0)


class SlowDriver(FakeDriver):
    """Takes its time over the first try."""

    def __init__(self) -> None:
        super().__init__()
        self.trying, self.may_fail = asyncio.Event(), asyncio.Event()

    async def open(self, device: Device) -> Link:
        self.trying.set()
        await self.may_fail.wait()
        return await super().open(device)


async def test_what_is_plugged_in_during_a_try_is_tried_at_once_after_it(
    store: Store, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_worker, "RECONNECT", Backoff(first=600_000, ceiling=600_000))
    driver = SlowDriver()
    async with supervised_by(driver, store, bus) as supervisor:
        await driver.trying.wait()
        supervisor.retry()
        driver.may_fail.set()
        await until(lambda: len(driver.opened) == 2)
