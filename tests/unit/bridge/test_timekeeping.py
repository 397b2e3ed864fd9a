"""The wall clock is set, by seconds and by years, forward and back; what waits does not notice."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.errors import DailyLimit, StoreUnavailable
from bridge.model.account import AccountChange, Author
from bridge.model.message import Message, State
from bridge.model.query import LedgerQuery
from bridge.model.radio import Concat, InboundPart, InboundReport
from bridge.model.webhook import Endpoint
from bridge.ports.clock import SteadyClock
from bridge.ports.store_rows import ClockState, Credential, Outcome
from bridge.store.sqlite import SqliteStore
from bridge.timekeeping import FAR, INTERVAL, Timekeeper
from tests.support.clocks import FakeClock, settle, skip
from tests.support.store_rows import NOW, SHOP, message
from tests.support.waiting import until

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
YEARS = 3650 * DAY
BY = Author("test", NOW)
STEPS = [-YEARS, -DAY, -HOUR, 3 * DAY, YEARS]
each_step = pytest.mark.parametrize("step", STEPS, ids=["-10y", "-1d", "-1h", "+3d", "+10y"])


class FullStore(SqliteStore):
    """May refuse a shift."""

    trouble: Exception | None = None

    async def shift(self, step: int, state: ClockState) -> None:
        if self.trouble is not None:
            raise self.trouble
        await super().shift(step, state)


class Machine:
    """A machine with a bridge's store, whose clock can be set and which can be started anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.wall = FakeClock(NOW, monotonic=5 * MINUTE)
        self.boot = "first"
        self.steps = 0

    async def start(self) -> None:
        """The bridge."""
        self.bus = Bus()
        self.store = FullStore(str(self.path), self.bus)
        await self.store.open()
        self.clock = SteadyClock(self.wall)
        self.timekeeper = Timekeeper(self.store, self.clock, self._stepped, boot=self.boot)
        await self.timekeeper.begin()

    def _stepped(self) -> None:
        self.steps += 1

    async def stop(self, *, clean: bool = True) -> None:
        """The bridge; a crash writes nothing down."""
        if clean:
            await self.timekeeper.close()
        await self.store.close()

    async def step(self, ms: int) -> None:
        """Somebody sets the clock, and it is noticed."""
        self.wall.step(ms)
        await self.timekeeper.look()

    def restart(self, *, shows: int) -> None:
        """The machine was off, and shows this time when it is on again."""
        self.boot += "'"
        self.wall = FakeClock(shows, monotonic=20 * SECOND)

    def accepted(self, number: int, **changes: object) -> Message:
        """A message of now."""
        now = self.clock.now()
        return replace(message(number), created_at=now, updated_at=now, due_at=now, **changes)  # type: ignore[arg-type]

    async def claim(self) -> str:
        """The text of what is due; "" for nothing."""
        claim = await self.store.claim("office", ("",), self.clock.now())
        return claim.message.text if claim else ""

    async def state(self, number: int) -> State:
        return (await self.store.message(message(number).id)).state


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    made = Machine(tmp_path / "bridge.db")
    await made.start()
    await made.store.add_account(SHOP, [])
    yield made
    await made.store.close()


# -- what waits to be sent ------------------------------------------------------------------------
@each_step
async def test_what_waits_is_due_at_once_and_lives_as_long_as_it_did(machine: Machine, step: int) -> None:
    await machine.store.submit([machine.accepted(1, expires_at=machine.clock.now() + HOUR)])
    await machine.step(step)
    assert await machine.store.advance(machine.clock.now()) > 0
    assert await machine.claim() == "text 1"
    kept = await machine.store.message(message(1).id)
    assert (kept.created_at, kept.expires_at) == (NOW + step, NOW + step + HOUR)


@each_step
async def test_a_lifetime_ends_when_it_is_over(machine: Machine, step: int) -> None:
    await machine.store.submit([machine.accepted(1, expires_at=machine.clock.now() + HOUR)])
    machine.wall.at += 40 * MINUTE
    await machine.step(step)
    machine.wall.at += 19 * MINUTE
    await machine.store.advance(machine.clock.now())
    assert await machine.state(1) is State.QUEUED
    machine.wall.at += MINUTE
    await machine.store.advance(machine.clock.now())
    assert await machine.state(1) is State.EXPIRED


@each_step
async def test_a_retry_comes_after_its_wait(machine: Machine, step: int) -> None:
    await machine.store.submit([machine.accepted(1)])
    await machine.claim()
    now = machine.clock.now()
    await machine.store.record(Outcome(message(1).id, 1, State.QUEUED, retry_at=now + MINUTE, counts=True), now)
    machine.wall.at += 30 * SECOND
    await machine.step(step)
    assert await machine.claim() == ""
    machine.wall.at += 30 * SECOND
    assert await machine.claim() == "text 1"


@each_step
async def test_until_a_step_is_noticed_nothing_is_compared_across_it(machine: Machine, step: int) -> None:
    await machine.store.submit([machine.accepted(1, expires_at=machine.clock.now() + HOUR)])
    machine.wall.step(step)
    assert machine.clock.now() == NOW
    await machine.store.advance(machine.clock.now())
    await machine.store.submit([machine.accepted(2, expires_at=machine.clock.now() + HOUR)])
    await machine.timekeeper.look()
    await machine.store.advance(machine.clock.now())
    assert [await machine.claim(), await machine.claim()] == ["text 1", "text 2"]


@each_step
async def test_whatever_is_asked_around_a_step_has_stamps_of_its_own_side(machine: Machine, step: int) -> None:
    """All in one turn of the loop, where the store would do them in one transaction."""
    machine.wall.step(step)
    before = machine.store.submit([machine.accepted(1)])
    looking = machine.timekeeper.look()

    async def after() -> None:
        await machine.store.submit([machine.accepted(2)])

    await asyncio.gather(before, looking, after())
    for number in (1, 2):
        assert (await machine.store.message(message(number).id)).created_at == NOW + step


async def test_what_was_put_off_comes_when_the_clock_on_the_wall_says_so(machine: Machine) -> None:
    moment = NOW + 2 * DAY
    put_off = {"state": State.SCHEDULED, "due_at": moment, "not_before": moment, "expires_at": moment + HOUR}
    await machine.store.submit([replace(machine.accepted(1), **put_off)])
    await machine.step(-HOUR)
    assert await machine.store.advance(machine.clock.now()) == moment
    await machine.step(DAY)
    assert (await machine.state(1), await machine.claim()) == (State.SCHEDULED, "")
    await machine.step(3 * DAY)  # the machine hears of the right time, and that is long past
    await machine.store.advance(machine.clock.now())
    assert (await machine.store.message(message(1).id)).expires_at == machine.clock.now() + HOUR
    assert await machine.claim() == "text 1"


async def test_a_message_in_a_device_s_hands_keeps_its_lifetime(machine: Machine) -> None:
    await machine.store.submit([machine.accepted(1, expires_at=NOW + HOUR)])
    await machine.claim()
    await machine.step(3 * DAY)
    await machine.store.record(Outcome(message(1).id, 1, State.QUEUED), machine.clock.now())
    await machine.store.advance(machine.clock.now())
    assert await machine.claim() == "text 1"


async def test_a_wait_that_was_reckoned_before_the_clock_went_back_holds_nothing_up(machine: Machine) -> None:
    """The step was noticed between the reckoning and the record."""
    await machine.store.submit([machine.accepted(1)])
    await machine.claim()
    outcome = Outcome(message(1).id, 1, State.QUEUED, retry_at=machine.clock.now() + MINUTE)
    await machine.step(-YEARS)
    await machine.store.record(outcome, machine.clock.now())
    assert await machine.claim() == "text 1"


# -- what came from outside -----------------------------------------------------------------------
def report(reference: int, on_air: int) -> InboundReport:
    """Of a part that the centre took at this moment, by its clock."""
    stamp = on_air // SECOND * SECOND
    return InboundReport("office", f"SR:{stamp}", "+15550101", reference, State.DELIVERED, "", stamp, sent_at=stamp)


@each_step
@pytest.mark.parametrize("right", ["before", "after"])
async def test_a_report_finds_its_part_across_a_step(machine: Machine, step: int, right: str) -> None:
    """The centre's clock agrees with ours as it was, or as it is since it was set."""
    await machine.store.submit([machine.accepted(1)])
    await machine.claim()
    await machine.store.record(Outcome(message(1).id, 1, State.SENT, 5), machine.clock.now())
    machine.wall.at += SECOND
    await machine.step(step)
    on_air = NOW if right == "before" else NOW + step
    await machine.store.settle(report(5, on_air), machine.clock.now())
    assert await machine.state(1) is State.DELIVERED


@each_step
async def test_an_unknown_part_is_settled_across_a_step_that_sets_the_clock_right(machine: Machine, step: int) -> None:
    await machine.store.submit([machine.accepted(1)])
    await machine.claim()
    await machine.store.record(Outcome(message(1).id, 1, State.UNKNOWN), machine.clock.now())
    await machine.step(step)
    await machine.store.settle(report(5, NOW + step), machine.clock.now())
    assert await machine.state(1) is State.DELIVERED


@each_step
async def test_what_is_known_of_the_centre_s_clock_stays_right_across_a_step(machine: Machine, step: int) -> None:
    for number in (1, 2):
        await machine.store.submit([replace(machine.accepted(number), recipient="+15550101")])
        await machine.claim()
        await machine.store.record(Outcome(message(number).id, 1, State.SENT, number), machine.clock.now())
        if number == 1:
            await machine.store.settle(report(1, NOW), machine.clock.now())
            assert await machine.state(1) is State.DELIVERED
            machine.wall.at += HOUR
    await machine.step(step)
    await machine.store.settle(report(2, NOW + HOUR), machine.clock.now())
    assert await machine.state(2) is State.DELIVERED


@each_step
async def test_a_report_that_waits_for_an_answer_is_of_that_part_across_a_step(machine: Machine, step: int) -> None:
    await machine.store.submit([machine.accepted(1)])
    await machine.claim()
    await machine.store.settle(report(5, NOW + step), machine.clock.now() + 1)
    await machine.step(step)
    await machine.store.record(Outcome(message(1).id, 1, State.SENT, 5), machine.clock.now())
    assert await machine.state(1) is State.DELIVERED


@each_step
async def test_parts_of_a_long_sms_meet_across_a_step(machine: Machine, step: int) -> None:
    parts = [InboundPart("office", f"SM:{n}", "+15550150", f"{n} ", NOW, Concat(7, 3, n)) for n in (1, 2, 3)]
    await machine.store.receive(parts[0], "office", machine.clock.now())
    await machine.step(step)
    assert await machine.store.release_partial(machine.clock.now() - HOUR, machine.clock.now()) == []
    await machine.store.receive(parts[2], "office", machine.clock.now())
    made = await machine.store.receive(parts[1], "office", machine.clock.now())
    assert made is not None
    assert made.text == "1 2 3 "


@each_step
async def test_missing_parts_are_waited_for_as_long_as_ever(machine: Machine, step: int) -> None:
    part = InboundPart("office", "SM:1", "+15550150", "one ", NOW, Concat(7, 2, 1))
    await machine.store.receive(part, "office", machine.clock.now())
    await machine.step(step)
    machine.wall.at += HOUR
    (partial,) = await machine.store.release_partial(machine.clock.now() - HOUR, machine.clock.now())
    assert partial.partial


# -- what else counts time ------------------------------------------------------------------------
@each_step
async def test_the_next_try_of_a_webhook_comes_after_its_wait(machine: Machine, step: int) -> None:
    await machine.store.add_endpoint(Endpoint("all", "shop", "http://127.0.0.1:9/", created_at=NOW), BY)
    await machine.store.submit([machine.accepted(1)])
    ((delivery, _),) = await machine.store.owed("all", 9)
    await machine.store.record_attempts([replace(delivery, attempts=1, due_at=NOW + MINUTE)])
    await machine.step(step)
    (row,) = (await machine.store.ledger("shop", LedgerQuery())).rows
    assert (row.due_at, row.created_at) == (machine.clock.now() + MINUTE, machine.clock.now())


@each_step
async def test_tokens_last_as_long_as_they_did_and_a_key_s_day_is_a_day(machine: Machine, step: int) -> None:
    await machine.store.add_credential("shop", Credential("token", "", "short", NOW + HOUR))
    await machine.store.add_credential("shop", Credential("apikey", "", "dated", NOW + 30 * DAY, "crm"))
    await machine.step(step)
    now = machine.clock.now()
    assert await machine.store.account_for("token", "", "short", now + HOUR - 1)
    assert not await machine.store.account_for("token", "", "short", now + HOUR)
    assert await machine.store.account_for("apikey", "", "dated", NOW + 30 * DAY - 1)
    assert not await machine.store.account_for("apikey", "", "dated", NOW + 30 * DAY)


@each_step
async def test_a_repeated_request_is_known_as_long_as_ever(machine: Machine, step: int) -> None:
    await machine.store.submit([machine.accepted(1)], "key", "digest")
    await machine.step(step)
    while await machine.store.sweep(0, machine.clock.now() - 7 * DAY):
        pass
    assert await machine.store.remembered("shop", "key", "digest") is not None
    while await machine.store.sweep(0, machine.clock.now() + 1):
        pass
    assert await machine.store.remembered("shop", "key", "digest") is None


@each_step
async def test_a_recipient_s_share_of_a_day_is_neither_given_twice_nor_taken_from_another_day(
    machine: Machine, step: int
) -> None:
    await machine.store.change_account("shop", AccountChange(daily_per_recipient=1), BY)
    await machine.store.submit([machine.accepted(1)])
    await machine.step(step)
    with pytest.raises(DailyLimit):
        await machine.store.submit([replace(machine.accepted(2), recipient=message(1).recipient)])
    machine.wall.at += DAY
    await machine.store.submit([replace(machine.accepted(3), recipient=message(1).recipient)])


async def test_a_jump_far_ahead_is_no_reason_to_forget_anything_for_a_day(machine: Machine) -> None:
    await machine.step(3 * DAY)
    assert machine.timekeeper.is_trusted()
    await machine.step(FAR + SECOND)
    assert not machine.timekeeper.is_trusted()
    machine.wall.at += DAY
    assert machine.timekeeper.is_trusted()


async def test_those_who_wait_are_told_to_look(machine: Machine) -> None:
    due: list[int] = []
    machine.bus.subscribe_queues(lambda queued: due.extend(each.due_at for each in queued))
    await machine.step(-HOUR)
    assert due == [machine.clock.now()]
    assert machine.steps == 1


# -- between two runs -----------------------------------------------------------------------------
@each_step
@pytest.mark.parametrize("clean", [True, False], ids=["stopped", "killed"])
async def test_a_step_while_the_bridge_was_stopped_is_noticed_by_the_next_run(
    machine: Machine, step: int, clean: bool
) -> None:
    await machine.store.submit([machine.accepted(1, expires_at=NOW + HOUR)])
    await machine.stop(clean=clean)
    machine.wall.at += 20 * MINUTE
    machine.wall.step(step)
    await machine.start()
    assert (await machine.store.message(message(1).id)).expires_at == machine.clock.now() + 40 * MINUTE


async def test_a_machine_that_starts_in_the_past_and_hears_of_the_time_loses_nothing(machine: Machine) -> None:
    await machine.store.submit([machine.accepted(1, expires_at=NOW + HOUR)])
    await machine.stop(clean=False)
    machine.restart(shows=NOW - DAY)
    await machine.start()
    assert await machine.store.advance(machine.clock.now()) > 0
    await machine.store.submit([machine.accepted(2, expires_at=machine.clock.now() + HOUR)])
    await machine.step(4 * DAY)
    await machine.store.advance(machine.clock.now())
    assert [await machine.claim(), await machine.claim()] == ["text 1", "text 2"]


async def test_a_machine_with_a_right_clock_counts_the_time_it_was_off(machine: Machine) -> None:
    await machine.store.submit([machine.accepted(1, expires_at=NOW + HOUR)])
    await machine.stop()
    machine.restart(shows=NOW + 2 * HOUR)
    await machine.start()
    await machine.store.advance(machine.clock.now())
    assert await machine.state(1) is State.EXPIRED


async def test_stamps_of_a_time_that_never_was_are_no_measure(machine: Machine) -> None:
    """Events were stamped ten years ahead, until somebody set the clock right."""
    await machine.step(YEARS)
    await machine.store.submit([machine.accepted(1, expires_at=machine.clock.now() + HOUR)])
    await machine.step(-YEARS)
    await machine.stop(clean=False)
    machine.restart(shows=NOW + MINUTE)
    await machine.start()
    assert (await machine.store.message(message(1).id)).expires_at == NOW + HOUR


async def test_news_after_the_last_note_says_that_the_clock_went_back(machine: Machine) -> None:
    machine.wall.at += 30 * MINUTE
    await machine.store.submit([machine.accepted(1)])
    await machine.stop(clean=False)
    machine.restart(shows=NOW)  # as it was when the machine last wrote the time down
    await machine.start()
    assert await machine.claim() == "text 1"


# -- noticing -------------------------------------------------------------------------------------
async def test_a_clock_that_is_set_right_in_small_bits_is_followed_without_a_word(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(10):
        machine.wall.at += SECOND
        await machine.step(400)
    assert machine.clock.now() == machine.wall.now() == NOW + 14 * SECOND
    assert (machine.steps, caplog.records) == (0, [])


async def test_a_step_is_said_once(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await machine.step(3 * DAY)
        await machine.timekeeper.look()
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("the clock was set forward by 3 days, 0:00:00, to 2026-")


async def test_a_store_that_refuses_is_asked_again_and_time_stands_till_then(machine: Machine) -> None:
    await machine.store.submit([machine.accepted(1, expires_at=NOW + HOUR)])
    machine.store.trouble = StoreUnavailable("the disk is full")
    await machine.step(3 * DAY)
    assert (machine.clock.now(), machine.steps) == (NOW, 0)
    machine.store.trouble = None
    await machine.timekeeper.look()
    assert machine.clock.now() == NOW + 3 * DAY
    assert await machine.claim() == "text 1"


async def test_it_looks_by_itself(machine: Machine) -> None:
    await machine.timekeeper.start()
    machine.wall.step(DAY)
    await settle()
    skip(INTERVAL)
    await until(lambda: machine.steps == 1)
    await machine.timekeeper.close()
