"""Numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidNumber
from bridge.messages.phone_numbers import masked, normalise, same_subscriber


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+15550123", "+15550123"),
        ("+44 7700 900-123", "+447700900123"),
        ("0044 7700 900123", "+447700900123"),
        (" 447700900123", "+447700900123"),
        ("07700 900123", "07700900123"),
        ("(555) 0123", "5550123"),
        ("+1.555.0123", "+15550123"),
        ("80555", "80555"),
        ("\u202a+15550123\u202c", "+15550123"),
        ("+１５５５０１２３", "+15550123"),
        ("٠٧٧٠٠٩٠٠١٢٣", "07700900123"),
    ],
)
def test_reads_what_people_write(written: str, number: str) -> None:
    assert normalise(written) == number


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("+15550123,+15550124", "one recipient"),
        ("Alice", "not a phone number"),
        ("*100#", "not a phone number"),
        ("1", "2 to 20 digits; this has 1"),
        ("+" + "5" * 21, "2 to 20 digits; this has 21"),
        ("++15550123", "not a phone number"),
        ("+1555\x000123", "not a phone number"),
    ],
)
def test_says_what_is_wrong(written: str, advice: str) -> None:
    with pytest.raises(InvalidNumber, match=advice) as caught:
        normalise(written)
    assert caught.value.field == "recipient"


@given(st.text())
def test_whatever_is_written_it_answers_or_refuses(written: str) -> None:
    try:
        number = normalise(written)
    except InvalidNumber:
        return
    assert number.removeprefix("+").isdecimal()
    assert number.isascii()
    assert normalise(number) == number


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+447700900123", "07700900123", True),
        ("+447700900123", "447700900123", True),
        ("+15550123", "+15550124", False),
        ("80555", "80555", True),
        ("80555", "555", False),
        ("+4477009000123", "+15550123", False),
    ],
)
def test_knows_one_subscriber_by_several_spellings(one: str, other: str, same: bool) -> None:
    assert same_subscriber(one, other) is same
    assert same_subscriber(other, one) is same


def test_logs_show_no_number() -> None:
    assert masked("+15550123") == "…23"
    assert masked("112") == "…"


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("07700 900123", "GB", "+447700900123"),
        ("7700900123", "GB", "+447700900123"),
        ("447700900123", "GB", "+447700900123"),
        ("+15550123", "GB", "+15550123"),
        ("0015550123456", "GB", "+15550123456"),
        ("138 0013 8000", "CN", "+8613800138000"),
        ("8613800138000", "CN", "+8613800138000"),
        (" 447700900123", "CN", "+447700900123"),
        ("10086", "CN", "10086"),
        ("123456", "GB", "123456"),
        ("07700900123", "", "07700900123"),
    ],
)
def test_a_national_number_of_a_known_country_becomes_international(written: str, country: str, expected: str) -> None:
    assert normalise(written, country) == expected


@pytest.mark.parametrize(("written", "country"), [("99999999999999", "GB"), ("5550123", "US")])
def test_refuses_what_is_no_number_of_the_country(written: str, country: str) -> None:
    with pytest.raises(InvalidNumber, match=f"no complete phone number of {country}"):
        normalise(written, country)
