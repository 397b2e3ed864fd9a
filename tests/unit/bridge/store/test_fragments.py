"""Long SMS as they come in: reordered, repeated, mixed with others of the same reference, late, in part."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.model import event as events
from bridge.model.inbox import Received
from bridge.model.query import InboxQuery
from bridge.model.radio import Concat, InboundPart
from bridge.store.fragments import HOLD, WINDOW
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
SENDER = "+15550150"


def part(index: int, text: str, sent_at: int, *, total: int = 2, reference: int = 7) -> InboundPart:
    slot = f"SM:{reference}:{index}:{sent_at}:{text}"
    return InboundPart("office", slot, SENDER, text, sent_at, Concat(reference, total, index))


#: slots and references that nothing else has
_numbers = itertools.count(1000)


class Line:
    """What comes in on a line, one after the other."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.now = NOW

    async def hears(self, *parts: InboundPart) -> list[str]:
        """The texts that these made, told at once."""
        made = []
        for each in parts:
            self.now += 10
            fresh = replace(each, slot=f"SM:{next(_numbers)}")
            received = await self.store.receive(fresh, "office", self.now)
            made += [received.text] if received else []
        return made

    async def waits(self, ms: int, *, partial_after: int = HOUR) -> list[Received]:
        """What comes of waiting."""
        self.now += ms
        return list(await self.store.release_partial(self.now - partial_after, self.now))

    async def inbox(self) -> list[tuple[str, bool]]:
        """Oldest first: text, and whether parts are missing."""
        rows = (await self.store.inbox("shop", InboxQuery(limit=100), self.now)).rows
        return [(row.text, row.partial) for row in reversed(rows)]


@pytest.fixture
def line(store: SqliteStore) -> Line:
    return Line(store)


FIRST = [part(1, "first one ", NOW), part(2, "first two", NOW + 2 * SECOND)]
SECOND_ONE = [part(1, "second one ", NOW + MINUTE), part(2, "second two", NOW + MINUTE + 2 * SECOND)]
WHOLE = {"first one first two", "second one second two"}


# -- two messages, one reference ------------------------------------------------------------------
@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_two_messages_of_one_reference_are_two_in_every_order(line: Line, order: tuple[int, ...]) -> None:
    parts = [*FIRST, *SECOND_ONE]
    told = await line.hears(*(parts[place] for place in order))
    assert set(told) == WHOLE
    assert await line.waits(HOUR + SECOND) == []
    assert len(await line.inbox()) == 2


async def test_a_second_message_may_begin_before_the_first_is_complete(line: Line) -> None:
    assert await line.hears(FIRST[0], *SECOND_ONE) == ["second one second two"]
    assert await line.hears(FIRST[1]) == ["first one first two"]


async def test_parts_of_two_messages_whose_others_are_lost_are_not_one(line: Line) -> None:
    late = replace(SECOND_ONE[1], sent_at=NOW + 5 * HOUR)
    assert await line.hears(FIRST[0], late) == []
    await line.waits(HOUR)
    assert await line.inbox() == [("first one [part 2 of 2 missing]", True), ("[part 1 of 2 missing]second two", True)]


async def test_another_total_is_another_message(line: Line) -> None:
    other = [part(index, f"of three {index} ", NOW, total=3) for index in (1, 2, 3)]
    told = await line.hears(FIRST[0], other[0], other[2], FIRST[1], other[1])
    assert told == ["first one first two", "of three 1 of three 2 of three 3 "]


async def test_the_same_part_with_another_text_is_of_another_message(line: Line) -> None:
    """Nothing but the order of arrival tells them apart."""
    other = [part(1, "other one ", NOW), part(2, "other two", NOW + 2 * SECOND)]
    assert await line.hears(FIRST[0], other[0], FIRST[1], other[1]) == ["first one first two", "other one other two"]


async def test_the_same_text_sent_twice_is_two_messages(line: Line) -> None:
    again = [replace(each, sent_at=each.sent_at + MINUTE) for each in FIRST]
    assert await line.hears(*FIRST, *again) == ["first one first two"] * 2


async def test_the_same_text_sent_twice_without_a_time_stamp_is_two_messages(line: Line) -> None:
    bare = [replace(each, sent_at=0) for each in FIRST]
    assert await line.hears(*bare, *bare) == ["first one first two"] * 2


async def test_a_part_without_a_time_stamp_that_comes_twice_is_no_message_of_its_own(line: Line) -> None:
    one, two = (replace(each, sent_at=0) for each in FIRST)
    assert await line.hears(one, one, two, two) == ["first one first two"]
    assert await line.waits(HOUR + SECOND) == []
    assert await line.inbox() == [("first one first two", False)]


# -- repeats --------------------------------------------------------------------------------------
@pytest.mark.parametrize("order", [(0, 0, 1, 1), (0, 1, 0, 1), (1, 1, 0, 0), (1, 0, 1, 0), (0, 1, 1, 0)])
async def test_what_the_network_delivers_twice_is_one(line: Line, order: tuple[int, ...]) -> None:
    assert await line.hears(*(FIRST[place] for place in order)) == ["first one first two"]
    assert await line.waits(HOUR + SECOND) == []
    assert len(await line.inbox()) == 1


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 1, 3, 2), (0, 2, 1, 3), (3, 0, 1, 2)])
async def test_two_messages_that_begin_alike_in_one_second_are_both_whole(line: Line, order: tuple[int, ...]) -> None:
    """The beginning of the second could be a repeat of the first one's: it is used when nothing better comes."""
    parts = [part(1, "head ", NOW), part(2, "A", NOW), part(1, "head ", NOW), part(2, "B", NOW)]
    await line.hears(*(parts[place] for place in order))
    await line.waits(HOLD)
    assert set(await line.inbox()) == {("head A", False), ("head B", False)}
    assert await line.waits(HOUR + SECOND) == []


async def test_a_repeated_beginning_is_not_put_before_what_has_one_of_its_own(line: Line) -> None:
    assert await line.hears(*FIRST, FIRST[0]) == ["first one first two"]
    assert await line.hears(part(2, "other two", NOW), part(1, "other one ", NOW)) == ["other one other two"]
    assert await line.waits(HOUR + SECOND) == []


async def test_a_part_that_the_sender_sent_again_is_no_message_of_its_own(line: Line) -> None:
    again = replace(FIRST[0], sent_at=NOW + 30 * SECOND)
    last = replace(FIRST[1], sent_at=NOW + 32 * SECOND)
    assert await line.hears(FIRST[0], again, last) == ["first one first two"]
    assert await line.waits(HOUR + SECOND) == []
    assert await line.inbox() == [("first one first two", False)]


async def test_a_repeat_is_known_across_a_day_and_not_for_ever(line: Line) -> None:
    await line.hears(*FIRST)
    await line.waits(WINDOW - MINUTE)
    assert await line.hears(FIRST[0]) == []
    await line.waits(2 * MINUTE)
    assert len(await line.waits(HOUR + SECOND)) == 0  # the repeat of a minute before the day was over was dropped
    assert await line.hears(*FIRST) == ["first one first two"]


# -- slow senders ---------------------------------------------------------------------------------
async def test_a_message_whose_parts_are_far_apart_is_held_a_moment_for_a_better_fit(line: Line) -> None:
    slow = replace(FIRST[1], sent_at=NOW + MINUTE)
    assert await line.hears(FIRST[0], slow) == []
    assert await line.waits(HOLD - SECOND) == []
    (made,) = await line.waits(2 * SECOND)
    assert (made.text, made.partial) == ("first one first two", False)


async def test_what_fits_better_comes_meanwhile(line: Line) -> None:
    assert await line.hears(FIRST[0], SECOND_ONE[1]) == []
    assert await line.hears(FIRST[1]) == ["first one first two"]
    assert await line.hears(SECOND_ONE[0]) == ["second one second two"]


async def test_whoever_waits_for_what_is_due_is_told_when_to_look(line: Line) -> None:
    due: list[int] = []
    assert line.store._bus is not None
    line.store._bus.subscribe_queues(lambda queued: due.extend(each.due_at for each in queued))
    await line.hears(FIRST[0], replace(FIRST[1], sent_at=NOW + MINUTE))
    assert due[-1] == line.now + HOLD


async def test_stamps_out_of_order_by_seconds_are_one_message(line: Line) -> None:
    """A centre of many machines stamps that way."""
    assert await line.hears(FIRST[0], replace(FIRST[1], sent_at=NOW - SECOND)) == []
    (made,) = await line.waits(HOLD)
    assert made.text == "first one first two"


async def test_parts_without_a_stamp_are_put_together_as_they_come(line: Line) -> None:
    assert await line.hears(*(replace(each, sent_at=0) for each in FIRST)) == ["first one first two"]


# -- late parts -----------------------------------------------------------------------------------
async def test_a_part_that_comes_after_all_completes_the_same_sms(line: Line) -> None:
    await line.hears(FIRST[0])
    (partial,) = await line.waits(HOUR + SECOND)
    assert partial.partial
    assert await line.hears(FIRST[1]) == ["first one first two"]
    assert await line.inbox() == [("first one first two", False)]
    told = [event for event in await line.store.events("", 0, 99) if event.name == events.MESSAGE_RECEIVED]
    assert [(event.subject, event.data["partial"]) for event in told] == [(partial.id, True), (partial.id, False)]


async def test_late_parts_fill_one_gap_after_the_other(line: Line) -> None:
    parts = [part(index, f"{index} ", NOW + index * SECOND, total=4) for index in range(1, 5)]
    await line.hears(parts[1])
    await line.waits(HOUR + SECOND)
    assert await line.hears(parts[3]) == ["[part 1 of 4 missing]2 [part 3 of 4 missing]4 "]
    assert await line.hears(parts[0]) == ["1 2 [part 3 of 4 missing]4 "]
    assert await line.hears(parts[2]) == ["1 2 3 4 "]
    assert len(await line.inbox()) == 1


async def test_a_late_part_of_a_new_message_is_not_put_into_an_old_one(line: Line) -> None:
    await line.hears(FIRST[0])
    await line.waits(HOUR + SECOND)
    new = [replace(each, sent_at=each.sent_at + 2 * HOUR) for each in SECOND_ONE]
    assert await line.hears(new[1], new[0]) == ["second one second two"]
    assert await line.inbox() == [("first one [part 2 of 2 missing]", True), ("second one second two", False)]


# -- odd ones -------------------------------------------------------------------------------------
@pytest.mark.parametrize("concat", [Concat(7, 2, 0), Concat(7, 2, 3), Concat(7, 0, 0), Concat(7, 0, 1)])
async def test_a_part_that_cannot_be_one_is_given_out_as_it_is(line: Line, concat: Concat) -> None:
    assert await line.hears(replace(FIRST[0], concat=concat)) == ["first one "]


async def test_a_message_of_one_part_is_complete(line: Line) -> None:
    assert await line.hears(part(1, "alone", NOW, total=1)) == ["alone"]


async def test_what_was_deleted_by_the_keeper_s_terms_is_not_brought_back_by_a_late_part(line: Line) -> None:
    await line.hears(FIRST[0])
    await line.waits(HOUR + SECOND)
    while await line.store.sweep(line.now + 1, 0):
        pass
    assert await line.hears(FIRST[1]) == ["[part 1 of 2 missing]first two"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
async def test_nothing_is_lost_doubled_or_mixed_in_any_interleaving(store: SqliteStore, data: st.DataObject) -> None:
    """Three messages under one reference, a minute apart, some parts twice, in any order."""
    line, total, reference = Line(store), data.draw(st.integers(2, 4)), next(_numbers)
    texts = [[f"<{reference}.{number}.{index}>" for index in range(1, total + 1)] for number in range(3)]
    parts = [
        part(index, text, NOW + number * MINUTE + index * SECOND, total=total, reference=reference)
        for number, message in enumerate(texts)
        for index, text in enumerate(message, 1)
    ]
    again = data.draw(st.lists(st.integers(0, 3 * total - 1), max_size=4))
    order = data.draw(st.permutations([*range(3 * total), *again]))
    told = await line.hears(*(parts[place] for place in order))
    assert sorted(told) == sorted("".join(message) for message in texts)
    assert await line.waits(HOUR + SECOND) == []
