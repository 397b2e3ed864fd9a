"""Reads the validity of a certificate (RFC 5280 §4.1.2.5) from its DER (ITU-T X.690).

The library has no public way to ask a certificate of one's own, expired ones above all, and this is all we ask.
"""

import ssl
from datetime import UTC, datetime

from bridge.dataclass import dataclass

_SEQUENCE, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
#: what stands before the validity: serial number, signature algorithm, issuer
_BEFORE = 3
DAY = 86_400_000  # ms
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class Garbled(ValueError):
    """The data is not a certificate."""


@dataclass(frozen=True, slots=True)
class Validity:
    """The period of validity of a certificate, in Unix ms."""

    not_before: int
    not_after: int

    def days_left(self, now: int) -> int:
        """Whole days left, negative once expired."""
        return (self.not_after - now) // DAY

    @property
    def since(self) -> str:
        """The beginning, formatted for people."""
        return _written(self.not_before)

    @property
    def until(self) -> str:
        """The end, formatted for people."""
        return _written(self.not_after)


def validity(pem: bytes) -> Validity:
    """Read the first certificate in a file, which is the server's own (RFC 8446 §4.4.2). Raises Garbled."""
    try:
        text = pem.decode("ascii", "replace")
        first = text[text.index(_BEGIN) : text.index(_END) + len(_END)]
        return _of_der(memoryview(ssl.PEM_cert_to_DER_cert(first)))
    except (ValueError, IndexError) as error:
        raise Garbled(str(error)) from error


def _of_der(der: memoryview) -> Validity:
    certificate, _ = _take(der, _SEQUENCE)
    rest, _ = _take(certificate, _SEQUENCE)
    if rest[0] == _VERSION:
        _, rest = _take(rest)
    for _ in range(_BEFORE):
        _, rest = _take(rest)
    times, _ = _take(rest, _SEQUENCE)
    since, times = _moment(times)
    until, _ = _moment(times)
    return Validity(since, until)


def _take(der: memoryview, tag: int = 0) -> tuple[memoryview, memoryview]:
    """Split off the first value (of this tag, if given) from the rest (X.690 §8.1)."""
    if tag and der[0] != tag:
        raise Garbled(f"tag {der[0]:#x} stands where {tag:#x} should")
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start])
    if start + length > len(der):
        raise Garbled("it ends too early")
    return der[start : start + length], der[start + length :]


def _moment(der: memoryview) -> tuple[int, memoryview]:
    """Read a time: UTCTime before 2050, GeneralizedTime from then on, both in Zulu with seconds."""
    tag = der[0]
    value, rest = _take(der)
    text = bytes(value).decode("ascii")
    if tag == _UTC_TIME:
        text = ("20" if int(text[:2]) < 50 else "19") + text
    elif tag != _GENERALIZED_TIME:
        raise Garbled(f"tag {tag:#x} is no time")
    moment = datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000), rest


def _written(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
