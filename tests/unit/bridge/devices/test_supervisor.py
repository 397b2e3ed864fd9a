"""A device's minder over a real store, with the simplest phone that obeys the port."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.devices.supervisor import STOP_PATIENCE, Supervisor
from bridge.errors import DeviceLost, NoSuchThing, OutcomeUnknown, Refusal, SendRefused
from bridge.messages.outcomes import SendingRules
from bridge.model.account import Account
from bridge.model.callback import Callback, Reply
from bridge.model.finding import Finding
from bridge.model.inbox import CallKind
from bridge.model.line import Line, LineState
from bridge.model.message import Message, State
from bridge.model.query import CallQuery, InboxQuery, TypedQuery
from bridge.model.radio import Call, Doubtful, Evidence, Held, Inbound, InboundPart, Outgoing, Sent, Typed
from bridge.ports.clock import SystemClock
from bridge.ports.driver import Clarifying, Device, Found, Link
from bridge.ports.store import Store
from bridge.store import open_store
from tests.support.waiting import until

NOW = 1_795_000_000_000
RULES = SendingRules(retries=3, retry_interval_ms=60_000)


class FakeLink:
    """One line; what it hears is what the test puts there."""

    def __init__(self, *items: Inbound) -> None:
        self.heard: asyncio.Queue[Inbound | DeviceLost] = asyncio.Queue()
        self.sent: list[str] = []
        self.acknowledged: list[Inbound] = []
        self.closed = False
        #: raised by `send`
        self.trouble: Exception | None = None
        for item in items:
            self.heard.put_nowait(item)

    @property
    def lines(self) -> Sequence[Line]:
        return (Line("phone", "phone", "fake", LineState.READY),)

    def split(self, text: str) -> Sequence[str]:
        return [text]

    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        self.sent.append(outgoing.text)
        if self.trouble is not None:
            raise self.trouble
        return Sent(None)

    async def inbound(self) -> AsyncIterator[Inbound]:
        while True:
            item = await self.heard.get()
            if isinstance(item, DeviceLost):
                raise item
            yield item

    async def acknowledge(self, item: Inbound) -> None:
        self.acknowledged.append(item)

    async def refresh(self) -> Sequence[Line]:
        return self.lines

    async def close(self) -> None:
        self.closed = True


class ClarifyingLink(FakeLink):
    """Finds traces of what it is asked about once the test lets it."""

    def __init__(self, *items: Inbound) -> None:
        super().__init__(*items)
        self.asked: list[Doubtful] = []
        self.may_answer = asyncio.Event()

    async def clarify(self, doubtful: Sequence[Doubtful]) -> None:
        self.asked += doubtful
        await self.may_answer.wait()
        for each in doubtful:
            self.heard.put_nowait(Evidence(each.line, each.message, each.index, State.SENT))


class FakeDriver:
    """FakeClock out its links one after the other."""

    name = "fake"
    options: Mapping[str, tuple[type, str]] = {}

    def __init__(self, *links: Link) -> None:
        self._links = list(links)
        self.opened: list[Device] = []
        self.found: list[Finding] = []
        self.examining = False
        self.may_examine = asyncio.Event()
        self.may_examine.set()

    def validate(self, device: Device) -> Sequence[str]:
        return []

    async def open(self, device: Device) -> Link:
        self.opened.append(device)
        if not self._links:
            raise DeviceLost("it is not there")
        return self._links.pop(0)

    async def discover(self) -> Sequence[Found]:
        return []

    async def examine(self, device: Device) -> Sequence[Finding]:
        self.examining = True
        await self.may_examine.wait()
        return self.found


@asynccontextmanager
async def minding(store: Store, bus: Bus, *links: Link) -> AsyncIterator[tuple[Supervisor, FakeDriver]]:
    driver = FakeDriver(*links)
    devices = [Device("phone", "fake")]
    supervisor = Supervisor(
        store, bus, SystemClock(), {"fake": driver}, devices, SendingRules(retries=3, retry_interval_ms=60_000)
    )
    await supervisor.start()
    try:
        yield supervisor, driver
    finally:
        await supervisor.close()


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
async def store(bus: Bus, tmp_path: Path) -> AsyncIterator[Store]:
    store = await open_store(f"sqlite:///{tmp_path}/bridge.db", bus)
    await store.add_account(Account("shop", NOW), [])
    yield store
    await store.close()


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
    async with minding(store, bus, link):
        await until(lambda: link.acknowledged == [typed, call, typed])
    assert [row.text for row in (await store.typed(TypedQuery())).rows] == ["On my way"]
    assert [(row.kind, row.device) for row in (await store.calls(CallQuery())).rows] == [(CallKind.MISSED, "phone")]


async def test_a_device_that_does_not_forget_gives_nobody_the_same_sms_again(store: Store, bus: Bus) -> None:
    sms = InboundPart("phone", "SM:1:abc", "+15550124", "hello", NOW)
    repeat = FakeLink(sms, Held("phone", "SM:", ("SM:1:abc",)), DeviceLost("unplugged"))
    again = FakeLink(sms, Held("phone", "SM:"), sms)
    async with minding(store, bus, repeat, again) as (supervisor, _):
        await until(lambda: repeat.closed)
        supervisor.retry()
        await until(lambda: again.acknowledged == [sms, sms])
    assert repeat.acknowledged == [sms]
    # the second one lies where the first was seen to be gone: somebody wrote it anew
    assert [row.text for row in (await store.inbox("shop", InboxQuery(), NOW)).rows] == ["hello", "hello"]


async def test_a_driver_finds_its_memory_after_a_restart(store: Store, bus: Bus) -> None:
    link = FakeLink()
    async with minding(store, bus, link) as (supervisor, driver):
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
    async with minding(store, bus, FakeLink()) as (_, driver):
        await until(lambda: driver.opened)
        assert driver.opened[0].memory.get("sms") == "18"
        assert driver.opened[0].memory.get("calls") is None


async def test_a_link_is_asked_about_what_is_unknown_before_anything_is_sent(store: Store, bus: Bus) -> None:
    first, second = ClarifyingLink(), ClarifyingLink()
    first.trouble = OutcomeUnknown("no answer within 60 s")
    async with minding(store, bus, first, second) as (supervisor, _):
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
    async with asyncio.timeout(10):
        while (await store.message(id)).state is not State.UNKNOWN:
            await asyncio.sleep(0.005)


async def test_a_link_that_finds_no_traces_is_not_asked_and_sends_at_once(store: Store, bus: Bus) -> None:
    await submit(store, "one")
    await store.claim("phone", ("",), SystemClock().now())
    await store.recover(SystemClock().now())
    link = FakeLink()
    assert not isinstance(link, Clarifying)
    async with minding(store, bus, link):
        await submit(store, "two")
        await until(lambda: link.sent == ["two"])


async def test_closing_while_a_link_still_looks_sends_nothing_more(store: Store, bus: Bus) -> None:
    await submit(store, "one")
    await store.claim("phone", ("",), SystemClock().now())
    await store.recover(SystemClock().now())
    link = ClarifyingLink()
    async with minding(store, bus, link):
        await submit(store, "two")
        await until(lambda: link.asked)
        begun = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - begun < STOP_PATIENCE / 2
    assert (link.sent, link.closed) == ([], True)


async def test_closing_does_not_wait_for_a_line_that_rests_and_sends_nothing_more(store: Store, bus: Bus) -> None:
    link = FakeLink()
    link.trouble = SendRefused("SIM not registered", Refusal.LINE)
    async with minding(store, bus, link) as (supervisor, _):
        await submit(store, "one")
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.PARKED])
        link.trouble = None
        begun = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - begun < STOP_PATIENCE / 2
    assert (link.sent, link.closed) == (["one"], True)


async def test_after_something_was_plugged_in_it_looks_often_again(store: Store, bus: Bus) -> None:
    async with minding(store, bus) as (supervisor, driver):
        for tries in range(1, 7):  # by now it would wait half a minute
            await until(lambda: len(driver.opened) == tries)  # noqa: B023 - used at once
            supervisor.retry()
        await until(lambda: len(driver.opened) > 7, patience=3.0)


class LockedDriver(FakeDriver):
    """Its device asks for something that only a person can give."""

    async def open(self, device: Device) -> Link:
        self.opened.append(device)
        raise SendRefused("the SIM is not ready", Refusal.LINE)


async def test_a_device_that_waits_for_a_person_gets_some_tries_soon_after_it_was_plugged_in(
    store: Store, bus: Bus
) -> None:
    driver = LockedDriver()
    devices = [Device("phone", "fake")]
    supervisor = Supervisor(
        store, bus, SystemClock(), {"fake": driver}, devices, SendingRules(retries=3, retry_interval_ms=60_000)
    )
    await supervisor.start()
    try:
        await until(lambda: len(driver.opened) == 1)
        with pytest.raises(TimeoutError):
            await until(lambda: len(driver.opened) > 1, patience=1.5)
        supervisor.retry()
        await until(lambda: len(driver.opened) == 3, patience=2.0)
    finally:
        await supervisor.close()


class SlowDriver(FakeDriver):
    """Takes its time over the first try."""

    def __init__(self) -> None:
        super().__init__()
        self.trying, self.may_fail = asyncio.Event(), asyncio.Event()

    async def open(self, device: Device) -> Link:
        self.trying.set()
        await self.may_fail.wait()
        return await super().open(device)


async def test_what_is_plugged_in_during_a_try_is_tried_at_once_after_it(store: Store, bus: Bus) -> None:
    driver = SlowDriver()
    devices = [Device("phone", "fake")]
    supervisor = Supervisor(
        store, bus, SystemClock(), {"fake": driver}, devices, SendingRules(retries=3, retry_interval_ms=60_000)
    )
    await supervisor.start()
    try:
        await driver.trying.wait()
        supervisor.retry()
        driver.may_fail.set()
        await until(lambda: len(driver.opened) == 2, patience=0.5)
    finally:
        await supervisor.close()


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
    async with minding(store, bus, link) as (supervisor, driver):
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.READY])
        assert await supervisor.examine("phone") == link.found
        link.found = DeviceLost("it went away")
        (lost,) = await supervisor.examine("phone")
        assert (lost.level, lost.message) == ("fail", "it went away")
        assert len(driver.opened) == 1


async def test_a_device_that_is_away_is_examined_by_its_driver(store: Store, bus: Bus) -> None:
    async with minding(store, bus) as (supervisor, driver):
        driver.found = [Finding("fail", "devices.phone", "is not there", "plug it in")]
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.ABSENT])
        assert await supervisor.examine("phone") == driver.found
        with pytest.raises(NoSuchThing):
            await supervisor.examine("fridge")


async def test_a_device_is_never_opened_and_examined_at_once(store: Store, bus: Bus) -> None:
    async with minding(store, bus) as (supervisor, driver):
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


class AnsweringLink(FakeLink):
    """Answers with what it was sent."""

    async def answer(self, callback: Callback) -> Reply:
        return Reply(200, callback.body)


async def test_a_provider_is_answered_by_the_open_link_of_its_device(store: Store, bus: Bus) -> None:
    async with minding(store, bus, AnsweringLink()) as (supervisor, _):
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.READY])
        assert await supervisor.call_back("phone", Callback("POST", body=b"hello")) == Reply(200, b"hello")
        with pytest.raises(NoSuchThing):
            await supervisor.call_back("fridge", Callback("POST"))


async def test_a_provider_comes_again_while_the_device_is_away(store: Store, bus: Bus) -> None:
    async with minding(store, bus) as (supervisor, _):
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.ABSENT])
        with pytest.raises(DeviceLost):
            await supervisor.call_back("phone", Callback("POST"))


async def test_a_device_that_no_provider_calls_has_nothing_to_answer(store: Store, bus: Bus) -> None:
    async with minding(store, bus, FakeLink()) as (supervisor, _):
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.READY])
        with pytest.raises(NoSuchThing):
            await supervisor.call_back("phone", Callback("POST"))
