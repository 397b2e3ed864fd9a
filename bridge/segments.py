"""How many radio SMS a text needs and where to cut it (3GPP TS 23.038 §6.2.1, TS 23.040 §9.2.3.24).

Both the core (counting, limits) and the drivers (cutting) use this, so they can never disagree.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum

#: TS 23.038 §6.2.1: index = septet; ESC (0x1B) stands as itself and never matches a character
GSM7_DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: TS 23.038 §6.2.1.1: sent as ESC and this septet, so each costs two
GSM7_EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F,
    "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip

#: TP-UD holds 140 octets; a concatenation header with an 8-bit reference takes 6 of them
GSM7_SINGLE, GSM7_PART = 160, 153
UCS2_SINGLE, UCS2_PART = 70, 67
#: an 8-bit part number ends here (TS 23.040 §9.2.3.24.1)
MAX_PARTS = 255

_COST = {char: 1 for char in GSM7_DEFAULT if char != "\x1b"} | dict.fromkeys(GSM7_EXTENSION, 2)
_PLAIN = frozenset(char for char, cost in _COST.items() if cost == 1)
_ALL = frozenset(_COST)


class Alphabet(StrEnum):
    """How the text travels."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


def alphabet(text: str) -> Alphabet:
    """GSM 7-bit whenever every character is in its table, else UCS-2 for the whole text."""
    return Alphabet.GSM7 if _ALL.issuperset(text) else Alphabet.UCS2


def split(text: str) -> list[str]:
    """Cut a text into parts that fit one SMS each; an escape or a surrogate pair is never torn apart."""
    if alphabet(text) is Alphabet.GSM7:
        return _cut(text, GSM7_SINGLE, GSM7_PART, _septets)
    return _cut(text, UCS2_SINGLE, UCS2_PART, _units)


def count(text: str) -> int:
    """How many parts `split` makes, without making them where that can be told from the length."""
    if len(text) <= UCS2_SINGLE // 2 or (len(text) <= GSM7_SINGLE and _PLAIN.issuperset(text)):
        return 1
    return len(split(text))


def _septets(char: str) -> int:
    return _COST[char]


def _units(char: str) -> int:
    return 2 if ord(char) > 0xFFFF else 1


def _cut(text: str, single: int, limit: int, cost: Callable[[str], int]) -> list[str]:
    costs = [cost(char) for char in text]
    if sum(costs) <= single:
        return [text]
    parts, start, used = [], 0, 0
    for position, size in enumerate(costs):
        if used + size > limit:
            parts.append(text[start:position])
            start, used = position, 0
        used += size
    return [*parts, text[start:]]


def join(texts: Sequence[str]) -> str:
    """The whole out of received parts: halves of a surrogate pair cut by the sender meet again.

    A half whose other half never came becomes U+FFFD, so that the result is always valid Unicode.
    """
    whole = "".join(texts)
    if whole.isascii():
        return whole
    return whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
