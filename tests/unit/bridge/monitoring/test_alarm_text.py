"""Alarms in words: when it began, for how long, what else is wrong, and what to do."""

import pytest

from bridge.model.event import ALARM_OVER, ALARM_RAISED
from bridge.monitoring.alarm_text import REMEDY, RaisedAlarm, begun, ended, gathered, span, trial
from tests.support.store_rows import NOW

MINUTE = 60_000  # ms
LOST = RaisedAlarm(NOW, NOW, "line office is absent", "line office is back", "office", "unplugged\ncheck the cable")
FULL = RaisedAlarm(NOW - MINUTE, NOW, "the disk is full", "the disk has room again")


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (-5, "0 seconds"),
        (0, "0 seconds"),
        (1_999, "1 second"),
        (2_000, "2 seconds"),
        (119_999, "119 seconds"),
        (120_000, "2 minutes"),
        (7_199_999, "119 minutes"),
        (7_200_000, "2 hours"),
        (2 * 86_400_000 - 1, "47 hours"),
        (2 * 86_400_000, "2 days"),
    ],
)
def test_a_time_is_as_exact_as_anybody_needs(milliseconds: int, words: str) -> None:
    assert span(milliseconds) == words


def test_a_beginning_says_what_since_when_why_and_what_to_do() -> None:
    event = begun("line.office", LOST, [], NOW + 5 * MINUTE)
    text = str(event.data["text"]).splitlines()
    assert (event.name, event.subject, event.data["title"]) == (ALARM_RAISED, "line.office", "line office is absent")
    first = f"line office is absent, since {LOST.since}, for 5 minutes now."
    assert text == [first, "unplugged", "check the cable", "", REMEDY]
    assert (event.data["line"], event.data["began_at"], event.data["reminder"]) == ("office", NOW, 0)


def test_a_reminder_says_that_it_is_one() -> None:
    event = begun("line.office", RaisedAlarm(NOW, NOW, LOST.title, LOST.over, reminders=2), [], NOW + MINUTE)
    assert (event.data["title"], event.data["reminder"]) == ("Still so: line office is absent", 2)


def test_an_alarm_lists_what_else_is_wrong() -> None:
    text = str(begun("line.office", LOST, [FULL], NOW).data["text"])
    assert f"Wrong at this moment:\n- the disk is full, since {FULL.since}" in text


def test_an_end_says_how_long_it_took() -> None:
    event = ended("line.office", LOST, [], NOW + 3 * MINUTE)
    assert (event.name, event.data["title"], event.data["seconds"]) == (ALARM_OVER, "line office is back", 180)
    assert "after 3 minutes" in str(event.data["text"])


def test_what_is_not_configured_any_more_is_not_said_to_be_well() -> None:
    event = ended("line.office", LOST, [], NOW + MINUTE, watched=False)
    assert event.data["title"] == "No longer watched: line office is absent"
    assert "is back" not in str(event.data["text"])


@pytest.mark.parametrize(
    ("count", "wrong", "name", "title"),
    [
        (1, [], ALARM_OVER, "1 alarm was held back; all is in order now"),
        (7, [FULL], ALARM_RAISED, "7 alarms were held back; 1 still is wrong"),
        (7, [FULL, LOST], ALARM_RAISED, "7 alarms were held back; 2 still are wrong"),
    ],
)
def test_those_held_back_are_told_together(count: int, wrong: list[RaisedAlarm], name: str, title: str) -> None:
    event = gathered(count, wrong, NOW)
    assert (event.name, event.data["title"], event.data["held_back"]) == (name, title, count)


def test_a_trial_says_that_nothing_is_wrong() -> None:
    assert "nothing is wrong" in str(trial(NOW).data["text"])


def test_all_alarms_have_the_same_fields() -> None:
    told = [begun("a", LOST, [], NOW), ended("a", LOST, [], NOW), gathered(1, [], NOW), trial(NOW)]
    assert len({frozenset(event.data) for event in told}) == 1
