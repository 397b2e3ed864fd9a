"""User data: header, then text or octets (3GPP TS 23.040 §9.2.3.16 and .24)."""

from bridge.dataclass import dataclass
from bridge.model.radio import Alphabet
from device_drivers.gsm_modem.pdu.dcs import DCS_EIGHT_BIT, DCS_GSM7, DCS_UCS2, EIGHT_BIT, GSM7, coding
from device_drivers.gsm_modem.pdu.gsm7 import pack, septets_of, text_of, unpack
from device_drivers.gsm_modem.pdu.reader import Malformed, Reader
from device_drivers.gsm_modem.pdu.udh import Header, read_header

#: TP-UD is this long at most (TS 23.040 §9.2.3.24)
MAX_OCTETS = 140


@dataclass(frozen=True, slots=True)
class Content:
    """Decoded user data."""

    text: str
    data: bytes
    encoding: str
    header: Header


@dataclass(frozen=True, slots=True)
class Coded:
    """Encoded user data: TP-DCS, TP-UDL and TP-UD."""

    dcs: int
    length: int
    octets: bytes


def read_octets(reader: Reader, dcs: int) -> tuple[int, bytes]:
    """Read TP-UDL, which counts septets for the 7-bit alphabet, and the octets it means. Little may follow.

    A few octets too many are known from real networks. More surplus than user data means that the fields before
    were misread, unless it is the padding that some modems leave on.
    """
    length = reader.octet("the user data length")
    size = (7 * length + 7) // 8 if coding(dcs)[0] == GSM7 else length
    if size > MAX_OCTETS:
        raise Malformed(f"user data of {size} octets, more than {MAX_OCTETS}")
    octets = reader.take(size, "the user data")
    surplus = reader.take(reader.left, "the end")
    if len(surplus) > size and surplus.strip(b"\xff") and surplus.strip(b"\0"):
        raise Malformed(f"{len(surplus)} octets follow {size} octets of user data")
    return length, octets


def content(dcs: int, has_header: bool, length: int, octets: bytes) -> Content:
    """Decode user data. Raises Malformed when the header does not fit."""
    skip = 0
    header = Header()
    if has_header:
        skip = 1 + octets[0] if octets else 1
        if skip > len(octets):
            raise Malformed(f"a header of {skip} octets in user data of {len(octets)}")
        header = read_header(octets[1:skip])
    kind = coding(dcs)[0]
    if kind == EIGHT_BIT:
        return Content("", octets[skip:], kind, header)
    if kind == GSM7:
        # text starts on the septet boundary after the header
        septets = unpack(octets, length)[(8 * skip + 6) // 7 :]
        return Content(text_of(septets, header.locking, header.single), b"", kind, header)
    return Content(_ucs2(octets[skip:]), b"", kind, header)


def _ucs2(octets: bytes) -> str:
    """Decode UTF-16. Lone surrogates are kept for `join`; half a code unit becomes U+FFFD."""
    whole = len(octets) & ~1
    return octets[:whole].decode("utf-16-be", "surrogatepass") + "\ufffd" * (len(octets) - whole)


def coded_text(text: str, header: bytes = b"", alphabet: Alphabet | None = None) -> Coded:
    """Encode text in this alphabet; without one in GSM 7-bit if possible, else in UCS-2.

    Raises ValueError when one SMS cannot hold it, and when it has characters that are not in the alphabet.
    """
    septets = None if alphabet is Alphabet.UCS2 else septets_of(text)
    if septets is None:
        if alphabet is Alphabet.GSM7:
            raise ValueError("a text that is not in the GSM 7-bit alphabet")
        octets = header + text.encode("utf-16-be", "surrogatepass")
        return _checked(Coded(DCS_UCS2, len(octets), octets))
    fill = -8 * len(header) % 7
    length = (8 * len(header) + fill) // 7 + len(septets)
    return _checked(Coded(DCS_GSM7, length, header + pack(septets, fill)))


def coded_data(data: bytes, header: bytes = b"") -> Coded:
    """Encode octets as they are. Raises ValueError when they exceed one SMS."""
    return _checked(Coded(DCS_EIGHT_BIT, len(header) + len(data), header + data))


def _checked(coded: Coded) -> Coded:
    if len(coded.octets) > MAX_OCTETS:
        raise ValueError(f"user data of {len(coded.octets)} octets, more than {MAX_OCTETS}")
    return coded
