"""Phone numbers as stores of phones write them: as dialled, as people of a country do, in digits of their own."""

import re
import unicodedata

#: what is dialled before a country code (ITU-T E.164, national lists)
_ABROAD = ("00", "001", "0011", "010", "011", "119", "810")
#: what is dialled before a number within its country; "" is none
_TRUNKS = ("", "0", "8", "06", "01", "1", "02")
#: the longest country code, and the shortest number behind one
_COUNTRY, _SHORTEST = 3, 6


def digits(written: str) -> str:
    """The digits alone, whatever script they are in; a leading + stays."""
    plus = "+" if re.match(r"[^\w+]*\+", written) else ""
    return plus + "".join(str(unicodedata.digit(char)) for char in written if char.isdecimal())


def tidy(written: str) -> str:
    """A number without what makes it pretty; a name, as advertisers have it, as it is."""
    return digits(written) if any(map(str.isdecimal, written)) and not any(map(str.isalpha, written)) else written


def same_number(one: str, other: str) -> bool:
    """Can these be the same number, written for the world or for its country?

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
    """Is it the other without its country code, or with what is dialled before one?"""
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
    """A mobile has a 9 behind the country code, or else 15 behind its area code of two to four digits."""
    if not whole.startswith("549"):
        return False
    rest = whole[3:]
    return any(national.removeprefix("0") == f"{rest[:area]}15{rest[area:]}" for area in (2, 3, 4))
