"""Old or new: a row is old only when every clock that there is says so."""

import pytest

from device_drivers.android_adb.freshness import DELIVERY, SLACK, PhoneTime, Seen, at_first
from device_drivers.android_adb.store import Row

NOW, YEAR = 1_800_000_000_000, 365 * 86_400_000
SEEN = Seen(stored=NOW, sent=NOW)


def row(date: int, date_sent: int = 0) -> Row:
    return Row(1, 1, 1, date, date_sent, "", "+15550199", "hello")


@pytest.mark.parametrize(
    ("date", "sent", "new"),
    [
        (NOW + 1, NOW, True),
        (NOW - SLACK, 0, True),
        (NOW - SLACK - 1, 0, False),
        (NOW - YEAR, NOW - YEAR, False),
        (NOW - YEAR, NOW - DELIVERY, True),
        (NOW - YEAR, NOW - DELIVERY - 1, False),
        (NOW + YEAR, NOW - YEAR, True),
        (0, NOW - YEAR, True),
        (-1_234_567, NOW - YEAR, True),
        ((1 << 32) - 1, 0, True),
    ],
)
def test_one_time_that_says_new_is_enough(date: int, sent: int, new: bool) -> None:
    assert SEEN.is_new(row(date, sent)) is new


@pytest.mark.parametrize(("date", "new"), [(NOW - 60_000 - SLACK, True), (NOW - 60_000 - SLACK - 1, False)])
def test_what_was_stored_since_the_last_look_is_new(date: int, new: bool) -> None:
    assert PhoneTime(NOW, 60_000).is_new(row(date)) is new


def test_the_newest_row_says_what_time_it_is_as_far_as_it_knows() -> None:
    assert SEEN.after(row(NOW + 5, NOW + 3)) == Seen(NOW + 5, NOW + 3)
    assert SEEN.after(row(NOW - YEAR, NOW - 1)) == Seen(NOW - YEAR, NOW - 1), "a clock may be set back"
    assert SEEN.after(row(NOW + 5)) == Seen(NOW + 5, NOW)
    assert SEEN.after(row(-7, 3)) == SEEN


def test_the_store_is_asked_the_same() -> None:
    assert Seen(NOW, NOW).condition == f"date>={NOW - SLACK} OR date_sent>={NOW - DELIVERY}"
    assert PhoneTime(NOW, 60_000).condition == f"date>={NOW - 60_000 - SLACK}"


@pytest.mark.parametrize(
    ("phone", "ours", "seen"),
    [
        (NOW, NOW + 5, Seen(NOW, NOW)),
        (NOW + 5, NOW, Seen(NOW + 5, NOW)),
        (0, NOW, Seen(NOW, NOW)),
        (NOW + YEAR, NOW, Seen(NOW + YEAR, NOW)),
    ],
)
def test_at_first_what_both_clocks_call_past_is_old(phone: int, ours: int, seen: Seen) -> None:
    assert at_first(phone, ours) == seen


@pytest.mark.parametrize("wrong", [1, NOW - 10 * YEAR])
def test_at_first_a_clock_that_is_certainly_wrong_makes_nothing_of_last_year_new(wrong: int) -> None:
    for seen in (at_first(wrong, NOW), at_first(NOW, wrong), at_first(wrong, wrong)):
        assert not seen.is_new(row(NOW - YEAR, NOW - YEAR))
