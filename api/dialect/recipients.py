"""Tells when two spellings of a list are the same person, for dialects that send to many numbers at once. Pure."""

import re

from bridge.errors import InvalidNumber
from bridge.messages import phone_numbers

CHINESE_MOBILE = re.compile(r"1[3-9][0-9]{9}")
#: the same with its country code
_CHINESE_ABROAD = re.compile(rf"\+?86({CHINESE_MOBILE.pattern})")
#: where the callers of these dialects are, for an account without a country
_HOME = ("", "CN")


def person(written: str, country: str) -> str:
    """A key for whom a number reaches: `138…`, `138-…`, `86138…` and `+86138…` are one; what is no number is itself.

    Only for comparing: a number goes to the network as it was written where the account has no country.
    """
    number = written
    if country not in _HOME or not CHINESE_MOBILE.fullmatch(written):
        try:
            number = phone_numbers.normalise(written, country)
        except InvalidNumber:
            return written
    if country in _HOME and CHINESE_MOBILE.fullmatch(number):
        return f"+86{number}"
    chinese = _CHINESE_ABROAD.fullmatch(number) if country in _HOME else None
    return f"+86{chinese[1]}" if chinese else number
