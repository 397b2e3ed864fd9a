"""Which part a report is believed for. The centre stamps whole seconds, by a clock of its own."""

import random
from dataclasses import replace

import pytest

from bridge.model import event as events
from bridge.model.message import Message, State
from bridge.model.radio import Evidence, InboundReport
from bridge.ports.store_rows import Outcome
from bridge.store.delivery_reports import LONGEST_WAY, PROVIDERS_WAY
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW, message

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
TO = "+15550101"
SIM, OTHER_SIM = "8901001123456789000", "8901001123456789018"


def to_one_number(number: int) -> Message:
    return message(number, recipient=TO)


class Network:
    """Hands parts over to a store and makes reports of what was on air; `ahead` is how far its clock is, in ms."""

    def __init__(self, store: SqliteStore, *, ahead: int = 0, line: str = "office", sim: str = "") -> None:
        self.store = store
        self.ahead = ahead
        self.line = line
        self.sim = sim

    async def begin(self, which: Message, at: int) -> None:
        """In hand from now on."""
        await self.store.submit([replace(which, created_at=at, due_at=at)])
        claim = await self.store.claim(self.line, ("", self.line), at, sim=self.sim)
        assert claim is not None
        assert claim.message.id == which.id

    async def end(self, which: Message, at: int, reference: int | None, state: State = State.SENT) -> State:
        """What became of it is recorded."""
        return (await self.store.record(Outcome(which.id, 1, state, reference), at)).state

    async def send(self, which: Message, at: int, reference: int | None, state: State = State.SENT) -> None:
        """Half a second in hand."""
        await self.begin(which, at)
        await self.end(which, at + 500, reference, state)

    def report(self, reference: int, on_air: int, state: State = State.DELIVERED, to: str = TO) -> InboundReport:
        """Of a part that the centre took at this moment."""
        stamp = (on_air + self.ahead) // SECOND * SECOND
        slot = f"SR:{reference}:{stamp}:{state}"
        return InboundReport(self.line, slot, to, reference, state, "TP-ST", stamp + 2 * SECOND, sent_at=stamp)

    async def tell(self, report: InboundReport, at: int) -> None:
        await self.store.settle(report, at, self.sim)

    async def state(self, which: Message) -> State:
        return (await self.store.message(which.id)).state


@pytest.fixture
def network(store: SqliteStore) -> Network:
    return Network(store)


ONE, TWO, THREE = (to_one_number(number) for number in (1, 2, 3))


# -- a report before the answer -------------------------------------------------------------------
async def test_a_report_in_the_gap_before_the_answer_is_of_the_part_in_hand(network: Network) -> None:
    """The one before it never went on air; it was told `delivered` for the other's report."""
    await network.send(ONE, NOW, None, State.UNKNOWN)
    await network.begin(TWO, NOW + SECOND)
    await network.tell(network.report(5, NOW + SECOND + 200), NOW + SECOND + 300)
    assert [await network.state(which) for which in (ONE, TWO)] == [State.UNKNOWN, State.SENDING]
    assert await network.end(TWO, NOW + SECOND + 400, 5) is State.DELIVERED
    assert await network.state(ONE) is State.UNKNOWN


async def test_a_report_in_the_gap_may_be_of_the_one_before_after_all(network: Network) -> None:
    await network.send(ONE, NOW, 4)
    await network.begin(TWO, NOW + SECOND)
    await network.tell(network.report(4, NOW + 200), NOW + SECOND + 300)
    await network.end(TWO, NOW + SECOND + 400, 5)
    assert [await network.state(which) for which in (ONE, TWO)] == [State.DELIVERED, State.SENT]


async def test_a_report_is_decided_too_when_nothing_of_the_part_in_hand_left_us(network: Network) -> None:
    await network.send(ONE, NOW, None, State.UNKNOWN)
    await network.begin(TWO, NOW + SECOND)
    await network.tell(network.report(5, NOW + 200), NOW + SECOND + 300)
    await network.end(TWO, NOW + SECOND + 400, None, State.QUEUED)
    assert [await network.state(which) for which in (ONE, TWO)] == [State.DELIVERED, State.QUEUED]


async def test_a_report_that_waited_through_a_crash_finds_its_part(network: Network) -> None:
    await network.begin(ONE, NOW)
    await network.tell(network.report(5, NOW + 200), NOW + 300)
    assert await network.state(ONE) is State.SENDING
    await network.store.recover(NOW + MINUTE)
    assert await network.state(ONE) is State.DELIVERED


async def test_what_is_in_hand_to_somebody_else_holds_no_report_up(network: Network) -> None:
    await network.send(ONE, NOW, 4)
    await network.begin(message(2), NOW + SECOND)
    await network.tell(network.report(4, NOW + 200), NOW + SECOND)
    assert await network.state(ONE) is State.DELIVERED


async def test_a_report_is_never_of_what_was_begun_after_it(network: Network) -> None:
    await network.tell(network.report(5, NOW), NOW + 100)
    await network.send(ONE, NOW + 200, 5)
    assert await network.state(ONE) is State.SENT


async def test_evidence_that_came_before_the_outcome_stands(network: Network) -> None:
    """A late answer of the device, and then our own word that there was none."""
    await network.begin(ONE, NOW)
    await network.store.settle(Evidence("office", ONE.id, 1, State.SENT, 7), NOW + 100)
    assert await network.end(ONE, NOW + 200, None, State.UNKNOWN) is State.SENT
    await network.tell(network.report(7, NOW), NOW + SECOND)
    assert await network.state(ONE) is State.DELIVERED


# -- one reference, many parts --------------------------------------------------------------------
async def test_what_is_certain_not_to_have_gone_out_waits_for_another_try(network: Network) -> None:
    await network.send(first := to_one_number(1), NOW, None, State.UNKNOWN)
    await network.store.settle(Evidence("office", first.id, 1, State.QUEUED), NOW + SECOND)
    assert await network.state(first) is State.QUEUED
    again = await network.store.claim("office", ("", "office"), NOW + SECOND)
    assert again is not None
    # told a second time, it is of the try before, and says nothing about this one
    await network.store.settle(Evidence("office", first.id, 1, State.QUEUED), NOW + 2 * SECOND)
    assert await network.end(first, NOW + 3 * SECOND, 7) is State.SENT


async def test_300_messages_to_one_number_get_each_its_own_report(network: Network) -> None:
    chance = random.Random(3)
    sent = [(to_one_number(number), NOW + number * 300, number % 256) for number in range(1, 301)]
    for which, at, reference in sent:
        await network.begin(which, at)
        await network.end(which, at + 200, reference)
    reported = chance.sample(sent, 150)
    for _, at, reference in reported:
        await network.tell(network.report(reference, at + 100), NOW + HOUR)
    wrong = [which for which, at, ref in sent if (await network.state(which) is State.DELIVERED) != (
        (which, at, ref) in reported)]  # fmt: skip
    assert wrong == []


async def test_the_newest_of_a_reference_leaves_the_older_one_its_report(network: Network) -> None:
    await network.send(ONE, NOW, 10)
    await network.send(TWO, NOW + HOUR, 10)
    await network.tell(network.report(10, NOW), NOW + HOUR + MINUTE)
    assert [await network.state(which) for which in (ONE, TWO)] == [State.DELIVERED, State.SENT]
    await network.tell(network.report(10, NOW + HOUR), NOW + HOUR + MINUTE)
    assert await network.state(TWO) is State.DELIVERED


async def test_of_two_that_the_stamp_cannot_tell_apart_the_older_is_settled_first(network: Network) -> None:
    await network.send(ONE, NOW, 10)
    await network.send(TWO, NOW + 600, 10)
    for number, expected in enumerate(([State.DELIVERED, State.SENT], [State.DELIVERED, State.DELIVERED])):
        await network.tell(replace(network.report(10, NOW), slot=f"SR:{number}"), NOW + 2 * SECOND)
        assert [await network.state(which) for which in (ONE, TWO)] == expected


async def test_an_unknown_one_is_settled_after_256_others(network: Network) -> None:
    await network.send(to_one_number(900), NOW - MINUTE, 6)
    await network.send(ONE, NOW, None, State.UNKNOWN)
    for number in range(2, 260):
        at = NOW + number * SECOND
        await network.send(to_one_number(number), at, (number + 6) % 256)
        await network.tell(network.report((number + 6) % 256, at), at + 600)
    await network.tell(network.report(7, NOW), NOW + HOUR)
    assert await network.state(ONE) is State.DELIVERED


async def test_two_unknown_ones_of_one_moment_stay_unknown_until_more_is_known(network: Network) -> None:
    await network.send(ONE, NOW, None, State.UNKNOWN)
    await network.send(TWO, NOW + 600, None, State.UNKNOWN)
    await network.tell(network.report(8, NOW + 600), NOW + MINUTE)
    assert [await network.state(which) for which in (ONE, TWO)] == [State.UNKNOWN, State.UNKNOWN]
    await network.store.settle(Evidence("office", TWO.id, 1, State.SENT, 8), NOW + HOUR)
    assert [await network.state(which) for which in (ONE, TWO)] == [State.UNKNOWN, State.DELIVERED]


async def test_two_unknown_ones_of_two_moments_are_told_apart(network: Network) -> None:
    await network.send(ONE, NOW, None, State.UNKNOWN)
    await network.send(TWO, NOW + MINUTE, None, State.UNKNOWN)
    await network.tell(network.report(8, NOW + MINUTE), NOW + HOUR)
    assert [await network.state(which) for which in (ONE, TWO)] == [State.UNKNOWN, State.DELIVERED]


# -- reports of somebody else's messages ----------------------------------------------------------
@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN])
async def test_a_reference_that_was_never_ours_settles_nothing(network: Network, state: State) -> None:
    await network.send(message(9), NOW - MINUTE, 4)
    await network.send(ONE, NOW, 5 if state is State.SENT else None, state)
    await network.tell(network.report(77, NOW), NOW + SECOND)
    assert await network.state(ONE) is state


@pytest.mark.parametrize("apart", [-DAY, -HOUR, HOUR, DAY])
@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN])
async def test_a_stamp_outside_of_the_hand_over_settles_nothing(network: Network, state: State, apart: int) -> None:
    """The SIM was in another phone, or another program used the modem."""
    await network.send(ONE, NOW, 5 if state is State.SENT else None, state)
    await network.tell(network.report(5, NOW + apart), NOW + 2 * DAY)
    assert await network.state(ONE) is state


async def test_a_report_for_another_number_settles_nothing(network: Network) -> None:
    await network.send(ONE, NOW, 5)
    await network.tell(network.report(5, NOW, to="+15550199"), NOW + SECOND)
    assert await network.state(ONE) is State.SENT


async def test_a_sim_whose_references_follow_no_order_is_known_by_the_moment_alone(network: Network) -> None:
    for number, reference in enumerate((200, 17, 90), start=10):
        await network.send(message(number), NOW - MINUTE + number * SECOND, reference)
    await network.send(ONE, NOW, None, State.UNKNOWN)
    await network.tell(network.report(3, NOW), NOW + SECOND)
    assert await network.state(ONE) is State.DELIVERED


# -- the centre's clock ---------------------------------------------------------------------------
@pytest.mark.parametrize("ahead", [-14 * MINUTE, -3 * MINUTE, 7 * MINUTE])
async def test_a_clock_that_is_minutes_off_is_learned(store: SqliteStore, ahead: int) -> None:
    network = Network(store, ahead=ahead)
    await network.send(ONE, NOW, 5)
    await network.tell(network.report(5, NOW), NOW + SECOND)
    assert await network.state(ONE) is State.DELIVERED
    # from now on minutes make a difference
    await network.send(TWO, NOW + HOUR, 6)
    network.ahead = 0
    await network.tell(network.report(6, NOW + HOUR), NOW + HOUR + SECOND)
    assert await network.state(TWO) is State.SENT
    network.ahead = ahead
    await network.tell(network.report(6, NOW + HOUR), NOW + HOUR + SECOND)
    assert await network.state(TWO) is State.DELIVERED


@pytest.mark.parametrize("ahead", [8 * HOUR, 3 * 365 * DAY])
async def test_a_stamp_that_is_still_to_come_says_that_our_clock_is_behind(store: SqliteStore, ahead: int) -> None:
    """A machine without a clock of its own, before it hears of the time. No older message has such a stamp."""
    network = Network(store, ahead=ahead)
    await network.send(ONE, NOW, 5)
    await network.tell(network.report(5, NOW), NOW + 3 * SECOND)
    assert await network.state(ONE) is State.DELIVERED


@pytest.mark.parametrize("ahead", [-5 * HOUR, -3 * 365 * DAY])
async def test_a_clock_that_is_hours_off_is_believed_when_two_reports_say_so(store: SqliteStore, ahead: int) -> None:
    network = Network(store, ahead=ahead)
    for number, which in enumerate((ONE, TWO)):
        at = NOW + number * MINUTE
        await network.send(which, at, 5 + number)
        await network.tell(network.report(5 + number, at), at + 3 * SECOND)
        assert await network.state(ONE) is (State.DELIVERED if number else State.SENT)
    assert await network.state(TWO) is State.DELIVERED


async def test_one_odd_stamp_does_not_move_a_clock_that_is_known(network: Network) -> None:
    await network.send(ONE, NOW, 5)
    await network.tell(network.report(5, NOW), NOW + SECOND)
    await network.send(TWO, NOW + MINUTE, 6)
    await network.tell(network.report(6, NOW - DAY), NOW + MINUTE + SECOND)
    assert await network.state(TWO) is State.SENT
    await network.tell(network.report(6, NOW + MINUTE), NOW + MINUTE + 2 * SECOND)
    assert await network.state(TWO) is State.DELIVERED


async def test_what_was_kept_is_decided_when_the_clock_is_known(network: Network) -> None:
    network.ahead = -5 * HOUR
    await network.send(ONE, NOW, None, State.UNKNOWN)
    await network.tell(network.report(5, NOW), NOW + 3 * SECOND)
    for number, which in enumerate((TWO, THREE), start=1):
        at = NOW + number * MINUTE
        await network.send(which, at, 5 + number)
        await network.tell(network.report(5 + number, at), at + 3 * SECOND)
    assert [await network.state(which) for which in (ONE, TWO, THREE)] == [State.DELIVERED] * 3


@pytest.mark.parametrize("ahead", [9 * SECOND, -9 * SECOND, 100 * SECOND, -3 * MINUTE])
async def test_a_clock_that_is_off_gives_no_report_to_the_wrong_one_of_a_reference(
    store: SqliteStore, ahead: int
) -> None:
    """Modems that answer 0 each time: the nearest one was told to be delivered, whichever the report was of."""
    network = Network(store, ahead=ahead)
    await network.send(ONE, NOW, 0)
    await network.send(TWO, NOW + 10 * SECOND, 0)
    await network.tell(network.report(0, NOW + 300), NOW + 20 * SECOND)
    assert await network.state(TWO) is State.SENT
    await network.send(THREE, NOW + HOUR, 0)
    await network.tell(network.report(0, NOW + HOUR + 300), NOW + HOUR + 3 * SECOND)
    assert [await network.state(which) for which in (ONE, TWO, THREE)] == [
        State.DELIVERED, State.SENT, State.DELIVERED
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "reference", "expected"),
    [(4, 5, State.DELIVERED), (0, 0, State.UNKNOWN)],
    ids=["given again", "always the same"],
)
async def test_a_reference_that_is_given_again_leaves_an_unknown_one_its_report(
    network: Network, before: int, reference: int, expected: State
) -> None:
    """A modem that lost its power while it sent may begin again with the reference before."""
    await network.send(THREE, NOW - HOUR, before)
    await network.tell(network.report(before, NOW - HOUR), NOW - HOUR + 3 * SECOND)
    await network.send(ONE, NOW, None, State.UNKNOWN)
    await network.send(TWO, NOW + 12 * SECOND, reference)
    await network.tell(network.report(reference, NOW), NOW + 20 * SECOND)
    assert [await network.state(which) for which in (ONE, TWO)] == [expected, State.SENT]
    await network.tell(network.report(reference, NOW + 12 * SECOND), NOW + 21 * SECOND)
    assert await network.state(TWO) is State.DELIVERED


# -- reports without a stamp ----------------------------------------------------------------------
async def test_without_a_stamp_the_reference_must_be_one_part_s(network: Network) -> None:
    undated = replace(network.report(5, NOW), sent_at=0)
    await network.send(ONE, NOW, 5)
    await network.send(TWO, NOW + MINUTE, 5)
    await network.tell(undated, NOW + HOUR)
    assert [await network.state(which) for which in (ONE, TWO)] == [State.SENT, State.SENT]
    await network.send(THREE, NOW + 2 * HOUR, 6)
    await network.tell(replace(undated, reference=6, slot="SR:6"), NOW + 2 * HOUR + SECOND)
    assert await network.state(THREE) is State.DELIVERED


@pytest.mark.parametrize(
    ("late", "expected"), [(-SECOND, State.DELIVERED), (SECOND, State.SENT)], ids=["in time", "too late"]
)
async def test_without_a_stamp_a_report_is_of_a_part_of_the_last_days_only(
    network: Network, late: int, expected: State
) -> None:
    await network.send(ONE, NOW, 5)
    await network.tell(replace(network.report(5, NOW), sent_at=0), NOW + LONGEST_WAY + late)
    assert await network.state(ONE) is expected


@pytest.mark.parametrize(
    ("late", "expected"), [(-SECOND, State.DELIVERED), (SECOND, State.SENT)], ids=["in time", "too late"]
)
async def test_a_provider_may_tell_for_longer_for_its_ids_are_never_given_twice(
    network: Network, late: int, expected: State
) -> None:
    await network.send(ONE, NOW, 1 << 51)
    await network.tell(replace(network.report(1 << 51, NOW), sent_at=0, slot=""), NOW + PROVIDERS_WAY + late)
    assert await network.state(ONE) is expected


async def test_without_a_stamp_a_repeat_is_not_of_what_was_begun_after_it(network: Network) -> None:
    undated = replace(network.report(5, NOW), sent_at=0)
    await network.send(ONE, NOW, 5)
    await network.tell(undated, NOW + MINUTE)
    await network.send(TWO, NOW + HOUR, 5)
    await network.tell(replace(undated, slot="SR:again"), NOW + 2 * HOUR)
    assert [await network.state(which) for which in (ONE, TWO)] == [State.DELIVERED, State.SENT]
    await network.tell(replace(undated, slot="SR:its own", at=NOW + HOUR + SECOND), NOW + 2 * HOUR)
    assert await network.state(TWO) is State.DELIVERED


async def test_without_a_stamp_and_a_reference_nothing_is_settled(network: Network) -> None:
    await network.send(ONE, NOW, None, State.UNKNOWN)
    await network.tell(replace(network.report(5, NOW), sent_at=0), NOW + SECOND)
    assert await network.state(ONE) is State.UNKNOWN


# -- the SIM --------------------------------------------------------------------------------------
async def test_a_report_follows_the_sim_into_another_stick(store: SqliteStore) -> None:
    there, here = Network(store, sim=SIM), Network(store, line="shop-stick", sim=SIM)
    await there.send(ONE, NOW, 5)
    await there.send(TWO, NOW + MINUTE, None, State.UNKNOWN)
    await here.tell(here.report(5, NOW), NOW + HOUR)
    await here.tell(here.report(6, NOW + MINUTE), NOW + HOUR)
    assert [await here.state(which) for which in (ONE, TWO)] == [State.DELIVERED, State.DELIVERED]


async def test_another_sim_in_the_same_stick_reports_nothing_of_ours(store: SqliteStore) -> None:
    first, second = Network(store, sim=SIM), Network(store, sim=OTHER_SIM)
    await first.send(ONE, NOW, 5)
    await second.tell(second.report(5, NOW), NOW + MINUTE)
    assert await first.state(ONE) is State.SENT


async def test_a_sim_that_was_not_known_when_it_sent_is_found_by_its_line(store: SqliteStore) -> None:
    nameless, known = Network(store), Network(store, sim=SIM)
    await nameless.send(ONE, NOW, 5)
    await known.tell(known.report(5, NOW), NOW + MINUTE)
    assert await known.state(ONE) is State.DELIVERED


# -- the rule of evidence -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([State.SENT, State.DELIVERED], State.DELIVERED),
        ([State.DELIVERED, State.SENT], State.DELIVERED),
        ([State.FAILED, State.SENT], State.FAILED),
        ([State.FAILED, State.DELIVERED], State.DELIVERED),
        ([State.DELIVERED, State.FAILED], State.DELIVERED),
        ([State.SENT, State.SENT, State.FAILED], State.FAILED),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else value,
)
@pytest.mark.parametrize("known", [True, False], ids=["sent", "unknown"])
async def test_of_several_reports_on_one_part_the_one_that_knows_most_counts(
    network: Network, told: list[State], expected: State, known: bool
) -> None:
    await network.send(ONE, NOW, 5 if known else None, State.SENT if known else State.UNKNOWN)
    await network.send(TWO, NOW + MINUTE, None, State.UNKNOWN)
    for number, state in enumerate(told):
        await network.tell(replace(network.report(5, NOW, state), slot=f"SR:{number}"), NOW + 2 * MINUTE + number)
    assert await network.state(ONE) is expected
    assert await network.state(TWO) is State.UNKNOWN


async def test_the_same_report_again_changes_nothing_and_is_nobody_else_s(network: Network) -> None:
    await network.send(ONE, NOW, 5)
    await network.send(TWO, NOW + 2 * SECOND, None, State.UNKNOWN)
    for number in range(3):
        await network.tell(replace(network.report(5, NOW), slot=f"SR:{number}"), NOW + MINUTE + number)
    assert [await network.state(which) for which in (ONE, TWO)] == [State.DELIVERED, State.UNKNOWN]
    told = [event.name for event in await network.store.events("shop", 0, 99)]
    assert told.count(events.MESSAGE_DELIVERED) == 1


async def test_a_re_read_of_a_report_that_the_device_keeps_is_no_second_report(network: Network) -> None:
    """Without a stamp nothing else tells it from the report of a part with the same reference."""
    undated = replace(network.report(5, NOW), sent_at=0)
    await network.send(ONE, NOW, 5)
    await network.tell(undated, NOW + SECOND)
    await network.send(TWO, NOW + MINUTE, 5)
    await network.tell(undated, NOW + HOUR)
    assert [await network.state(which) for which in (ONE, TWO)] == [State.DELIVERED, State.SENT]


async def test_strangers_reports_are_not_kept_without_end(network: Network) -> None:
    await network.send(ONE, NOW, 5)
    for number in range(250):
        await network.tell(network.report(77, NOW - DAY - number * MINUTE), NOW + number)
    (kept,) = network.store._write_connection.execute("SELECT count(*) FROM kept_reports").fetchone()
    assert kept == 200
