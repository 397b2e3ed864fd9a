"""Whether a row of a phone's store is about the number that was dialled, whatever way it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.android_adb.numbers import digits, same_number, tidy


@pytest.mark.parametrize(
    ("dialled", "stored"),
    [
        ("+15550199", "+1 (555) 0199"),
        ("+447700900123", "07700900123"),
        ("+447700900123", "00447700900123"),
        ("+447700900123", "011447700900123"),
        ("07700900123", "+447700900123"),
        ("+8613800138000", "13800138000"),
        ("+86 138 0013 8000", "8613800138000"),
        ("+79161234567", "89161234567"),
        ("+36201234567", "06201234567"),
        ("+4712345678", "12345678"),
        ("+35312345678", "012345678"),
        ("+390612345678", "0612345678"),
        ("+299123456", "123456"),
        ("+5491112345678", "011 15 1234-5678"),
        ("+5492944123456", "0294415123456"),
        ("+525512345678", "015512345678"),
        ("+966501234567", "٠٥٠١٢٣٤٥٦٧"),
        ("+447700900123", "\u202a+44 7700 900123\u202c"),
        ("12345", "12345"),
    ],
)
def test_one_number_is_written_in_many_ways(dialled: str, stored: str) -> None:
    assert same_number(dialled, stored)
    assert same_number(stored, dialled)


@pytest.mark.parametrize(
    ("dialled", "stored"),
    [
        ("+447700900123", "+447700900124"),
        ("+447700900123", "07700900124"),
        ("+447700900123", "+337700900123"),
        ("+447700900123", "00900123"),
        ("+15550199", "+5550199"),
        ("12345", "99912345"),
        ("+15550199", ""),
        ("+15550199", "VODAFONE"),
    ],
)
def test_two_numbers_are_two(dialled: str, stored: str) -> None:
    assert not same_number(dialled, stored)
    assert not same_number(stored, dialled)


@pytest.mark.parametrize(
    ("written", "tidied"),
    [
        ("+1 (555) 0150", "+15550150"),
        ("+١٥٥٥٠١٥٠", "+15550150"),
        ("87000", "87000"),
        ("VODAFONE", "VODAFONE"),
        ("1-800-FLOWERS", "1-800-FLOWERS"),
        ("", ""),
        ("-", "-"),
    ],
)
def test_a_sender_is_a_number_or_a_name(written: str, tidied: str) -> None:
    assert tidy(written) == tidied


@given(st.text(), st.text())
def test_it_does_not_matter_which_comes_first(one: str, other: str) -> None:
    assert same_number(one, other) == same_number(other, one)


@given(st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
def test_every_number_is_itself_and_keeps_its_digits(number: str) -> None:
    assert same_number(number, number)
    assert digits(" ".join(number)) == number
