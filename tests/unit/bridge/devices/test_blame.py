"""Whose trouble a refusal is."""

import pytest

from bridge.devices.blame import Blame
from bridge.errors import Refusal, SendRefused

ONE, TWO, THREE, FOUR = "+15550101", "+15550102", "+15550103", "+15550104"


def judged(blame: Blame, refusal: Refusal, *recipients: str) -> list[Refusal]:
    return [blame.judge(SendRefused("the network's words", refusal), recipient).refusal for recipient in recipients]


@pytest.mark.parametrize("refusal", [Refusal.PERMANENT, Refusal.LINE])
def test_some_refusals_mean_what_they_say(refusal: Refusal) -> None:
    assert judged(Blame(), refusal, ONE, ONE, TWO, THREE, FOUR) == [refusal] * 5


def test_the_words_stay() -> None:
    assert Blame().judge(SendRefused("+CMS ERROR: 42", Refusal.TEMPORARY), ONE).cause == "+CMS ERROR: 42"


@pytest.mark.parametrize(("said", "means"), [(Refusal.TEMPORARY, Refusal.NETWORK), (Refusal.CREDIT, Refusal.CREDIT)])
def test_what_several_numbers_meet_in_a_row_is_the_line_s_trouble(said: Refusal, means: Refusal) -> None:
    blame = Blame()
    assert judged(blame, said, ONE, ONE, ONE, TWO) == [Refusal.TEMPORARY] * 4
    assert judged(blame, said, THREE, ONE, FOUR) == [means] * 3
    blame.succeeded(FOUR)
    assert judged(blame, said, ONE) == [Refusal.TEMPORARY]


def test_a_network_out_of_order_is_the_line_s_trouble_at_once_and_for_as_long_as_nothing_goes_through() -> None:
    assert judged(Blame(), Refusal.NETWORK, ONE, ONE, TWO, ONE) == [Refusal.NETWORK] * 4


def test_a_number_that_finds_the_network_out_of_order_while_others_go_through_has_trouble_of_its_own() -> None:
    blame = Blame()
    assert judged(blame, Refusal.NETWORK, ONE) == [Refusal.NETWORK]
    blame.succeeded(TWO)
    assert judged(blame, Refusal.NETWORK, ONE, ONE, TWO) == [Refusal.TEMPORARY, Refusal.TEMPORARY, Refusal.NETWORK]


def test_a_number_that_was_reached_is_not_suspected_any_more() -> None:
    blame = Blame()
    judged(blame, Refusal.NETWORK, ONE)
    blame.succeeded(TWO)
    blame.succeeded(ONE)
    assert judged(blame, Refusal.NETWORK, ONE) == [Refusal.NETWORK]


def test_one_message_without_an_answer_is_no_reason_to_rest_and_two_in_a_row_are() -> None:
    blame = Blame()
    assert not blame.doubt()
    blame.succeeded(ONE)
    assert not blame.doubt()
    judged(blame, Refusal.PERMANENT, ONE)
    assert not blame.doubt()
    assert blame.doubt()
