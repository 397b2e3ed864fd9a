"""The GSM 7-bit alphabet: packing, and conversion to and from text (3GPP TS 23.038 §6)."""

from bridge.messages.segmentation import GSM7_DEFAULT, GSM7_EXTENSION
from device_drivers.gsm_modem.pdu.national import LOCKING, SINGLE

ESCAPE = 0x1B

_EXTENSION = {code: char for char, code in GSM7_EXTENSION.items()}
_CODES = {char: bytes((code,)) for code, char in enumerate(GSM7_DEFAULT) if code != ESCAPE} | {
    char: bytes((ESCAPE, code)) for char, code in GSM7_EXTENSION.items()
}


def pack(septets: bytes, fill: int = 0) -> bytes:
    """Pack septets into octets, lowest bits first, after `fill` zero bits (TS 23.038 §6.1.2.1)."""
    bits = 0
    for position, septet in enumerate(septets):
        bits |= septet << (7 * position)
    return (bits << fill).to_bytes((7 * len(septets) + fill + 7) // 8, "little")


def unpack(octets: bytes, count: int) -> bytes:
    """Unpack the first `count` septets. A final zero septet is an `@`: only the count tells it from padding."""
    bits = int.from_bytes(octets, "little")
    return bytes((bits >> shift) & 0x7F for shift in range(0, 7 * count, 7))


def text_of(septets: bytes, locking: int = 0, single: int = 0) -> str:
    """Decode septets with national language shift tables; an unknown language means the default.

    An escape before a code that the extension lacks shows the main table's character; before another escape, and
    at the very end, it shows a space (TS 23.038 §6.2.1.1).
    """
    main = LOCKING.get(locking, GSM7_DEFAULT)
    if ESCAPE not in septets:
        return "".join([main[septet] for septet in septets])
    extension = SINGLE.get(single, _EXTENSION)
    chars, codes = [], iter(septets)
    for code in codes:
        if code == ESCAPE:
            escaped = next(codes, ESCAPE)
            chars.append(" " if escaped == ESCAPE else extension.get(escaped, main[escaped]))
        else:
            chars.append(main[code])
    return "".join(chars)


def septets_of(text: str) -> bytes | None:
    """Encode in the default alphabet and its extension; None when a character is missing there."""
    try:
        return b"".join([_CODES[char] for char in text])
    except KeyError:
        return None
