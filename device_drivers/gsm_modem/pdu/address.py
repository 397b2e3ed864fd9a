"""Phone numbers, short codes and names as TP addresses (3GPP TS 23.040 §9.1.2.5)."""

import re

from device_drivers.gsm_modem.pdu.gsm7 import pack, septets_of, text_of, unpack
from device_drivers.gsm_modem.pdu.reader import Malformed, Reader

#: type of number with the ISDN numbering plan; the top bit is always set
UNKNOWN, INTERNATIONAL, ALPHANUMERIC = 0x81, 0x91, 0xD0

#: 20 semi-octets hold this many septets
_LONGEST_NAME = 11
_LONGEST = 20
_CENTRE_LONGEST = 11
_DIGITS = "0123456789*#abc"
_NUMBER = re.compile(r"(\+?)([0-9]{1,20})")


def read_address(reader: Reader, what: str) -> str:
    """Read an address of the TP layer, whose length counts semi-octets."""
    length = reader.octet(what)
    if length > _LONGEST:
        raise Malformed(f"{what} of {length} semi-octets, more than {_LONGEST}")
    kind = reader.octet(what)
    return _spoken(kind, reader.take((length + 1) // 2, what), length)


def read_centre(reader: Reader) -> str:
    """Read the service centre's address before the TPDU, whose length counts octets (3GPP TS 27.005 §3.1)."""
    length = reader.octet("the service centre's address")
    if length == 0:
        return ""
    if length > _CENTRE_LONGEST:
        raise Malformed(f"service centre's address of {length} octets, more than {_CENTRE_LONGEST}")
    kind = reader.octet("the service centre's address")
    return _spoken(kind, reader.take(length - 1, "the service centre's address"), 2 * (length - 1))


def _spoken(kind: int, octets: bytes, length: int) -> str:
    type_of_number = (kind >> 4) & 7
    if type_of_number == (ALPHANUMERIC >> 4) & 7:
        return text_of(unpack(octets, length * 4 // 7))
    # some networks count one too many, or forget the filler: digits end at the count or at the filler
    digits = "".join(_semi_octets(octets)[:length]).partition("f")[0]
    return f"+{digits}" if digits and type_of_number == (INTERNATIONAL >> 4) & 7 else digits


def _semi_octets(octets: bytes) -> list[str]:
    alphabet = _DIGITS + "f"
    return [alphabet[half] for octet in octets for half in (octet & 15, octet >> 4)]


def number(written: str) -> bytes:
    """Encode a number as length, type and digits. Raises ValueError unless it has 1–20 digits, with or without `+`.

    A number without `+` may be a short code or a local one; "unknown" lets the network decide.
    """
    kind, digits = _clean(written)
    return bytes((len(digits), kind)) + _swapped(digits)


def sender(written: str) -> bytes:
    """Like `number`, but other text of up to eleven GSM 7-bit septets is encoded as an alphanumeric address."""
    if not written:
        return bytes((0, UNKNOWN))
    if _NUMBER.fullmatch(written):
        return number(written)
    septets = septets_of(written)
    if septets is None or len(septets) > _LONGEST_NAME:
        raise ValueError(f"no sender: {written!r} is longer than {_LONGEST_NAME} septets or not GSM 7-bit")
    return bytes(((7 * len(septets) + 3) // 4, ALPHANUMERIC)) + pack(septets)


def centre(written: str) -> bytes:
    """Encode the service centre's address, or a zero octet for none. Raises ValueError like `number`."""
    if not written:
        return b"\0"
    kind, digits = _clean(written)
    octets = _swapped(digits)
    return bytes((len(octets) + 1, kind)) + octets


def _clean(written: str) -> tuple[int, str]:
    match = _NUMBER.fullmatch(written)
    if match is None:
        raise ValueError(f"not a number: {written!r}")
    return INTERNATIONAL if match[1] else UNKNOWN, match[2]


def _swapped(digits: str) -> bytes:
    padded = digits + "f" * (len(digits) % 2)
    return bytes.fromhex("".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2)))
