"""When a provider is asked about a message, and when no more."""

import pytest

from device_drivers._cloud import inquiries as module
from device_drivers._cloud.inquiries import DELAYS, Inquiries, Inquiry

START = 1_795_000_000_000
ONE = Inquiry("m1", 1, "+15550100", START)


def asked(inquiries: Inquiries, seconds: float) -> list[str]:
    return [each.message for each in inquiries.due(START + round(seconds * 1000))]


def test_it_is_asked_after_each_delay_and_then_no_more() -> None:
    inquiries = Inquiries()
    inquiries.add(ONE, START)
    assert asked(inquiries, 29) == []
    for delay in DELAYS:
        assert asked(inquiries, delay) == ["m1"]
        assert asked(inquiries, delay) == []
    assert inquiries.pause(START) == float("inf")


def test_what_is_settled_is_not_asked_about() -> None:
    inquiries = Inquiries()
    inquiries.add(ONE, START)
    inquiries.drop(("m1", 1))
    inquiries.drop(("m1", 1))
    assert asked(inquiries, DELAYS[-1]) == []


def test_after_a_restart_the_last_question_that_was_missed_is_asked_at_once() -> None:
    inquiries = Inquiries()
    later = START + 700_000
    inquiries.add(ONE, later)
    assert inquiries.pause(later) == 0
    assert asked(inquiries, 700) == ["m1"]
    assert inquiries.pause(later) == 3600 - 700


def test_one_that_is_older_than_all_questions_is_asked_once() -> None:
    inquiries = Inquiries()
    inquiries.add(ONE, START + 10 * 86_400_000)
    assert asked(inquiries, 10 * 86_400) == ["m1"]
    assert inquiries.pause(START) == float("inf")


def test_nothing_is_asked_where_that_is_switched_off() -> None:
    inquiries = Inquiries(())
    inquiries.add(ONE, START)
    assert inquiries.of_number("+15550100") == []


def test_the_oldest_are_given_up_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    inquiries = Inquiries()
    for number in range(3):
        inquiries.add(Inquiry(f"m{number}", 1, "+15550100", START), START)
    assert [each.message for each in inquiries.of_number("+15550100")] == ["m1", "m2"]
