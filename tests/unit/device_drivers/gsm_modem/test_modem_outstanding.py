"""Whose result it is, as far as order and references tell."""

import time

import pytest

from bridge.model.radio import Outgoing
from device_drivers.gsm_modem import outstanding
from device_drivers.gsm_modem.outstanding import Given, Outstanding, Result

TAKEN = Result(0)


def hand_over(waiting: Outstanding, name: str, given_up: bool = False) -> Given:
    given = waiting.hand_over(Outgoing(name, "+15550150", name))
    if given_up:
        assert not waiting.give_up(given)
    return given


def settled(found: list[Given]) -> list[tuple[str, Result | None]]:
    return [(given.outgoing.message, given.result) for given in found]


def test_the_only_message_gets_the_result() -> None:
    waiting = Outstanding()
    given = hand_over(waiting, "one")
    assert settled(waiting.answered(given, Result(7), 0.0)) == [("one", Result(7))]
    assert not waiting


def test_a_result_that_comes_late_settles_what_was_given_up() -> None:
    waiting = Outstanding()
    hand_over(waiting, "one", given_up=True)
    assert settled(waiting.late(Result(7))) == [("one", Result(7))]
    assert settled(waiting.late(Result(8))) == []


def test_two_results_belong_to_two_messages_in_their_order() -> None:
    waiting = Outstanding()
    hand_over(waiting, "one", given_up=True)
    second = hand_over(waiting, "two")
    assert waiting.late(Result(final="+CMS ERROR: 38")) == []
    assert settled(waiting.answered(second, Result(7), 0.0)) == [
        ("one", Result(7)),
        ("two", Result(final="+CMS ERROR: 38")),
    ]


def test_one_result_for_two_messages_settles_none_of_them() -> None:
    waiting = Outstanding()
    hand_over(waiting, "one", given_up=True)
    second = hand_over(waiting, "two")
    assert waiting.answered(second, TAKEN, 0.01) == []
    assert waiting.give_up(second) == []
    assert settled(waiting.late(Result(1))) == [("one", TAKEN), ("two", Result(1))]


def test_a_third_message_is_not_held_up_by_two_that_nobody_can_tell_apart() -> None:
    waiting = Outstanding()
    hand_over(waiting, "one", given_up=True)
    second = hand_over(waiting, "two")
    assert waiting.answered(second, TAKEN, 0.0) == []
    waiting.give_up(second)
    assert settled(waiting.answered(hand_over(waiting, "three"), Result(1), 0.0)) == [("three", Result(1))]


@pytest.mark.parametrize(("last", "reference"), [(5, 7), (254, 0), (255, 1)])
def test_a_reference_that_is_too_far_on_for_the_first_is_the_seconds(last: int, reference: int) -> None:
    waiting = Outstanding()
    waiting.answered(hand_over(waiting, "zero"), Result(last), 0.0)
    hand_over(waiting, "one", given_up=True)
    second = hand_over(waiting, "two")
    assert settled(waiting.answered(second, Result(reference), 0.0)) == [("two", Result(reference))]
    assert not waiting


def test_the_reference_that_comes_next_may_be_either_ones() -> None:
    """The modem may have dropped the first without counting it."""
    waiting = Outstanding()
    waiting.answered(hand_over(waiting, "zero"), Result(5), 0.0)
    hand_over(waiting, "one", given_up=True)
    assert waiting.answered(hand_over(waiting, "two"), Result(6), 0.01) == []


def test_after_a_refusal_references_tell_nothing() -> None:
    """It may have used one up, or not."""
    waiting = Outstanding()
    waiting.answered(hand_over(waiting, "zero"), Result(5), 0.0)
    waiting.answered(hand_over(waiting, "refused"), Result(final="+CMS ERROR: 38"), 0.0)
    hand_over(waiting, "one", given_up=True)
    assert waiting.answered(hand_over(waiting, "two"), Result(7), 0.01) == []


def test_what_was_given_up_long_ago_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Outstanding()
    hand_over(waiting, "one", given_up=True)
    later = time.monotonic() + outstanding.LATE_FOR
    monkeypatch.setattr(outstanding.time, "monotonic", lambda: later)
    second = hand_over(waiting, "two")
    assert settled(waiting.answered(second, TAKEN, 0.0)) == [("two", TAKEN)]


def test_nobody_waits_for_what_is_settled_meanwhile() -> None:
    waiting = Outstanding()
    given = hand_over(waiting, "one", given_up=True)
    waiting.drop(given)
    waiting.wait(60.0)
    assert not waiting
