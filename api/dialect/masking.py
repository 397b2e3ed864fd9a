"""Masks numbers as the template platform does. Pure."""

import re

from bridge.errors import InvalidNumber
from bridge.messages import phone_numbers

#: digits of a Chinese mobile number, of which the pages show 138****8000
NATIONAL = 11
HEAD, TAIL = 3, 4
#: country codes (ITU-T E.164) of one and of two digits; all others have three
_COUNTRY = re.compile(r"\+(?:[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3})")


def masked(written: str) -> str:
    """`138****8000`; of other lengths at most half is shown, and the country code is kept."""
    try:
        number = phone_numbers.normalise(written)
    except InvalidNumber:
        # what is no number is somebody's typing mistake in one, most likely
        number = written.strip()
    code = _COUNTRY.match(number)
    country = code[0] if code else ""
    rest = number.removeprefix(country)
    tail = min(TAIL, (len(rest) // 2 + 1) // 2)
    head = min(HEAD, len(rest) // 2 - tail)
    if len(rest) == NATIONAL and rest.isdecimal():
        head, tail = HEAD, TAIL
    return f"{country}{rest[:head]}****{rest[len(rest) - tail :]}"
