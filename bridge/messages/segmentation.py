"""Counts and cuts the radio SMS that a text needs (3GPP TS 23.038 §6.2.1, TS 23.040 §9.2.3.24).

Both the core (counting, limits) and the drivers (cutting) use this, so they can never disagree.
"""

from collections.abc import Sequence

from bridge.model.radio import Alphabet

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
_ALL = frozenset(_COST)
#: what most texts are made of, as octets for `bytes.translate`
_PLAIN_ASCII = bytes(ord(char) for char, cost in _COST.items() if cost == 1 and char.isascii())


def alphabet(text: str) -> Alphabet:
    """The alphabet of a text: GSM 7-bit if it has every character, else UCS-2."""
    return Alphabet.GSM7 if _ALL.issuperset(text) else Alphabet.UCS2


def split(text: str) -> list[str]:
    """Split a text into parts of one SMS each, never inside an escape or a surrogate pair."""
    single, part, dear = _measure(text)
    if len(text) + dear <= single:
        return [text]
    if not dear:
        return [text[start : start + part] for start in range(0, len(text), part)]
    costs = [_COST[char] for char in text] if single == GSM7_SINGLE else [1 + (char > "\uffff") for char in text]
    return _cut(text, part, costs)


def count(text: str) -> int:
    """The number of parts `split` makes, computed from the length where possible.

    Every submission comes through here, so the plain cases are told by operations on the whole text.
    """
    if len(text) <= UCS2_SINGLE // 2:
        return 1
    single, part, dear = _measure(text)
    if len(text) + dear <= single:
        return 1
    return len(split(text)) if dear else -(-len(text) // part)


def _measure(text: str) -> tuple[int, int, int]:
    """The capacity of a single SMS, that of a part of several, and how many characters take two units."""
    if text.isascii() and not text.encode().translate(None, _PLAIN_ASCII):
        return GSM7_SINGLE, GSM7_PART, 0
    if alphabet(text) is Alphabet.GSM7:
        return GSM7_SINGLE, GSM7_PART, sum(map(text.count, GSM7_EXTENSION))
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return UCS2_SINGLE, UCS2_PART, units - len(text)


def _cut(text: str, limit: int, costs: Sequence[int]) -> list[str]:
    parts, start, used = [], 0, 0
    for position, cost in enumerate(costs):
        used += cost
        if used > limit:
            parts.append(text[start:position])
            start, used = position, cost
    return [*parts, text[start:]]


def join(texts: Sequence[str]) -> str:
    """Join received parts; surrogate pairs cut by the sender are restored.

    A half whose other half never came becomes U+FFFD, so that the result is always valid Unicode.
    """
    whole = "".join(texts)
    if whole.isascii():
        return whole
    return whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
