"""Whom a message wakes: real senders and a real store, with lines in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.devices.idle import IdleLines
from bridge.devices.supervisor import Supervisor
from bridge.errors import DeviceLost, Refusal, SendRefused
from bridge.messages.outcomes import SendingRules
from bridge.model.line import LineState
from bridge.model.message import Message, State
from bridge.model.query import MessageQuery
from bridge.ports.clock import SystemClock
from bridge.ports.store_rows import Claim
from bridge.scheduler import Scheduler
from bridge.store.sqlite import SqliteStore
from tests.support.memory_device import MemoryDriver, MemoryLink
from tests.support.store_rows import SHOP, message
from tests.support.waiting import until

CLOCK = SystemClock()
RULES = SendingRules(retries=3, retry_interval_ms=300)


class CountingStore(SqliteStore):
    """Notes who asks for messages, and may keep them waiting for what it found."""

    def __init__(self, path: str, bus: Bus) -> None:
        super().__init__(path, bus)
        self.asked: list[str] = []
        #: how often it was looked for what is due
        self.looks = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def claim(
        self, line: str, routes: Sequence[str], now: int, whole: bool = False, sim: str = ""
    ) -> Claim | None:
        self.asked.append(line)
        found = await super().claim(line, routes, now, whole, sim)
        if found is not None:
            await self.may_answer.wait()
        return found

    async def advance(self, now: int) -> int:
        next_at = await super().advance(now)
        self.looks += 1
        return next_at


@dataclass
class Bench:
    store: CountingStore
    bus: Bus
    links: Sequence[MemoryLink]
    _numbers: int = 0

    async def submit(self, count: int = 1, **changes: object) -> list[str]:
        now, messages = CLOCK.now(), list[Message]()
        for _ in range(count):
            self._numbers += 1
            times = {"created_at": now, "updated_at": now, "due_at": now}
            messages.append(message(self._numbers, **times | changes))
        await self.store.submit(messages)
        return [each.id for each in messages]

    async def sent(self, count: int) -> list[str]:
        """The lines that carried so many messages, once all are out."""

        async def look() -> list[str]:
            rows = (await self.store.messages("shop", MessageQuery(limit=1000))).rows
            out = [row.line for row in rows if row.state is State.SENT]
            return out if len(out) == count else []

        return await until(look)

    async def quiet(self, least: int = 0) -> None:
        """Until so many have asked, and nobody asks any more."""
        await until(lambda: len(self.store.asked) >= least)
        before = -1
        while before != len(self.store.asked):
            before = len(self.store.asked)
            await asyncio.sleep(0.05)


def _lines(count: int) -> list[MemoryLink]:
    return [MemoryLink(f"line{number:02}") for number in range(count)]


@asynccontextmanager
async def at_work(path: Path, *links: MemoryLink) -> AsyncIterator[Bench]:
    bus = Bus()
    store = CountingStore(str(path / "bridge.db"), bus)
    await store.open()
    await store.add_account(SHOP, [])
    driver = MemoryDriver(*links)
    supervisor = Supervisor(store, bus, CLOCK, {"memory": driver}, driver.devices, RULES)
    await supervisor.start()
    bench = Bench(store, bus, links)
    try:
        async with asyncio.timeout(30):
            while len(store.asked) < len(links):  # each looks once for what is due already
                await asyncio.sleep(0.01)
        await bench.quiet()
        store.asked.clear()
        yield bench
    finally:
        await supervisor.close()
        await store.close()


@pytest.mark.parametrize("lines", [1, 4, 16])
async def test_a_message_makes_one_line_ask_twice_however_many_there_are(tmp_path: Path, lines: int) -> None:
    async with at_work(tmp_path, *_lines(lines)) as bench:
        for count in range(1, 6):
            await bench.submit()
            await bench.sent(count)
            await bench.quiet(2 * count)
        assert len(bench.store.asked) == 2 * 5  # once for it, and once for the next, which is not there


async def test_messages_that_come_one_by_one_are_shared_out(tmp_path: Path) -> None:
    async with at_work(tmp_path, *_lines(4)) as bench:
        for count in range(1, 9):
            await bench.submit()
            carried = await bench.sent(count)
        assert sorted(carried) == sorted([link.line.name for link in bench.links] * 2)


async def test_messages_that_come_at_once_set_all_lines_to_work(tmp_path: Path) -> None:
    async with at_work(tmp_path, *_lines(4)) as bench:
        for link in bench.links:
            link.may_send.clear()
        await bench.submit(10)
        for link in bench.links:
            await link.sending.wait()
            link.may_send.set()
        await bench.sent(10)


async def test_a_message_for_one_line_wakes_that_one_alone(tmp_path: Path) -> None:
    async with at_work(tmp_path, *_lines(16)) as bench:
        await bench.submit(route="line07")
        assert await bench.sent(1) == ["line07"]
        assert set(bench.store.asked) == {"line07"}


async def test_a_line_that_cannot_send_any_more_passes_the_call_on(tmp_path: Path) -> None:
    async with at_work(tmp_path, *_lines(3)) as bench:
        for link in bench.links[:2]:
            link.become(LineState.OUT_OF_SERVICE)
        await bench.submit()
        assert await bench.sent(1) == ["line02"]
        assert set(bench.store.asked) == {"line02"}


async def test_what_a_lost_line_had_in_hand_calls_another(tmp_path: Path) -> None:
    async with at_work(tmp_path, *_lines(2)) as bench:
        bench.links[0].troubles.append(DeviceLost("unplugged"))
        bench.links[1].troubles.append(DeviceLost("unplugged"))
        bench.links[1].may_send.clear()
        await bench.submit()
        await bench.links[1].sending.wait()
        bench.links[1].troubles.clear()
        bench.links[1].may_send.set()
        assert await bench.sent(1) == ["line01"]


async def test_a_line_that_may_send_again_finds_what_waited_for_it(tmp_path: Path) -> None:
    async with at_work(tmp_path, *_lines(1)) as bench:
        bench.links[0].become(LineState.OUT_OF_SERVICE)
        await bench.submit()
        await bench.quiet()
        assert bench.store.asked == []
        bench.links[0].become(LineState.READY)
        await bench.sent(1)


async def test_a_message_that_comes_while_a_line_asks_for_another_calls_one_that_is_free(tmp_path: Path) -> None:
    """Both lines are busy; the first asks for its next message, and gets it, as a third one comes."""
    async with at_work(tmp_path, *_lines(2)) as bench:
        for link in bench.links:
            link.may_send.clear()
        await bench.submit(3)
        for link in bench.links:
            await link.sending.wait()
        bench.links[0].may_send.set()
        await bench.submit()
        await bench.sent(3)
        bench.links[1].may_send.set()
        await bench.sent(4)


async def test_a_call_for_a_second_message_is_not_taken_for_the_one_that_was_found_without_a_call(
    tmp_path: Path,
) -> None:
    """Nobody was called for it any more: it waited, beside a free line, for the end of the first."""
    async with at_work(tmp_path, *_lines(2)) as bench:
        for link in bench.links:
            link.may_send.clear()
        await bench.submit(3)
        for link in bench.links:
            await link.sending.wait()
        bench.store.asked.clear()
        bench.store.may_answer.clear()
        for asking, link in enumerate(bench.links, 1):  # the first finds the third message, the other one nothing
            link.may_send.set()
            await bench.quiet(asking)
            link.may_send.clear()
        await bench.submit()
        bench.store.may_answer.set()
        for link in bench.links:
            async with asyncio.timeout(30):
                await link.sending.wait()
            link.may_send.set()
        await bench.sent(4)


class SlowLink(MemoryLink):
    """May send only so fast."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.pauses = 0.0

    def pause(self, line: str) -> float:
        return self.pauses


async def test_a_line_that_has_to_pause_leaves_messages_to_others_and_goes_on_after_it(tmp_path: Path) -> None:
    async with at_work(tmp_path, SlowLink("line00"), MemoryLink("line01")) as bench:
        slow = bench.links[0]
        assert isinstance(slow, SlowLink)
        slow.pauses = 0.3
        await bench.submit()
        assert await bench.sent(1) == ["line01"]
        await bench.submit(route="line00")
        slow.pauses = 0.0
        assert sorted(await bench.sent(2)) == ["line00", "line01"]


async def test_what_falls_due_later_calls_one_line_when_it_does(tmp_path: Path) -> None:
    async with at_work(tmp_path, *_lines(4)) as bench:
        scheduler = Scheduler(bench.store, bench.bus, CLOCK, partial_after_ms=1000)
        await scheduler.start()
        await until(lambda: bench.store.looks)  # its first, which calls for whatever is due already
        await bench.submit(state=State.SCHEDULED, due_at=CLOCK.now() + 300)
        await bench.sent(1)
        await bench.quiet()
        assert len(bench.store.asked) == 2  # for it, and for the next
        await scheduler.close()


async def test_what_is_to_be_tried_again_later_calls_one_line_when_it_is(tmp_path: Path) -> None:
    async with at_work(tmp_path, *_lines(4)) as bench:
        scheduler = Scheduler(bench.store, bench.bus, CLOCK, partial_after_ms=1000)
        await scheduler.start()
        await until(lambda: bench.store.looks)
        bench.links[0].troubles.append(SendRefused("congestion", Refusal.TEMPORARY))
        await bench.submit()
        await bench.sent(1)
        await bench.quiet()
        assert len(bench.store.asked) == 4  # for it and for the next, each time
        await scheduler.close()


async def test_what_expires_while_nobody_can_send_it_is_expired_in_time(tmp_path: Path) -> None:
    async with at_work(tmp_path, *_lines(1)) as bench:
        scheduler = Scheduler(bench.store, bench.bus, CLOCK, partial_after_ms=1000)
        await scheduler.start()
        bench.links[0].become(LineState.OUT_OF_SERVICE)
        (name,) = await bench.submit(expires_at=CLOCK.now() + 500)

        async def expired() -> bool:
            return (await bench.store.message(name)).state is State.EXPIRED

        await until(expired, patience=20.0)  # it naps for half a minute
        await scheduler.close()


class Noting:
    """A line that notes its calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def call(self, route: str) -> None:
        self.calls.append(route)


def test_the_line_that_has_waited_longest_is_called_first_and_once() -> None:
    idle, first, second, other = IdleLines(), Noting(), Noting(), Noting()
    idle.add(other, ("x",))
    idle.add(first, ("", "a"))
    idle.add(second, ("", "b"))
    idle.call("")
    assert (first.calls, second.calls) == ([""], [])
    idle.call("", 5)
    assert (first.calls, second.calls, other.calls) == ([""], [""], [])
    idle.remove(other)
    idle.remove(first)
    idle.call("x")
    assert other.calls == []


async def test_a_message_that_nobody_told_of_is_found_once_everybody_looks(tmp_path: Path) -> None:
    async with at_work(tmp_path, *_lines(2)) as bench:
        other = SqliteStore(str(tmp_path / "bridge.db"))
        await other.open()
        now = CLOCK.now()
        await other.submit([message(1, created_at=now, updated_at=now, due_at=now)])
        await other.close()
        await bench.quiet()
        assert bench.store.asked == []
        bench.bus.wake()
        await bench.sent(1)
