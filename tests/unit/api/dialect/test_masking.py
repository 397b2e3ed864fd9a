"""Numbers as the template platform shows them: enough to recognise one's own, too little to call anybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.dialect.masking import masked


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("13800138000", "138****8000"),
        ("+8613800138000", "+86138****8000"),
        ("+447700900123", "+4477****123"),
        ("+15550100", "+15****00"),
        ("10086", "1****6"),
        ("1380013800x", "13****00x"),
        ("", "****"),
        ("7", "****"),
    ],
)
def test_shows_as_much_as_the_pages_do(written: str, shown: str) -> None:
    assert masked(written) == shown


@given(st.text(alphabet="0123456789+ -x", max_size=20))
def test_never_shows_more_than_a_country_code_and_seven_digits(written: str) -> None:
    head, stars, tail = masked(written).partition("****")
    assert stars
    assert len(head.removeprefix("+")) + len(tail) <= 3 + 7
