"""Compares phone numbers as phones store them: dialled, national, or in other digits."""

import re
import unicodedata

#: what is dialled before a country code (ITU-T E.164, national lists)
_ABROAD = ("00", "001", "0011", "010", "011", "119", "810")
#: what is dialled before a number within its country; "" is none
_TRUNKS = ("", "0", "8", "06", "01", "1", "02")
#: the longest country code, and the shortest number behind one
_COUNTRY, _SHORTEST = 3, 6


def digits(written: str) -> str:
    """The digits in ASCII, with a leading +."""
    plus = "+" if re.match(r"[^\w+]*\+", written) else ""
    return plus + "".join(str(unicodedata.digit(char)) for char in written if char.isdecimal())


def tidy(written: str) -> str:
    """A number without formatting; an alphanumeric sender unchanged."""
    return digits(written) if any(map(str.isdecimal, written)) and not any(map(str.isalpha, written)) else written


def same_number(one: str, other: str) -> bool:
    """Whether these can be the same number, written internationally or nationally.

    Two numbers of one country that differ in a digit never are. That numbers of two countries may seem to be is no
    harm here, where the text and the app must fit too.
    """
    first, second = digits(one), digits(other)
    if first.removeprefix("+") == second.removeprefix("+"):
        return one == other or bool(first.removeprefix("+"))
    if first.startswith("+") and second.startswith("+"):
        return False
    return any(_is_national(national, world) for national, world in ((first, second), (second, first)))


def _is_national(national: str, world: str) -> bool:
    """Whether one is the other without country code, perhaps with a trunk prefix."""
    if national.startswith("+"):
        return False
    whole = world.removeprefix("+")
    if any(national == prefix + whole for prefix in _ABROAD):
        return True
    return any(
        _fits(national, subscriber)
        for length in range(1, _COUNTRY + 1)
        if len(subscriber := whole[length:]) >= _SHORTEST
    ) or _is_argentine(national, whole)


def _fits(national: str, subscriber: str) -> bool:
    return any(national == trunk + subscriber for trunk in _TRUNKS)


def _is_argentine(national: str, whole: str) -> bool:
    """Argentina: a mobile has 9 after the country code, or 15 after its area code of two to four digits."""
    if not whole.startswith("549"):
        return False
    rest = whole[3:]
    return any(national.removeprefix("0") == f"{rest[:area]}15{rest[area:]}" for area in (2, 3, 4))
