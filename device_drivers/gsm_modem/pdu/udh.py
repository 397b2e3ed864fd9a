"""The user data header: information elements before the text (3GPP TS 23.040 §9.2.3.24)."""

from bridge.dataclass import dataclass
from bridge.model.radio import Concat

#: information element identifiers
CONCAT_8, PORTS_8, PORTS_16, CONCAT_16, SINGLE_SHIFT, LOCKING_SHIFT = 0x00, 0x04, 0x05, 0x08, 0x24, 0x25

Elements = tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Header:
    """A decoded header. Of contradicting elements the last counts."""

    elements: Elements = ()
    concat: Concat | None = None
    #: destination, source
    ports: tuple[int, int] | None = None
    #: national language tables, 0 for the default
    single: int = 0
    locking: int = 0


def read_header(octets: bytes) -> Header:
    """Decode the octets after the length; if the last element does not fit, the standard ignores all of them."""
    elements: list[tuple[int, bytes]] = []
    at = 0
    while at < len(octets):
        content = octets[at + 2 : at + 2 + octets[at + 1]] if at + 1 < len(octets) else b""
        if at + 1 >= len(octets) or len(content) < octets[at + 1]:
            return Header()
        elements.append((octets[at], content))
        at += 2 + len(content)
    return _understood(tuple(elements))


def _understood(elements: Elements) -> Header:
    concat, ports, shifts = None, None, {SINGLE_SHIFT: 0, LOCKING_SHIFT: 0}
    for identifier, content in elements:
        if identifier in (CONCAT_8, CONCAT_16):
            concat = _concat(identifier, content) or concat
        elif identifier in (PORTS_8, PORTS_16):
            ports = _ports(identifier, content) or ports
        elif identifier in shifts and len(content) == 1:
            shifts[identifier] = content[0]
    return Header(elements, concat, ports, shifts[SINGLE_SHIFT], shifts[LOCKING_SHIFT])


def _concat(identifier: int, content: bytes) -> Concat | None:
    size = 3 if identifier == CONCAT_8 else 4
    if len(content) != size:
        return None
    total, index = content[-2:]
    if not 1 <= index <= total:
        return None  # the standard ignores such an element
    return Concat(int.from_bytes(content[:-2], "big"), total, index, 8 * (size - 2))


def _ports(identifier: int, content: bytes) -> tuple[int, int] | None:
    size = 1 if identifier == PORTS_8 else 2
    if len(content) != 2 * size:
        return None
    return int.from_bytes(content[:size], "big"), int.from_bytes(content[size:], "big")


def concat_header(concat: Concat) -> bytes:
    """Encode a header, with its length, for one part. Raises ValueError when it cannot be expressed."""
    if not 1 <= concat.index <= concat.total <= 255:
        raise ValueError(f"no part {concat.index} of {concat.total}")
    if concat.bits not in (8, 16) or not 0 <= concat.reference < 1 << concat.bits:
        raise ValueError(f"no {concat.bits}-bit reference {concat.reference}")
    reference = concat.reference.to_bytes(concat.bits // 8, "big")
    content = reference + bytes((concat.total, concat.index))
    identifier = CONCAT_8 if concat.bits == 8 else CONCAT_16
    return bytes((2 + len(content), identifier, len(content))) + content
