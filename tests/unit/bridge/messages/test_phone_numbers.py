"""Numbers as people write them."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidNumber
from bridge.messages.phone_numbers import SHORT_CODE_DIGITS, masked, normalise, restore_plus, same_subscriber


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+15550123", "+15550123"),
        ("+44 7700 900-123", "+447700900123"),
        ("0044 7700 900123", "+447700900123"),
        (" 447700900123", "447700900123"),
        ("+44 (0)7700 900123", "+447700900123"),
        ("0044 (0) 7700 900123", "+447700900123"),
        ("+44 07700900123", "+447700900123"),
        ("+49 0151 23456789", "+4915123456789"),
        ("44 (0)7700 900123", "+447700900123"),
        ("(0)7700 900123", "07700900123"),
        ("0151/23456789", "015123456789"),
        ("+49 151/23456789", "+4915123456789"),
        ("0049 (0)151/234 567 89", "+4915123456789"),
        ("0049151 23456789", "+4915123456789"),
        ("+39 06 12345678", "+390612345678"),
        ("+1 1 202 555 0100", "+12025550100"),
        ("+7 812 555 01 00", "+78125550100"),
        ("+225 07 01 02 03 04", "+2250701020304"),
        ("15550100.0", "15550100"),
        ("+15550100.00", "+15550100"),
        ("60022.0", "60022"),
        ("112.00", "112"),
        ("07700 900123", "07700900123"),
        ("(555) 0123", "5550123"),
        ("+1.555.0123", "+15550123"),
        ("80555", "80555"),
        ("\u202a+15550123\u202c", "+15550123"),
        ("\ufeff\u200e+44 7700\u2011900\u2011123\u200f", "+447700900123"),
        ("+44\u20127700\u2014900\u2212123", "+447700900123"),
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
        ("5" * 21, "2 to 20 digits; this has 21"),
        ("+" + "5" * 16, "at most 15 digits; this has 16"),
        ("+447700900123/4", "two numbers"),
        ("+447700900123/24", "two numbers"),
        ("5550150/5550151", "two numbers"),
        ("5550150 5550151", "two numbers"),
        ("15550150 15550151", "two numbers"),
        ("+15550150 15550151", "at most 15 digits; this has 16"),
        ("07700 900123 / 07700 900124", "two numbers"),
        ("0151/23456/7", "two numbers"),
        ("1 (0)5550150", "a 0 follows the country code"),
        ("++15550123", "not a phone number"),
        ("+0151 23456789", "no country code begins with 0"),
        ("00 0151 23456789", "no country code begins with 0"),
        ("+34 0612 345 6789", "a 0 follows the country code"),
        ("+1 1 5550 1234 567", "a 1 follows the country code"),
        ("1.55501E+7", "spreadsheet"),
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
        (" 7700900123", "GB", "+447700900123"),
        ("393331234567", "IT", "+393331234567"),
        ("10086", "CN", "10086"),
        ("123456", "GB", "123456"),
        ("07700900123", "", "07700900123"),
        ("011 15-2345-6789", "AR", "+5491123456789"),
        ("+54 11 15-2345-6789", "", "+5491123456789"),
        ("+543541151234567", "", "+543541151234567"),
        ("0054 3541 15 234567", "", "+5493541234567"),
        ("+5491115234567", "", "+5491115234567"),
        ("+541115234567", "", "+541115234567"),
    ],
)
def test_a_national_number_of_a_known_country_becomes_international(written: str, country: str, expected: str) -> None:
    assert normalise(written, country) == expected


@pytest.mark.parametrize(
    ("written", "plus"),
    [
        (" 15550123", "+15550123"),
        ("  447700900123", "+447700900123"),
        ("15550123", "15550123"),
        (" 80555", " 80555"),
        (" Alice", " Alice"),
        (" +15550123", " +15550123"),
    ],
)
def test_a_form_gets_back_the_plus_that_became_a_blank(written: str, plus: str) -> None:
    assert restore_plus(written) == plus


def test_digits_that_can_be_two_numbers_are_refused_with_both() -> None:
    with pytest.raises(InvalidNumber, match=r"this can be \+49\d+ or \+49\d+: write it with \+"):
        normalise("4915123456789", "DE")


@pytest.mark.parametrize("country", ["DE", "AT"])
def test_a_mobile_number_of_another_country_without_its_plus_is_no_landline_at_home(country: str) -> None:
    with pytest.raises(InvalidNumber, match=r"\+8613800138000: write it with \+"):
        normalise("8613800138000", country)


@pytest.mark.parametrize("country", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_a_number_from_where_landlines_look_like_mobiles_is_sent_to_nobody_else(country: str) -> None:
    kind, form = phonenumbers.PhoneNumberType, phonenumbers.PhoneNumberFormat
    mobiles = (kind.MOBILE, kind.FIXED_LINE_OR_MOBILE)
    for elsewhere in ("CA", "DO", "GU", "CL", "FM"):
        example = phonenumbers.example_number_for_type(elsewhere, kind.MOBILE)
        assert phonenumbers.number_type(example) == kind.FIXED_LINE_OR_MOBILE, elsewhere
        right = phonenumbers.format_number(example, form.E164)
        number = read(right.removeprefix("+"), country)
        mobile_at_home = number != "refused" and phonenumbers.number_type(phonenumbers.parse(number)) in mobiles
        assert number in ("refused", right) or mobile_at_home, (elsewhere, number)


def test_mobile_numbers_at_home_are_not_taken_for_foreign_ones() -> None:
    assert normalise("13822348000", "CN") == "+8613822348000"
    assert normalise("15123456789", "DE") == "+4915123456789"


def test_a_zero_in_brackets_that_may_belong_there_is_refused() -> None:
    with pytest.raises(InvalidNumber, match=r"this can be \+390332123456 or \+39332123456"):
        normalise("+39 (0)332 123456")
    assert normalise("+39 0332 123456") == "+390332123456"
    assert normalise("0332 123456", "IT") == "+390332123456"


def read(written: str, country: str) -> str:
    """The number, or `refused`."""
    try:
        return normalise(written, country)
    except InvalidNumber:
        return "refused"


@pytest.mark.parametrize("country", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_spelling_is_the_right_number_or_refused_and_never_somebody_elses(country: str) -> None:
    kind, form = phonenumbers.PhoneNumberType, phonenumbers.PhoneNumberFormat
    example = phonenumbers.example_number_for_type(country, kind.MOBILE) or phonenumbers.example_number(country)
    assert example is not None
    right = phonenumbers.format_number(example, form.E164)
    code = str(example.country_code)
    rest = right.removeprefix(f"+{code}")
    certain = [
        right,
        phonenumbers.format_number(example, form.INTERNATIONAL),
        f"00{code}{rest}",
        f"\u202a{right}\u202c",
    ]
    assert {normalise(written, country) for written in certain} == {right}
    doubtful = [
        phonenumbers.format_number(example, form.NATIONAL), rest, f"{code}{rest}", f" {code}{rest}", f"{code}{rest}.0",
        f"+{code} (0){rest}", f"00{code} (0) {rest}", f" {rest}",
    ]  # fmt: skip
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
    if metadata is not None and metadata.national_prefix:
        trunk = metadata.national_prefix
        doubtful += [f"+{code} {trunk}{rest}", f"+{code} ({trunk}) {rest}", f"00{code}{trunk}{rest}", f"{trunk}{rest}"]
    for written in doubtful:
        number = read(written, country)
        short = len(number) <= SHORT_CODE_DIGITS  # the home network knows what to do with it
        assert number in ("refused", right) or (short and right.endswith(number)), written


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("001 44 7700 900123", "HK", "+447700900123"),
        ("00 44 7700 900123", "HK", "+447700900123"),
        ("0011 44 (0)7700 900123", "AU", "+447700900123"),
        ("002 44 7700 900123", "KR", "+447700900123"),
        ("00700 44 7700 900123", "KR", "+447700900123"),
        ("0015 86 138 0013 8000", "BR", "+8613800138000"),
        ("00 44 7700 900123", "GB", "+447700900123"),
    ],
)
def test_a_countrys_own_prefix_of_calls_abroad_is_not_read_as_00(written: str, country: str, expected: str) -> None:
    assert normalise(written, country) == expected


def test_a_prefix_of_calls_abroad_that_may_be_00_or_a_longer_one_is_refused_with_both_numbers() -> None:
    with pytest.raises(InvalidNumber, match=r"\+447700900123 or \+5447700900123"):
        normalise("005 44 7700 900123", "CO")


@pytest.mark.parametrize(
    ("written", "country"), [("00226 (0)70123456", "BR"), ("00244 (0)923123456", "HK"), ("00973 (0)36001234", "HK")]
)
def test_a_zero_in_brackets_behind_00_makes_no_number_of_a_third_country(written: str, country: str) -> None:
    right = "+" + written[2:5] + written[9:]
    assert read(written, country) in ("refused", right)


@pytest.mark.parametrize("country", ["AU", "HK", "KR"])
def test_a_prefix_of_calls_abroad_without_a_number_behind_it_is_refused(country: str) -> None:
    with pytest.raises(InvalidNumber, match="of another country"):
        normalise("0011 1234 5678 9012", country)


@pytest.mark.parametrize(("written", "country"), [("99999999999999", "GB"), ("5550123", "US")])
def test_refuses_what_is_no_number_of_the_country(written: str, country: str) -> None:
    with pytest.raises(InvalidNumber, match=f"no complete phone number of {country}"):
        normalise(written, country)
