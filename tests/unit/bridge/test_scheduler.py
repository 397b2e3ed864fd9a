"""What becomes due by the clock alone, over a real store, with a wall clock and a loop clock that tests move."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.errors import StoreUnavailable
from bridge.model.message import State
from bridge.model.query import InboxQuery, MessageQuery
from bridge.model.radio import Concat, InboundPart
from bridge.ports.store_rows import ClockState, Credential, Outcome
from bridge.retry import STORE_PAUSE
from bridge.scheduler import (
    GATHERING,
    INDEXED_TOGETHER,
    KEYS_INTERVAL,
    LONGEST_NAP,
    QUIET,
    SWEEP_INTERVAL,
    SWEEP_PAUSE,
    Scheduler,
)
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import FakeClock, settle, skip
from tests.support.store_rows import NOW, SHOP, message
from tests.support.waiting import until

DAY = 24 * 3600 * 1000  # ms
PARTIAL_AFTER = 60_000  # ms


class RefusingStore(SqliteStore):
    """Refuses to look once in a while, and counts the looks."""

    def __init__(self, path: str, bus: Bus) -> None:
        super().__init__(path, bus)
        self.troubles: list[Exception] = []
        self.looks = 0
        #: that came to their end
        self.sweeps = 0
        #: ms by which the clock is set before the next look at messages, and before the second bite of a sweep
        self.step_before_look = self.step_within_sweep = 0
        self.clock = FakeClock(NOW)
        self.sweeping: list[int] = []

    async def step(self, by: int) -> None:
        """As `bridge.timekeeping` does when the clock is set."""
        self.clock.at += by
        await self.shift(by, ClockState("", 0, self.clock.at))

    async def release_partial(self, before: int, now: int) -> None:
        await super().release_partial(before, now)
        by, self.step_before_look = self.step_before_look, 0
        if by:
            await self.step(by)

    async def sweep(self, older_than: int, keys_older_than: int) -> bool:
        self.sweeping.append(older_than)
        more = await super().sweep(older_than, keys_older_than)
        by, self.step_within_sweep = self.step_within_sweep, 0
        if by:
            await self.step(by)
        return more or bool(by)

    async def tidy(self) -> None:
        await super().tidy()
        self.sweeps += 1

    async def advance(self, now: int) -> int:
        if self.troubles:
            raise self.troubles.pop(0)
        due = await super().advance(now)
        self.looks += 1
        return due


class Bench:
    """A store, and what moves things in it."""

    def __init__(self, store: RefusingStore, bus: Bus) -> None:
        self.store = store
        self.bus = bus
        self.clock = store.clock
        self.deaths: list[BaseException] = []

    async def start(self, keep: int = 0) -> None:
        """At work, after its first look."""
        self.scheduler = Scheduler(
            self.store, self.bus, self.clock, on_death=self.deaths.append, partial_after_ms=PARTIAL_AFTER, keep_ms=keep
        )
        await self.scheduler.start()
        await self.scheduler.take_up()
        await until(lambda: self.store.looks)

    async def look(self) -> None:
        """Until it has looked once more, however long it would nap."""
        before = self.store.looks
        skip(GATHERING)
        await settle()
        skip(LONGEST_NAP)
        await until(lambda: self.store.looks > before)

    async def states(self) -> list[State]:
        """Of all messages, oldest first."""
        return [row.state for row in reversed((await self.store.messages("shop", MessageQuery())).rows)]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bus = Bus()
    store = RefusingStore(str(tmp_path / "bridge.db"), bus)
    await store.open()
    await store.add_account(SHOP, [])
    bench = Bench(store, bus)
    yield bench
    await bench.scheduler.close()
    await store.close()
    assert bench.deaths == []


async def test_a_scheduled_message_is_queued_when_its_time_has_come(bench: Bench) -> None:
    await bench.start()
    await bench.store.submit([message(1, state=State.SCHEDULED, due_at=NOW + 60_000)])
    await bench.look()
    assert await bench.states() == [State.SCHEDULED]
    bench.clock.at += 60_000
    await bench.look()
    assert await bench.states() == [State.QUEUED]


async def test_nothing_expires_by_a_moment_of_before_the_clock_was_set(bench: Bench) -> None:
    """It was set back by ten years between two questions of one look, and what waits was moved with it."""
    await bench.start()
    await bench.store.submit([message(1, expires_at=NOW + 60_000)])
    bench.store.step_before_look = -3650 * DAY
    await bench.look()
    assert not bench.store.step_before_look
    assert await bench.states() == [State.QUEUED]


async def test_a_sweep_goes_by_the_clock_as_it_was_set_meanwhile(bench: Bench) -> None:
    bench.store.step_within_sweep = -20 * DAY
    await bench.start(keep=DAY)
    skip(SWEEP_PAUSE)
    await until(lambda: len(bench.store.sweeping) > 1)
    assert bench.store.sweeping[:2] == [NOW - DAY, NOW - 21 * DAY]


async def test_what_is_submitted_during_a_nap_is_due_in_time(bench: Bench) -> None:
    """It naps until the first thing is due, and a message may come that is due before that."""
    await bench.start()
    skip(GATHERING)
    await settle()
    await bench.store.submit([message(1, expires_at=NOW + 1000)])
    bench.clock.at += 1000
    skip(1.0)
    await until(lambda: expired(bench))


async def test_what_nobody_told_of_is_looked_for_when_everybody_looks(bench: Bench) -> None:
    await bench.start()
    skip(GATHERING)
    await settle()
    looks = bench.store.looks
    bench.bus.wake()
    await until(lambda: bench.store.looks > looks)


async def expired(bench: Bench) -> bool:
    return set(await bench.states()) == {State.EXPIRED}


async def test_a_wall_clock_that_was_set_forward_is_noticed_at_the_next_look(bench: Bench) -> None:
    await bench.start()
    await bench.store.submit([message(1, state=State.SCHEDULED, due_at=NOW + 365 * DAY)])
    bench.clock.at += 366 * DAY
    await bench.look()
    assert await bench.states() == [State.QUEUED]


async def test_a_burst_costs_one_look(bench: Bench) -> None:
    await bench.start()
    looks = bench.store.looks
    for number in range(20):
        await bench.store.submit([message(number + 1, expires_at=NOW + 1)])
        bench.clock.at = NOW + 1
        await settle()
    skip(GATHERING)
    await until(lambda: expired(bench))
    assert bench.store.looks <= looks + 2  # one that had begun, and one for the rest


async def test_a_store_that_refuses_is_asked_again(bench: Bench) -> None:
    await bench.start()
    await bench.store.submit([message(1, expires_at=NOW + 1)])
    bench.store.troubles = [StoreUnavailable("the disk is full")]
    bench.clock.at += 1
    skip(LONGEST_NAP)
    await until(lambda: not bench.store.troubles)
    assert await bench.states() == [State.QUEUED]
    skip(STORE_PAUSE)
    await until(lambda: expired(bench))


async def test_an_sms_whose_parts_stay_away_is_given_out_after_its_time(bench: Bench) -> None:
    await bench.start()
    part = InboundPart("office", "SM:1", "+15550150", "one ", NOW, Concat(7, 2, 1))
    await bench.store.receive(part, "office", NOW)
    await bench.look()
    assert (await bench.store.inbox("shop", InboxQuery(), NOW)).rows == ()
    bench.clock.at += PARTIAL_AFTER
    await bench.look()
    (received,) = (await bench.store.inbox("shop", InboxQuery(), NOW)).rows
    assert received.partial


@pytest.mark.parametrize(("keep", "left"), [(0, 2), (30 * DAY, 1)], ids=["for ever", "for thirty days"])
async def test_finished_messages_are_kept_as_long_as_configured(bench: Bench, keep: int, left: int) -> None:
    await bench.store.submit([message(1), message(2)])
    await bench.store.claim("office", ("",), NOW)
    await bench.store.record(Outcome(message(1).id, 1, State.SENT, 7), NOW)
    await bench.start(keep)
    await until(lambda: bench.store.sweeps == 1)
    bench.clock.at += 31 * DAY
    await settle()
    skip(SWEEP_INTERVAL)
    await until(lambda: bench.store.sweeps == 2)
    assert len(await bench.states()) == left


async def test_says_each_day_which_keys_end_soon(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    ends = Credential("apikey", "", "digest", NOW + 3 * DAY, "till", hint="ab", created_at=NOW - 300 * DAY)
    await bench.store.add_credential("shop", ends)
    for day in (1, 2):
        await (bench.start() if day == 1 else bench.look())

        def said(times: int = day) -> bool:
            return sum("till" in record.message for record in caplog.records) == times

        await until(said)
        skip(KEYS_INTERVAL)


async def test_words_are_indexed_when_it_is_quiet_and_there_are_enough(bench: Bench) -> None:
    await bench.start()
    await bench.store.submit([message(number, state=State.SENT) for number in range(INDEXED_TOGETHER - 1)])
    for _ in range(3):
        skip(QUIET)
        await settle()
    assert await bench.store.to_index() == INDEXED_TOGETHER - 1
    await bench.store.submit([message(INDEXED_TOGETHER, state=State.SENT)])

    async def is_indexed() -> bool:
        skip(QUIET)
        return await bench.store.to_index() == 0

    await until(is_indexed)
