"""How far a stamp is from a part's time, and which references may come next."""

import pytest

from bridge.model.message import State
from bridge.store.delivery_reports import Candidate, CentreClock, may_follow

NOW = 1_795_000_000_000
UNKNOWN, KNOWN = CentreClock(), CentreClock(0, known=True)


def part(begun: int = NOW, ended: int = NOW + 500) -> Candidate:
    return Candidate("m", 1, State.SENT, begun, ended, 0)


@pytest.mark.parametrize(
    ("stamp", "distance"),
    [
        (NOW, 0),
        (NOW - 999, 0),  # the centre leaves out parts of a second
        (NOW - 1000, 1),
        (NOW + 500, 0),
        (NOW + 501, 1),
        (NOW + 60_500, 60_000),
    ],
)
def test_a_stamp_within_the_hand_over_is_at_no_distance(stamp: int, distance: int) -> None:
    assert part().distance(stamp, KNOWN) == distance


@pytest.mark.parametrize("ahead", [-3_600_000, 5, 90_000])
def test_the_centre_s_clock_is_taken_into_account(ahead: int) -> None:
    assert part().distance(NOW + ahead, CentreClock(ahead, known=True)) == 0


def test_a_stamp_tells_between_which_offsets_the_clock_is() -> None:
    earliest, latest = part().offsets(NOW + 60_000)
    assert (earliest, latest) == (59_500, 60_999)
    for offset in (earliest, latest):
        assert part().distance(NOW + 60_000, CentreClock(offset, known=True)) == 0


def test_a_clock_that_is_known_allows_less() -> None:
    assert KNOWN.slack < UNKNOWN.slack


@pytest.mark.parametrize(
    ("before", "reference", "possible"),
    [
        ((), 99, True),
        ((5,), 6, True),
        ((5,), 20, True),
        ((5,), 5, False),
        ((5,), 4, False),
        ((5,), 99, False),
        ((250,), 3, True),
        ((5, 4), 99, False),
        ((5, 4), 7, True),
        ((5, 200), 99, True),  # the modem began anew, or counts in no order at all
    ],
)
def test_references_count_up_unless_they_are_seen_not_to(
    before: tuple[int, ...], reference: int, possible: bool
) -> None:
    assert may_follow(reference, before) is possible
