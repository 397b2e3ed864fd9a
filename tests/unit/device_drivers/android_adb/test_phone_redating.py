"""A row that an app has given another date, and one that has taken a deleted row's place."""

import pytest

from device_drivers.android_adb.freshness import SLACK, PhoneTime
from device_drivers.android_adb.redating import UNSURE, First, doubtful, first_dates
from device_drivers.android_adb.store import Row

NOW, AGO = 1_800_000_000_000, 3_000
TIME = PhoneTime(NOW, AGO)
#: when the row was first seen
DATE = NOW - 7_200_000


def row(date: int, id: int = 7, body: str = "hello") -> Row:
    return Row(id, 1, 1, date, 0, "", "+15550199", body)


FIRSTS = {number: First(DATE, row(DATE, number).digest) for number in (7, 8)}


def test_only_another_date_under_the_same_number_is_a_question() -> None:
    others = [row(DATE), row(DATE + 1, body="other"), row(DATE + 1, id=9)]
    assert doubtful(others, FIRSTS) == []
    assert doubtful([row(DATE + 1, 7), row(DATE + 1, 8)], FIRSTS) == [row(DATE + 1, 8), row(DATE + 1, 7)]


@pytest.mark.parametrize(
    ("date", "is_same"),
    [
        (DATE - 1, True),
        (DATE - SLACK, True),
        (NOW - AGO - UNSURE - 1, True),
        (NOW - AGO - UNSURE, False),
        (NOW, False),
        (NOW + UNSURE, False),
        (NOW + UNSURE + 1, True),
        (0, True),
    ],
)
def test_the_newest_row_is_another_one_if_it_may_have_come_since_the_last_look(date: int, is_same: bool) -> None:
    assert first_dates([row(date)], FIRSTS, [], TIME) == ({7: DATE} if is_same else {})


def test_no_row_takes_a_place_below_one_that_is_left() -> None:
    assert first_dates([row(NOW)], FIRSTS, [3, 9], TIME) == {7: DATE}
    assert first_dates([row(NOW)], FIRSTS, [3, 6], TIME) == {}
    moved = [row(DATE + 3_600_000, 8), row(NOW, 7)]
    assert first_dates(moved, FIRSTS, [], TIME) == {8: DATE, 7: DATE}


def test_half_of_a_date_tells_no_time() -> None:
    half = First(664_336_542, row(664_336_542).digest)
    assert first_dates([row(664_339_542)], {7: half}, [], TIME) == {}
    assert first_dates([row(664_339_542)], {7: half}, [9], TIME) == {7: 664_336_542}


def test_a_clock_that_was_set_back_by_much_hides_no_new_row() -> None:
    behind = PhoneTime(DATE - 86_400_000, AGO)
    assert first_dates([row(DATE - 86_400_000)], FIRSTS, [], behind) == {}
