"""The validity period TP-VP: how long the network keeps trying (3GPP TS 23.040 §9.2.3.12)."""

from device_drivers.gsm_modem.pdu.reader import Reader
from device_drivers.gsm_modem.pdu.timestamp import SIZE, read_timestamp

#: TP-VPF, bits 4 and 3 of the first octet (§9.2.3.3)
FORMAT_MASK, ABSENT, ENHANCED, RELATIVE, ABSOLUTE = 0x18, 0x00, 0x08, 0x10, 0x18

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_WEEK = 7 * _DAY


def read_validity(reader: Reader, first_octet: int) -> tuple[int | None, int | None]:
    """Read a period in seconds or a moment in Unix ms; None for the absent ones."""
    form = first_octet & FORMAT_MASK
    if form == RELATIVE:
        return seconds(reader.octet("the validity period")), None
    if form == ABSOLUTE:
        return None, read_timestamp(reader.take(SIZE, "the validity period"))[0]
    if form == ENHANCED:
        return _enhanced(reader.take(SIZE, "the validity period")), None
    return None, None


def seconds(period: int) -> int:
    """The length of a relative period in seconds."""
    if period < 144:
        return (period + 1) * 5 * _MINUTE
    if period < 168:
        return 12 * _HOUR + (period - 143) * 30 * _MINUTE
    if period < 197:
        return (period - 166) * _DAY
    return (period - 192) * _WEEK


def period(wanted: int) -> int:
    """The longest relative period of at most `wanted` seconds; at least five minutes."""
    if wanted < 2 * 5 * _MINUTE:
        return 0
    if wanted <= 12 * _HOUR:
        return wanted // (5 * _MINUTE) - 1
    if wanted < 2 * _DAY:
        return min(143 + (wanted - 12 * _HOUR) // (30 * _MINUTE), 167)
    if wanted < 5 * _WEEK:
        return min(166 + wanted // _DAY, 196)
    return min(192 + wanted // _WEEK, 255)


def _enhanced(octets: bytes) -> int | None:
    form = octets[0] & 7
    if form == 1:
        return seconds(octets[1])
    if form == 2:
        return octets[1] or None
    if form == 3:
        return _clock(octets[1:4])
    return None


def _clock(octets: bytes) -> int | None:
    hours, minutes, rest = ((octet & 15) * 10 + (octet >> 4) for octet in octets)
    if any(octet & 15 > 9 or octet >> 4 > 9 for octet in octets):
        return None
    return hours * _HOUR + minutes * _MINUTE + rest
