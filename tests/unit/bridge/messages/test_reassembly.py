"""Which parts belong together: by their numbers, and by the order and the nearness of their stamps."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.messages.reassembly import BACKWARDS, FARTHEST, STEP, Fragment, apart, complete, is_certain, is_possible

NOW = 1_795_000_000_000
SECOND = 1000


def part(index: int, sent_at: int, seq: int = 0, text: bytes = b"") -> Fragment:
    return Fragment(seq or index, index, text, "", sent_at and NOW + sent_at, NOW)


def test_is_complete_with_every_number() -> None:
    one, two, three = (part(index, index * SECOND) for index in (1, 2, 3))
    assert complete(three, [one, two, three], 3) == [one, two, three]
    assert complete(three, [one, three], 3) is None
    assert complete(one, [one], 1) == [one]


def test_prefers_the_part_that_was_stamped_just_before() -> None:
    old, new, last = part(1, SECOND, 1), part(1, 60 * SECOND, 2), part(2, 62 * SECOND, 3)
    assert complete(last, [old, new, last], 2) == [new, last]


def test_prefers_an_order_that_a_sender_makes() -> None:
    """The nearest by the clock is of the next message: its first part was stamped after this second one."""
    first, second, later = part(1, SECOND, 1), part(2, 4 * SECOND, 2), part(1, 5 * SECOND, 3)
    assert complete(second, [first, later, second], 2) == [first, second]


def test_takes_the_first_to_arrive_where_stamps_are_alike() -> None:
    first, again, last = part(1, SECOND, 1), part(1, SECOND, 2), part(2, SECOND, 3)
    assert complete(last, [again, first, last], 2) == [first, last]


@pytest.mark.parametrize(
    ("stamps", "certain", "possible"),
    [
        ((0, 0, 0), True, True),
        ((10, 10 + STEP, 10 + 2 * STEP), True, True),
        ((10, 10 + STEP + 1, 20 + STEP), False, True),
        ((1000, 999, 1000), False, True),
        ((10_000, 10_000 - BACKWARDS - 1, 10_000), False, False),
        ((10, 10 + FARTHEST, 10 + FARTHEST), False, True),
        ((10, 10 + FARTHEST + 1, 10 + FARTHEST + 1), False, False),
    ],
)
def test_is_certain_when_soon_and_in_order_and_possible_when_not_absurd(
    stamps: tuple[int, ...], certain: bool, possible: bool
) -> None:
    parts = [part(index, stamp) for index, stamp in enumerate(stamps, 1)]
    assert (is_certain(parts), is_possible(parts)) == (certain, possible)


def test_a_gap_in_the_numbers_takes_the_time_of_its_parts() -> None:
    assert is_certain([part(1, SECOND), part(4, SECOND + 3 * STEP)])
    assert not is_certain([part(1, SECOND), part(4, SECOND + 3 * STEP + 1)])


def test_what_waited_in_vain_is_told_apart() -> None:
    one, three, later, other = part(1, SECOND, 1), part(3, 3 * SECOND, 2), part(3, 90 * SECOND, 3), part(1, SECOND, 4)
    assert apart([later, three, one, other]) == [[one, three], [other, later]]
    far = part(3, FARTHEST + 2 * SECOND, 5)
    assert apart([far, one]) == [[one], [far]]


@given(
    totals=st.integers(2, 5),
    steps=st.lists(st.integers(0, STEP), min_size=20, max_size=20),
    breaks=st.lists(st.integers(STEP + 1, 100 * STEP), min_size=4, max_size=4),
    seed=st.integers(0, 1 << 32),
)
def test_messages_that_share_everything_come_out_whole_in_whatever_order_they_arrive(
    totals: int, steps: list[int], breaks: list[int], seed: int
) -> None:
    """One after the other from one sender, under one reference, each with as many parts as the others."""
    at, messages, pace = SECOND, [], itertools.cycle(steps)
    for number, pause in enumerate(breaks):
        parts = []
        for index in range(1, totals + 1):
            at += 0 if index == 1 else next(pace)
            parts.append(part(index, at, text=bytes([number])))
        messages.append(parts)
        # the next begins so late that no part of it can be taken for one that follows soon
        at += pause + STEP * totals
    arriving = [each for parts in messages for each in parts]
    random.Random(seed).shuffle(arriving)
    waiting: list[Fragment] = []
    made = []
    for each in arriving:
        waiting.append(each)
        whole = complete(each, waiting, totals)
        if whole is not None and is_certain(whole):
            made.append(whole)
            waiting = [other for other in waiting if other not in whole]
    assert waiting == []
    assert sorted(made, key=lambda parts: parts[0].sent_at) == messages
