"""Normalises phone numbers: as callers write them, and as networks show them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from bridge.errors import InvalidNumber

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

#: a few networks route national numbers with prefixes
MAX_DIGITS = 20
#: with its country code (ITU-T E.164)
MAX_INTERNATIONAL_DIGITS = 15
#: no network has subscribers' numbers as short as this
SHORT_CODE_DIGITS = 6
#: numbers are the same subscriber when this many last digits agree: reports may come in national format
SIGNIFICANT_DIGITS = 8

#: emergency numbers that every phone knows, some without a SIM only (3GPP TS 22.101 §10.1.1)
_EMERGENCY = frozenset({"112", "911", "000", "08", "110", "118", "119", "999"})
_CLEAN = re.compile(r"\+?[0-9]{2,20}")
#: blanks, brackets, dots, every dash (U+2011 comes from contacts of phones), and marks that nobody sees
_DECORATION = re.compile(
    r"[\s\-\u2010-\u2015\u2212./()\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+"
)
#: what a spreadsheet makes of a number: 15550100 becomes 15550100.0, and a short code 60022.0
_FLOAT = re.compile(r"\+?[0-9]{2,20}\.0{1,2}")
#: a trunk prefix that people show beside the country code: +44 (0)7700 900123
_SHOWN_TRUNK = re.compile(r"\(\s*0\s*\)")
_DECORATED = re.compile(rf"\+?(?:[0-9]|{_DECORATION.pattern})+")
#: what is written between two numbers, and by some between area code and number: 0171/1234567
_SEPARATOR = re.compile(r"\s*/\s*|\s+")
#: a country code of ITU-T E.164 with what may be a trunk prefix too many behind it: 0, or 1 or 8 where that is it
_TRUNK_AFTER_CODE = re.compile(
    r"\+(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9][0-9]{2})0|\+(?:1|692)1|\+(?:7|375|993)8"
)

#: an Argentine mobile number as at home, with 15 behind its area code, where abroad there is a 9 before it
_MARKED_AT_HOME = re.compile(r"\+54[1-8][0-9]{1,3}15")

#: an international number as it should be written, without anything to think about
_PLAIN = re.compile(rf"(?!{_TRUNK_AFTER_CODE.pattern}|{_MARKED_AT_HOME.pattern})\+[1-9][0-9]{{7,13}}")


def normalise(written: str, country: str = "") -> str:
    """Normalise to E.164, or to the digits of a national number or short code. Raises InvalidNumber.

    With a country (ISO 3166) its national numbers become international ones (E.164); short codes stay.
    What could be read as two numbers is refused, never guessed.
    """
    if _PLAIN.fullmatch(written):
        return written
    number = _cleaned(written, country)
    trunk = _SHOWN_TRUNK.search(written)
    if trunk and not number.startswith("+") and any(char.isdecimal() for char in written[: trunk.start()]):
        number = f"+{number}"  # only behind a country code is a zero put in brackets
    if _MARKED_AT_HOME.match(number):
        return next(iter(_distinct([_read(number)])), number)
    if number.startswith("+"):
        return _with_trunk(number, bool(trunk)) if _TRUNK_AFTER_CODE.match(number) else number
    if not country or len(number) <= SHORT_CODE_DIGITS:
        return number
    return _international(number, country)


def restore_plus(written: str) -> str:
    """Restore the `+` of a form value in which it was not percent-encoded and became a blank."""
    rest = written.lstrip(" ")
    enough = sum(char.isdecimal() for char in rest) >= SIGNIFICANT_DIGITS
    return f"+{rest}" if rest != written and rest[:1].isdecimal() and enough else written


def _with_trunk(number: str, in_brackets: bool) -> str:
    """Interpret a 0, 1 or 8 behind the country code: a trunk prefix is removed (+49 0151…), Italy's kept (+39 06…).

    One in brackets may be either. Raises InvalidNumber when neither makes a number, or both do.
    """
    code_and_trunk = _TRUNK_AFTER_CODE.match(number)
    assert code_and_trunk is not None  # noqa: S101 - narrows the type: the caller looked
    spellings = [number]
    if in_brackets:
        spellings.append(code_and_trunk[0][:-1] + number[code_and_trunk.end() :])
    readings = _distinct(_read(spelling) for spelling in spellings)
    if not readings:
        trunk = code_and_trunk[0][-1]
        raise InvalidNumber(f"a {trunk} follows the country code: leave it out, as in +447700900123")
    return _only(readings)


def _international(number: str, country: str) -> str:
    readings = _distinct(_readings(number, country))
    if not readings:
        raise InvalidNumber(f"this is no complete phone number of {country}: write it with + and its country code")
    if not number.startswith("0"):
        readings = {**readings, **_abroad(number, readings.values())}
    return _only(readings)


def _abroad(number: str, at_home: "Iterable[PhoneNumber]") -> "Mapping[str, PhoneNumber]":
    """The number of another country that the digits are with a `+`, when it may be a mobile one and none at home is."""
    if any(map(_may_be_mobile, at_home)):
        return {}
    other = _read(f"+{number}")
    return _distinct([other]) if other is not None and _may_be_mobile(other) else {}


def _may_be_mobile(number: "PhoneNumber") -> bool:
    """Whether it is in a known range of mobile numbers, or in one that landlines share, as in North America."""
    import phonenumbers

    kind = phonenumbers.PhoneNumberType
    return phonenumbers.number_type(number) in (kind.MOBILE, kind.FIXED_LINE_OR_MOBILE)


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


def _dialled_abroad(number: str, without_trunk: str, country: str) -> str:
    """Digits that begin with 00, with a `+` instead of the prefix of calls abroad.

    That is 00 nearly everywhere; where the country has longer ones (001 in Hong Kong, 0011 in Australia),
    either may be meant, with a zero in brackets and without. Raises InvalidNumber when none of them makes a
    number, or several do.
    """
    usual = f"+{number[2:]}"
    own = _own_prefix(number, country) if country else "00"
    if own in ("", "00"):
        return usual
    spellings = {f"+{digits[len(prefix) :]}" for digits in (number, without_trunk) for prefix in ("00", own)}
    readings = _distinct(map(_read, sorted(spellings)))
    if not readings:
        raise InvalidNumber("this is no complete phone number of another country: write it with + and its country code")
    return _only(readings)


def _own_prefix(number: str, country: str) -> str:
    """The prefix of calls abroad of a country (ISO 3166) that the digits begin with, or nothing."""
    import phonenumbers

    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    found = re.match(metadata.international_prefix, number) if metadata and metadata.international_prefix else None
    return found[0] if found else ""


def _cleaned(written: str, country: str) -> str:
    if _CLEAN.fullmatch(written) and not written.startswith(("00", "+0")) and len(written) <= MAX_INTERNATIONAL_DIGITS:
        return written
    text = unicodedata.normalize("NFKC", written).strip()
    text = "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in text)
    if _FLOAT.fullmatch(text):
        text = text.partition(".")[0]
    number = _DECORATION.sub("", text)
    if _is_two(text) and _DECORATED.fullmatch(text):
        raise InvalidNumber("this looks like two numbers: send one request for each number")
    if number.startswith("00") and number.isdecimal():
        number = _dialled_abroad(number, _DECORATION.sub("", _SHOWN_TRUNK.sub("", text)), country)
    if number.startswith("+0"):
        raise InvalidNumber("no country code begins with 0: write + and the country code, as in +447700900123")
    if number.startswith("+") and len(number) - 1 > MAX_INTERNATIONAL_DIGITS and number[1:].isdecimal():
        raise InvalidNumber(
            f"a number with its country code has at most {MAX_INTERNATIONAL_DIGITS} digits; this has {len(number) - 1}"
        )
    if _CLEAN.fullmatch(number):
        return number
    raise InvalidNumber(_advice(written, number))


def _is_two(text: str) -> bool:
    """Whether two numbers are written as one: `5550150/5550151`, `5550150 5550151`, or two endings, `5550150/1`."""
    written = _SHOWN_TRUNK.sub("", text).removeprefix("00")
    abroad = text.startswith(("+", "00"))
    if not abroad and sum(_digits(each) > SHORT_CODE_DIGITS for each in _SEPARATOR.split(written)) > 1:
        return True
    before, *behind = map(_digits, written.split("/"))
    # an area code, with the country code or without, and a subscriber's number
    return bool(behind) and (before > SHORT_CODE_DIGITS + 2 * abroad or min(behind) <= 3)


def _digits(text: str) -> int:
    return sum(char.isdecimal() for char in text)


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
    return "this is not a phone number: write digits with an optional leading +, such as +15550123"


def same_subscriber(one: str, other: str) -> bool:
    """Whether two spellings (international, national, with a trunk zero) can mean the same number."""
    a, b = one.lstrip("+0"), other.lstrip("+0")
    size = min(len(a), len(b), SIGNIFICANT_DIGITS)
    return a == b or (size >= SIGNIFICANT_DIGITS - 1 and a[-size:] == b[-size:])


def masked(number: str) -> str:
    """The number masked for logs: its last two digits."""
    return f"…{number[-2:]}" if len(number) > 3 else "…"
