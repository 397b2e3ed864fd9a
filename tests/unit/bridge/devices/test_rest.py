"""For how long a line that is refused is left alone, and what it is called meanwhile."""

import pytest

from bridge.devices.rest import SCHEDULES, Rest
from bridge.errors import Refusal
from bridge.model.line import LineState


@pytest.fixture
def rest() -> Rest:
    return Rest(lambda: 0.5)  # in the middle of the jitter


@pytest.mark.parametrize(
    ("kind", "waits"),
    [
        (Refusal.NETWORK, [2, 4, 8, 16, 32, 60, 60]),
        (Refusal.LINE, [5, 10, 20, 40, 80, 160, 300, 300]),
        (Refusal.CREDIT, [60, 120, 240, 480, 600, 600]),
    ],
)
def test_each_refusal_makes_the_rest_longer_up_to_a_ceiling(rest: Rest, kind: Refusal, waits: list[float]) -> None:
    assert [rest.begin(kind, "no", 0.0) for _ in waits] == waits


def test_lines_that_were_refused_together_do_not_come_back_together() -> None:
    early, late = Rest(lambda: 0.0), Rest(lambda: 0.999)
    assert early.begin(Refusal.NETWORK, "no", 0.0) < 2 < late.begin(Refusal.NETWORK, "no", 0.0)


def test_it_counts_down_and_may_be_cut_short(rest: Rest) -> None:
    rest.begin(Refusal.NETWORK, "no", 100.0)
    assert [rest.left(at) for at in (100.0, 101.5, 103.0)] == [2.0, 0.5, 0.0]
    rest.cut_short()
    assert rest.left(100.0) == 0
    assert rest.reason


def test_a_message_that_goes_out_ends_it_for_good(rest: Rest) -> None:
    rest.begin(Refusal.NETWORK, "no", 0.0)
    rest.begin(Refusal.NETWORK, "no", 0.0)
    rest.end()
    assert (rest.reason, rest.left(0.0)) == ("", 0)
    assert rest.begin(Refusal.NETWORK, "no", 0.0) == 2


def test_with_nothing_to_try_with_the_line_counts_as_fit_and_a_new_refusal_goes_on_counting(rest: Rest) -> None:
    rest.begin(Refusal.NETWORK, "no", 0.0)
    rest.give_credit()
    assert rest.reason == ""
    assert rest.begin(Refusal.NETWORK, "no", 9.0) == 4


def test_another_kind_of_refusal_begins_anew(rest: Rest) -> None:
    rest.begin(Refusal.NETWORK, "no", 0.0)
    rest.begin(Refusal.NETWORK, "no", 0.0)
    assert rest.begin(Refusal.LINE, "no", 0.0) == 5


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (Refusal.NETWORK, LineState.OUT_OF_SERVICE),
        (Refusal.LINE, LineState.PARKED),
        (Refusal.CREDIT, LineState.PARKED),
    ],
)
def test_says_what_the_line_is_and_why_and_that_it_tries_again(rest: Rest, kind: Refusal, state: LineState) -> None:
    rest.begin(kind, "+CMS ERROR: 331 (no network service)", 0.0)
    assert rest.state is state
    assert "+CMS ERROR: 331 (no network service)" in rest.reason
    assert "tries again by itself" in rest.reason


def test_every_refusal_that_is_about_the_line_has_a_schedule() -> None:
    assert set(SCHEDULES) == set(Refusal) - {Refusal.PERMANENT, Refusal.TEMPORARY}
