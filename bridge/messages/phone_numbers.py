"""Phone numbers as callers write them, and as the network knows them."""

import re
import unicodedata

from bridge.errors import InvalidNumber

#: E.164 allows 15 digits; a few networks route longer ones with prefixes
MAX_DIGITS = 20
#: no network has subscribers' numbers as short as this
SHORT_CODE_DIGITS = 6
#: numbers are the same subscriber when this many last digits agree: reports may come in national format
SIGNIFICANT_DIGITS = 8

_CLEAN = re.compile(r"\+?[0-9]{2,20}")
_DECORATION = re.compile(r"[\s\-–./()\u200b\u2060\u202a-\u202e\u2066-\u2069]+")


def normalise(written: str, country: str = "") -> str:
    """`+` and digits, or the digits of a national number or short code. Raises InvalidNumber.

    With a country (ISO 3166) its national numbers become international ones (E.164); short codes stay.
    A leading blank before eight digits or more is a `+` that an URL decoder ate.
    """
    number = _cleaned(written)
    if not country or number.startswith("+") or len(number) <= SHORT_CODE_DIGITS:
        return number
    return _international(number, country)


def _international(number: str, country: str) -> str:
    """By length and prefixes only: ranges are opened faster than tables of them are."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        parsed = None
    possible = phonenumbers.ValidationResult.IS_POSSIBLE
    if parsed is None or phonenumbers.is_possible_number_with_reason(parsed) != possible:
        raise InvalidNumber(f"this is no complete phone number of {country}: write it with + and its country code")
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def is_country(code: str) -> bool:
    """Whether numbers of this country (ISO 3166, two capitals) are known."""
    import phonenumbers

    return code in phonenumbers.SUPPORTED_REGIONS


def _cleaned(written: str) -> str:
    if _CLEAN.fullmatch(written) and not written.startswith("00"):
        return written
    lost_plus = written[:1] == " " and "+" not in written
    number = _DECORATION.sub("", unicodedata.normalize("NFKC", written))
    number = "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in number)
    if number.startswith("00"):
        number = "+" + number[2:]
    elif lost_plus and number.isdigit() and len(number) >= SIGNIFICANT_DIGITS:
        number = "+" + number
    if _CLEAN.fullmatch(number):
        return number
    raise InvalidNumber(_advice(written, number))


def _advice(written: str, number: str) -> str:
    if not written.strip():
        return "the recipient is empty: write a phone number such as +15550123"
    if "," in written or ";" in written:
        return "one recipient a message: send one request for each number"
    digits = number.removeprefix("+")
    if digits.isdigit():
        return f"a phone number has 2 to {MAX_DIGITS} digits; this has {len(digits)}"
    return "the recipient is not a phone number: write digits with an optional leading +, such as +15550123"


def same_subscriber(one: str, other: str) -> bool:
    """Whether two spellings (international, national, with a trunk zero) can be the same number."""
    a, b = one.lstrip("+0"), other.lstrip("+0")
    size = min(len(a), len(b), SIGNIFICANT_DIGITS)
    return a == b or (size >= SIGNIFICANT_DIGITS - 1 and a[-size:] == b[-size:])


def masked(number: str) -> str:
    """For logs: the last two digits only."""
    return f"…{number[-2:]}" if len(number) > 3 else "…"
