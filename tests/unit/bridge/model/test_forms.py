"""Numbers as providers of one country look at them."""

import pytest

from bridge.model.forms import is_abroad, with_code


@pytest.mark.parametrize(
    ("written", "number", "abroad"),
    [
        ("+8613800138000", "+8613800138000", False),
        ("13800138000", "+8613800138000", False),
        ("+15550100", "+15550100", True),
    ],
)
def test_a_bare_mobile_number_is_one_of_the_providers_country(written: str, number: str, abroad: bool) -> None:
    assert with_code(written) == number
    assert is_abroad(number) is abroad


@pytest.mark.parametrize("written", ["10086", "07700900123", "138001380001", "23800138000"])
def test_other_digits_without_a_country_code_are_nobodys(written: str) -> None:
    assert with_code(written) == ""
