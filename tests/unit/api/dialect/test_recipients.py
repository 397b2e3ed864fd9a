import pytest

from api.dialect.recipients import person

CHINESE = "+8613800138000"


@pytest.mark.parametrize("country", ["", "CN"])
@pytest.mark.parametrize(
    "written", ["13800138000", "138-0013-8000", "8613800138000", "+8613800138000", "0086 138 0013 8000"]
)
def test_a_chinese_mobile_number_is_one_person_in_any_spelling(written: str, country: str) -> None:
    assert person(written, country) == CHINESE


@pytest.mark.parametrize(
    ("written", "country", "key"),
    [
        ("+13800138000", "", "+13800138000"),
        ("+861380013800", "", "+861380013800"),
        ("07700 900123", "GB", "+447700900123"),
        ("+44 7700 900123", "GB", "+447700900123"),
        ("+13802138000", "US", "+13802138000"),
        ("13802138000", "US", "+13802138000"),
        ("60022", "", "60022"),
    ],
)
def test_other_numbers_are_read_as_they_will_be_sent_to(written: str, country: str, key: str) -> None:
    assert person(written, country) == key


@pytest.mark.parametrize("written", ["", "shop", "13800138000;13900139000"])
def test_what_is_no_number_is_itself(written: str) -> None:
    assert person(written, "") == person(written, "CN") == written
