"""Normalises phone numbers: as callers write them, and as networks show them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from bridge.errors import InvalidNumber

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

#: E.164 allows 15 digits; a few networks route longer ones with prefixes
MAX_DIGITS = 20
#: no network has subscribers' numbers as short as this
SHORT_CODE_DIGITS = 6
#: numbers are the same subscriber when this many last digits agree: reports may come in national format
SIGNIFICANT_DIGITS = 8

#: emergency numbers that every phone knows, some without a SIM only (3GPP TS 22.101 §10.1.1)
_EMERGENCY = frozenset({"112", "911", "000", "08", "110", "118", "119", "999"})
_CLEAN = re.compile(r"\+?[0-9]{2,20}")
_DECORATION = re.compile(r"[\s\-–./()\u200b\u2060\u202a-\u202e\u2066-\u2069]+")
#: what a spreadsheet makes of a number: 15550100 becomes 15550100.0
_FLOAT = re.compile(r"\+?[0-9]{7,20}\.0{1,2}")
#: a trunk prefix that people show beside the country code: +44 (0)7700 900123
_SHOWN_TRUNK = re.compile(r"\(\s*0\s*\)")
#: a country code of ITU-T E.164 with a zero behind it, which may be a trunk prefix too many
_ZERO_AFTER_CODE = re.compile(r"\+(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9][0-9]{2})0")


def normalise(written: str, country: str = "") -> str:
    """Normalise to E.164, or to the digits of a national number or short code. Raises InvalidNumber.

    With a country (ISO 3166) its national numbers become international ones (E.164); short codes stay.
    What could be read as two numbers is refused, never guessed.
    """
    number = _cleaned(written)
    if number.startswith("+"):
        return _with_zero(number, bool(_SHOWN_TRUNK.search(written))) if _ZERO_AFTER_CODE.match(number) else number
    if not country or len(number) <= SHORT_CODE_DIGITS:
        return number
    return _international(number, country)


def restore_plus(written: str) -> str:
    """Restore the `+` of a form value in which it was not percent-encoded and became a blank."""
    rest = written.lstrip(" ")
    enough = sum(char.isdecimal() for char in rest) >= SIGNIFICANT_DIGITS
    return f"+{rest}" if rest != written and rest[:1].isdecimal() and enough else written


def _with_zero(number: str, in_brackets: bool) -> str:
    """Interpret a 0 behind the country code: a trunk prefix is removed (+49 0151…), Italy's is kept (+39 06…).

    One in brackets may be either. Raises InvalidNumber when neither makes a number, or both do.
    """
    code_and_zero = _ZERO_AFTER_CODE.match(number)
    assert code_and_zero is not None  # noqa: S101 - narrows the type: the caller looked
    spellings = [number]
    if in_brackets:
        spellings.append(code_and_zero[0][:-1] + number[code_and_zero.end() :])
    readings = _distinct(_read(spelling) for spelling in spellings)
    if not readings:
        raise InvalidNumber("a 0 follows the country code: leave it out, as in +447700900123")
    return _only(readings)


def _international(number: str, country: str) -> str:
    readings = _distinct(_readings(number, country))
    if not readings:
        raise InvalidNumber(f"this is no complete phone number of {country}: write it with + and its country code")
    return _only(readings)


def _readings(number: str, country: str) -> "Iterator[PhoneNumber | None]":
    """Interpretations of digits without `+`: a national number, and one that begins with its country code."""
    import phonenumbers

    yield _read(number, country)
    code = phonenumbers.country_code_for_region(country)
    if number.startswith(str(code)):
        yield _read(f"+{number}")
        # what `phonenumbers` makes of it is one of the two, as it thinks best
        yield _complete(phonenumbers.PhoneNumber(country_code=code, national_number=int(number)))


def _read(written: str, country: str | None = None) -> "PhoneNumber | None":
    import phonenumbers

    try:
        return _complete(phonenumbers.parse(written, country))
    except phonenumbers.NumberParseException:
        return None


def _complete(number: "PhoneNumber") -> "PhoneNumber | None":
    """The number if it can be dialled from abroad, else None: not without an area code.

    Lengths decide, since ranges are opened faster than tables of them; but a leading zero only where it is known.
    """
    import phonenumbers

    possible = phonenumbers.ValidationResult.IS_POSSIBLE
    if phonenumbers.is_possible_number_with_reason(number) != possible:
        return None
    return None if number.italian_leading_zero and not phonenumbers.is_valid_number(number) else number


def _distinct(readings: "Iterable[PhoneNumber | None]") -> "Mapping[str, PhoneNumber]":
    """Distinct interpretations by E.164; if several have a possible length, only those in known ranges."""
    import phonenumbers

    form = phonenumbers.PhoneNumberFormat.E164
    found = {str(phonenumbers.format_number(each, form)): each for each in readings if each is not None}
    if len(found) > 1:
        return {one: each for one, each in found.items() if phonenumbers.is_valid_number(each)} or found
    return found


def _only(readings: "Mapping[str, PhoneNumber]") -> str:
    """The only interpretation. Raises InvalidNumber when there are several."""
    if len(readings) > 1:
        raise InvalidNumber(f"this can be {' or '.join(sorted(readings))}: write it with + and its country code")
    return next(iter(readings))


def is_emergency(number: str, country: str = "") -> bool:
    """Whether a number calls for help: one that phones know without a SIM, or one of the country (ISO 3166)."""
    digits = number.removeprefix("+")
    if len(digits) > SHORT_CODE_DIGITS:
        return False
    if digits in _EMERGENCY or not country:
        return digits in _EMERGENCY
    from phonenumbers.shortnumberinfo import is_emergency_number

    return bool(is_emergency_number(digits, country))


def is_country(code: str) -> bool:
    """Whether numbers of this country (ISO 3166, two capitals) are known."""
    import phonenumbers

    return code in phonenumbers.SUPPORTED_REGIONS


def _cleaned(written: str) -> str:
    if _CLEAN.fullmatch(written) and not written.startswith(("00", "+0")):
        return written
    text = unicodedata.normalize("NFKC", written).strip()
    text = "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in text)
    if _FLOAT.fullmatch(text):
        text = text.partition(".")[0]
    number = _DECORATION.sub("", text)
    if number.startswith("00"):
        number = "+" + number[2:]
    if number.startswith("+0"):
        raise InvalidNumber("no country code begins with 0: write + and the country code, as in +447700900123")
    if _CLEAN.fullmatch(number):
        return number
    raise InvalidNumber(_advice(written, number))


def _advice(written: str, number: str) -> str:
    if not written.strip():
        return "the recipient is empty: write a phone number such as +15550123"
    if "," in written or ";" in written:
        return "one recipient a message: send one request for each number"
    digits = number.removeprefix("+")
    if re.fullmatch(r"[0-9]+[eE]\+?[0-9]+", digits):
        return "a spreadsheet has rounded this number: format its column as text and enter the number again"
    if digits.isdecimal():
        return f"a phone number has 2 to {MAX_DIGITS} digits; this has {len(digits)}"
    return "the recipient is not a phone number: write digits with an optional leading +, such as +15550123"


def same_subscriber(one: str, other: str) -> bool:
    """Whether two spellings (international, national, with a trunk zero) can mean the same number."""
    a, b = one.lstrip("+0"), other.lstrip("+0")
    size = min(len(a), len(b), SIGNIFICANT_DIGITS)
    return a == b or (size >= SIGNIFICANT_DIGITS - 1 and a[-size:] == b[-size:])


def masked(number: str) -> str:
    """The number masked for logs: its last two digits."""
    return f"…{number[-2:]}" if len(number) > 3 else "…"
