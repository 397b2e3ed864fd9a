"""What is accepted at all."""

import pytest

from bridge.errors import BadRequest, InvalidNumber, InvalidText
from bridge.messages.validation import Limits, check_recipient, check_times, parts_of
from bridge.model.message import Draft

NOW = 1_795_000_000_000


@pytest.mark.parametrize(("text", "parts"), [("hi", 1), ("x" * 160, 1), ("x" * 161, 2), ("ж" * 71, 2), ("a\nb\tc", 1)])
def test_counts_parts(text: str, parts: int) -> None:
    assert parts_of(text, Limits()) == parts


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("a\x00b", r"U\+0000 at 1"),
        ("\ud83d", r"U\+D83D"),
        ("x" * 1531, "needs 11 SMS parts; the most is 10"),
        ("x" * 40_000, "40000 characters"),
    ],
)
def test_refuses_what_no_sms_can_carry(text: str, advice: str) -> None:
    with pytest.raises(InvalidText, match=advice):
        parts_of(text, Limits(max_parts=10))


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft("+15550123", "x", not_before=NOW * 1000), "not_before"),
        (Draft("+15550123", "x", expires_at=NOW), "expires_at"),
        (Draft("+15550123", "x", not_before=NOW + 10, expires_at=NOW + 10), "expires_at"),
        (Draft("+15550123", "x", client_ref="r" * 129), "client_ref"),
        (Draft("+15550123", "x", tag="t" * 257), "tag"),
    ],
)
def test_refuses_times_and_references_that_make_no_sense(draft: Draft, field: str) -> None:
    with pytest.raises(BadRequest) as caught:
        check_times(draft, NOW, Limits())
    assert caught.value.field == field


def test_a_moment_in_the_past_means_now() -> None:
    check_times(Draft("+15550123", "x", not_before=NOW - 1), NOW, Limits())


@pytest.mark.parametrize(
    ("number", "country"),
    [("112", ""), ("911", ""), ("+112", ""), ("999", "GB"), ("110", "CN"), ("120", "CN"), ("17", "FR"), ("911", "US")],
)
def test_emergency_numbers_are_refused_unless_allowed(number: str, country: str) -> None:
    with pytest.raises(InvalidNumber, match=r"is an emergency number; sending\.allow_emergency"):
        check_recipient(number, country, Limits())
    check_recipient(number, country, Limits(emergency=True))


@pytest.mark.parametrize(
    ("number", "country"), [("12345", ""), ("120", ""), ("+15550112", "US"), ("10086", "CN"), ("60777", "GB")]
)
def test_other_short_codes_and_numbers_are_none(number: str, country: str) -> None:
    check_recipient(number, country, Limits())
