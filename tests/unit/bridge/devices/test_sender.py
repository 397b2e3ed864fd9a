"""A line's sender over a real store, with a link in memory: what is on disk when, and what each ending means."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.devices.idle import IdleLines
from bridge.devices.sender import MIN_VALIDITY, LineSender
from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused, StoreUnavailable
from bridge.messages.outcomes import SendingRules
from bridge.model.line import LineState
from bridge.model.message import Message, Part, State
from bridge.ports.store_rows import Outcome
from bridge.retry import STORE_PAUSE
from bridge.store.sqlite import SqliteStore
from bridge.tasks import Tasks
from tests.support.clocks import FakeClock, settle, skip
from tests.support.memory_device import MemoryLink
from tests.support.store_rows import NOW, SHOP, message

SOON = 30.0  # seconds a test waits for what must come
RULES = SendingRules(retries=2, retry_interval_ms=60_000)


class PartsLink(MemoryLink):
    """Takes ten characters at a time."""

    def split(self, text: str) -> Sequence[str]:
        return [text[start : start + 10] for start in range(0, len(text), 10)]


class RefusingStore(SqliteStore):
    """Records outcomes only while it may."""

    def __init__(self, path: str, bus: Bus) -> None:
        super().__init__(path, bus)
        self.may_record = asyncio.Event()
        self.may_record.set()
        #: raised instead of recording, once each
        self.troubles: list[Exception] = []

    async def record(self, outcome: Outcome, now: int) -> Message:
        await self.may_record.wait()
        if self.troubles:
            raise self.troubles.pop(0)
        return await super().record(outcome, now)


class Bench:
    """A line, its sender, and what it has to send."""

    def __init__(self, store: RefusingStore, tasks: Tasks) -> None:
        self.store = store
        self.link = PartsLink()
        self.clock = FakeClock(NOW)
        self._tasks = tasks
        self._numbers = 0

    def start(self) -> asyncio.Task[None]:
        """Let it send."""
        self.sender = LineSender(
            self.store, self.link, lambda: self.link.line, clock=self.clock, rules=RULES, idle=IdleLines()
        )
        self.running = self._tasks.start(self.sender.run(), "sender")
        return self.running

    async def submit(self, *texts: str, **changes: object) -> list[str]:
        """Messages, each to a number of its own; their ids."""
        made = []
        for text in texts:
            self._numbers += 1
            made.append(message(self._numbers, text=text, parts=len(self.link.split(text)), **changes))
        await self.store.submit(made)
        return [each.id for each in made]

    async def becomes(self, id: str, state: State) -> Message:
        """The message, once it is in this state."""
        async with asyncio.timeout(SOON):
            while (found := await self.store.message(id)).state is not state:
                await asyncio.sleep(0.002)
        return found

    async def refused(self, count: int) -> None:
        """Once the device has refused so many sends, and that is on disk."""
        async with asyncio.timeout(SOON):
            while self.link.refused < count:
                await asyncio.sleep(0.002)
        await self.store.pulse()
        await settle()

    async def parts(self, id: str) -> Sequence[Part]:
        return await self.store.parts(id)

    @property
    def sent(self) -> list[str]:
        return [each.text for each in self.link.sent]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    store, tasks = RefusingStore(str(tmp_path / "bridge.db"), Bus()), Tasks("test")
    await store.open()
    await store.add_account(SHOP, [])
    yield Bench(store, tasks)
    store.may_record.set()
    await tasks.close()
    await store.close()


async def test_the_intent_is_on_disk_before_the_device_is_touched(bench: Bench) -> None:
    bench.link.may_send.clear()
    (hello,) = await bench.submit("hello")
    bench.start()
    await bench.link.sending.wait()
    (part,) = await bench.parts(hello)
    assert (part.state, part.line, part.intent_at) == (State.SENDING, "office", NOW)


async def test_a_part_is_not_touched_before_the_outcome_of_the_one_before_is_on_disk(bench: Bench) -> None:
    bench.store.may_record.clear()
    (hello,) = await bench.submit("the first the second")
    bench.start()
    async with asyncio.timeout(SOON):
        while not bench.sent:
            await asyncio.sleep(0)
    await bench.store.pulse()
    await settle()
    assert bench.sent == ["the first "]
    bench.store.may_record.set()
    await bench.becomes(hello, State.SENT)
    assert bench.sent == ["the first ", "the second"]


async def test_a_stop_between_two_parts_leaves_the_second_for_the_next_start(bench: Bench) -> None:
    bench.link.may_send.clear()
    (hello,) = await bench.submit("the first the second")
    running = bench.start()
    await bench.link.sending.wait()
    bench.sender.stop()
    bench.link.may_send.set()
    await running
    assert bench.sent == ["the first "]
    await bench.becomes(hello, State.QUEUED)
    (first, *_) = await bench.parts(hello)
    assert (first.index, first.state) == (1, State.SENT)
    bench.start()
    await bench.becomes(hello, State.SENT)
    before, after = bench.link.sent
    assert (after.text, after.index, after.total, after.concat_ref) == ("the second", 2, 2, before.concat_ref)


async def test_a_stop_gives_back_what_was_claimed_and_not_touched(bench: Bench) -> None:
    bench.link.may_send.clear()
    first, second = await bench.submit("first", "second")
    running = bench.start()
    await bench.link.sending.wait()
    bench.sender.stop()
    bench.link.may_send.set()
    await running
    assert bench.sent == ["first"]
    assert [(await bench.store.message(each)).state for each in (first, second)] == [State.SENT, State.QUEUED]


async def test_a_stop_ends_it_at_once_while_there_is_nothing_to_send(bench: Bench) -> None:
    running = bench.start()
    await bench.store.pulse()
    await settle()
    bench.sender.stop()
    await settle()
    assert running.done()


async def test_a_stop_ends_it_at_once_while_the_line_rests(bench: Bench) -> None:
    bench.link.troubles = [SendRefused("SIM not registered", Refusal.LINE)]
    (hello,) = await bench.submit("hello")
    running = bench.start()
    await bench.refused(1)
    bench.sender.stop()
    await settle()
    assert running.done()
    assert (bench.sent, (await bench.store.message(hello)).state) == ([], State.QUEUED)


async def test_a_device_that_is_lost_ends_it_and_the_message_waits_for_another_line(bench: Bench) -> None:
    bench.link.troubles = [DeviceLost("unplugged")]
    (hello,) = await bench.submit("hello")
    with pytest.raises(DeviceLost):
        await bench.start()
    waiting = await bench.store.message(hello)
    assert (waiting.state, waiting.attempts, waiting.route) == (State.QUEUED, 0, "")


@pytest.mark.parametrize(
    "trouble", [OutcomeUnknown("no answer within 60 s"), ZeroDivisionError()], ids=["no answer", "broken driver"]
)
async def test_what_nobody_knows_the_end_of_is_unknown_and_the_next_goes_out(bench: Bench, trouble: Exception) -> None:
    bench.link.troubles = [trouble]
    first, second = await bench.submit("first", "second")
    bench.start()
    await bench.becomes(second, State.SENT)
    assert (await bench.store.message(first)).state is State.UNKNOWN
    assert bench.sent == ["second"]


async def test_what_was_in_the_devices_hands_when_it_was_cancelled_is_unknown(bench: Bench) -> None:
    bench.link.may_send.clear()
    (hello,) = await bench.submit("hello")
    running = bench.start()
    await bench.link.sending.wait()
    running.cancel()
    found = await bench.becomes(hello, State.UNKNOWN)
    assert found.error == "the bridge was stopped while the device had it"


NO_SERVICE = SendRefused("+CMS ERROR: 331 (no network service)", Refusal.NETWORK)
NO_SIM = SendRefused("+CMS ERROR: 310 (SIM not inserted)", Refusal.LINE)


@pytest.mark.parametrize(
    ("refusal", "state"), [(NO_SERVICE, LineState.OUT_OF_SERVICE), (NO_SIM, LineState.PARKED)], ids=["network", "SIM"]
)
async def test_a_line_that_is_refused_rests_and_its_messages_wait_with_all_their_tries(
    bench: Bench, refusal: SendRefused, state: LineState
) -> None:
    bench.link.troubles = [refusal] * 3
    waiting = await bench.submit("first", "second")
    bench.start()
    await bench.refused(1)
    assert refusal.cause in bench.sender.rest.reason
    assert bench.sender.rest.state is state
    await settle()
    assert len(bench.link.troubles) == 2  # nothing more is tried for now
    found = [await bench.store.message(each) for each in waiting]
    assert [(each.state, each.attempts) for each in found] == [(State.QUEUED, 0)] * 2
    assert found[0].due_at == NOW  # another line may take it at once


async def test_after_its_rest_a_line_asks_the_device_and_tries_with_one_message(bench: Bench) -> None:
    bench.link.troubles = [NO_SERVICE, NO_SERVICE]
    first, second = await bench.submit("first", "second")
    bench.start()
    await bench.refused(1)
    skip(2.3)
    await bench.refused(2)
    assert bench.link.refreshed == 1
    skip(4.5)
    await bench.becomes(second, State.SENT)
    assert bench.sender.rest.reason == ""
    bench.clock.at += 10_000
    bench.sender.call("")
    await bench.becomes(first, State.SENT)
    assert bench.sent == ["second", "first"]  # what was refused twice lets the others go first


async def test_a_line_that_its_device_calls_out_of_service_after_the_rest_tries_nothing(bench: Bench) -> None:
    bench.link.troubles = [NO_SERVICE]
    (hello,) = await bench.submit("hello")
    bench.start()
    await bench.refused(1)
    bench.link.when_asked = LineState.OUT_OF_SERVICE
    skip(2.3)
    async with asyncio.timeout(SOON):
        while not bench.link.refreshed:
            await asyncio.sleep(0.002)
    await settle()
    assert bench.sent == []
    bench.link.become(LineState.READY)
    bench.link.when_asked = LineState.READY
    bench.sender.look()
    await bench.becomes(hello, State.SENT)


async def test_a_device_that_found_its_network_again_cuts_the_rest_short(bench: Bench) -> None:
    bench.link.troubles = [NO_SERVICE]
    (hello,) = await bench.submit("hello")
    bench.start()
    await bench.refused(1)
    bench.link.become(LineState.OUT_OF_SERVICE)
    bench.sender.look()
    await settle()
    bench.link.become(LineState.READY)
    bench.sender.look()
    await bench.becomes(hello, State.SENT)  # without a skip of time


async def test_a_line_with_nothing_to_try_with_counts_as_fit(bench: Bench) -> None:
    bench.link.troubles = [NO_SERVICE]
    (hello,) = await bench.submit("hello")
    bench.start()
    await bench.refused(1)
    await bench.store.claim("other", ("",), NOW)
    skip(2.3)
    async with asyncio.timeout(SOON):
        while bench.sender.rest.reason:
            await asyncio.sleep(0.002)
    assert (await bench.store.message(hello)).line == "other"


async def test_no_credit_is_the_numbers_trouble_until_three_numbers_in_a_row_have_met_it(bench: Bench) -> None:
    bench.link.troubles = [SendRefused("no credit", Refusal.CREDIT) for _ in range(2)]
    refused = await bench.submit("a", "b")
    (fine,) = await bench.submit("c")
    bench.start()
    await bench.becomes(fine, State.SENT)
    assert [(await bench.store.message(each)).attempts for each in refused] == [1, 1]
    bench.link.troubles = [SendRefused("no credit", Refusal.CREDIT) for _ in range(4)]
    await bench.submit("d", "e", "f", "g")
    bench.sender.call("")
    await bench.refused(5)
    assert "no credit" in bench.sender.rest.reason
    assert len(bench.link.troubles) == 1


async def test_two_sends_in_a_row_without_an_answer_are_enough_for_now(bench: Bench) -> None:
    bench.link.troubles = [OutcomeUnknown("no answer within 60 s") for _ in range(3)]
    await bench.submit("a", "b", "c")
    bench.start()
    async with asyncio.timeout(SOON):
        while not bench.sender.rest.reason:
            await asyncio.sleep(0.002)
    await settle()
    assert "no answer within 60 s" in bench.sender.rest.reason
    assert len(bench.link.troubles) == 1


async def test_a_message_is_given_up_after_its_tries(bench: Bench) -> None:
    bench.link.troubles = [SendRefused("congestion", Refusal.TEMPORARY) for _ in range(3)]
    (hello,) = await bench.submit("hello")
    bench.start()
    for attempts in (1, 2):
        async with asyncio.timeout(SOON):
            while (await bench.store.message(hello)).attempts != attempts:
                await asyncio.sleep(0.002)
        bench.clock.at += RULES.retry_interval_ms
        bench.sender.call("")
    failed = await bench.becomes(hello, State.FAILED)
    assert "congestion" in failed.error
    assert bench.sent == []


async def test_nothing_goes_on_while_the_store_refuses_an_outcome(bench: Bench) -> None:
    bench.store.troubles = [StoreUnavailable("the disk is full"), StoreUnavailable("the disk is full")]
    first, second = await bench.submit("first", "second")
    bench.start()
    for _ in range(2):
        async with asyncio.timeout(SOON):
            waiting = len(bench.store.troubles)
            while len(bench.store.troubles) == waiting:
                skip(STORE_PAUSE)
                await asyncio.sleep(0.002)
        assert bench.sent == ["first"]
    skip(STORE_PAUSE)
    await bench.becomes(second, State.SENT)
    assert (await bench.store.message(first)).state is State.SENT


@pytest.mark.parametrize(("left", "asked"), [(3600, 3600), (10, MIN_VALIDITY), (0, 0)])
async def test_the_network_may_try_for_as_long_as_the_message_lives(bench: Bench, left: int, asked: int) -> None:
    (hello,) = await bench.submit("hello", expires_at=NOW + left * 1000 if left else 0)
    bench.start()
    await bench.becomes(hello, State.SENT)
    assert bench.link.sent[0].validity == asked


async def test_what_is_left_of_a_text_is_not_for_a_device_that_takes_it_whole(bench: Bench) -> None:
    """A SIM that was moved from a modem to a phone: the phone cannot send one part of a text."""
    (left,) = await bench.submit("first part second one")
    await bench.store.claim("attic", ("",), NOW, sim="8901")
    await bench.store.record(Outcome(left, 1, State.SENT, 7), NOW)
    await bench.store.record(Outcome(left, 2, State.QUEUED), NOW)
    bench.link = MemoryLink()  # type: ignore[assignment]
    bench.link.line = replace(bench.link.line, iccid="8901")
    (other,) = await bench.submit("whole")
    bench.start()
    await bench.becomes(other, State.SENT)
    assert (bench.sent, (await bench.store.message(left)).state) == (["whole"], State.QUEUED)
