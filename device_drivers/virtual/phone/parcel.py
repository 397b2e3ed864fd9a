"""Binder parcels as bytes: what `service call` writes, what a service reads of it, and how the answer is printed.

Little endian, everything on a multiple of four octets (AOSP frameworks/native, libs/binder/Parcel.cpp).
"""

import struct

from bridge.dataclass import dataclass

#: strerror of what a transaction may fail with; the second one means that the process died over it (DEAD_OBJECT)
UNKNOWN_TRANSACTION = (-74, "Bad message")
BROKEN_PIPE = (-32, "Broken pipe")
#: what may stand before a reply (AOSP Parcel.EX_HAS_NOTED_APPOPS_REPLY_HEADER)
NOTED_APPOPS = -127

#: codes of exceptions in a reply (AOSP android.os.Parcel)
SECURITY, BAD_PARCELABLE, ILLEGAL_ARGUMENT, NULL_POINTER, ILLEGAL_STATE = -1, -2, -3, -4, -5

#: a null binder: flat_binder_object and its stability
_NULL_BINDER = bytes(28)
_PER_LINE = 16


class Parcel:
    """Written in order, then read in order from the start."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._read = 0

    # -- writing ----------------------------------------------------------------------------------
    def write_i32(self, value: int) -> None:
        """An int."""
        self.data += (value & 0xFFFFFFFF).to_bytes(4, "little")

    def write_i64(self, value: int) -> None:
        """A long."""
        self.data += (value & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little")

    def write_string16(self, text: str) -> None:
        """Length in UTF-16 units, the units, a NUL."""
        units = text.encode("utf-16-le", "replace") + b"\0\0"
        self.write_i32(len(units) // 2 - 1)
        self.data += units + bytes(-len(units) % 4)

    def write_null_binder(self) -> None:
        """A binder that is null; no null of any other type looks like it."""
        self.data += _NULL_BINDER

    # -- reading ----------------------------------------------------------------------------------
    @property
    def left(self) -> int:
        """Octets not read yet."""
        return len(self.data) - self._read

    def _take(self, size: int) -> bytes | None:
        """The next octets; None, and nothing read, where the parcel ends before."""
        padded = size + -size % 4
        if padded > self.left:
            return None
        start, self._read = self._read, self._read + padded
        return bytes(self.data[start : start + size])

    def read_i32(self) -> int:
        """An int; 0 where the parcel ends before it."""
        return int.from_bytes(self._take(4) or bytes(4), "little", signed=True)

    def read_i64(self) -> int:
        """A long; 0 where the parcel ends before it."""
        return int.from_bytes(self._take(8) or bytes(8), "little", signed=True)

    def read_string16(self) -> str | None:
        """A string; null for length -1 and where the parcel ends before it."""
        length = self.read_i32() if self.left >= 4 else -1
        if length < 0:
            return None
        units = self._take((length + 1) * 2)
        return units[:-2].decode("utf-16-le", "replace") if units is not None else None

    def read_strings(self) -> list[str | None] | None:
        """A list of strings; null for length -1."""
        length = self.read_i32()
        if length < 0 or length > self.left:
            return None
        return [self.read_string16() for _ in range(length)]


@dataclass(frozen=True, slots=True)
class Broken:
    """A transaction that never came to an answer."""

    status: int
    words: str


def void() -> bytes:
    """The reply of a method that returns nothing."""
    return bytes(4)


def noted(reply: bytes) -> bytes:
    """A reply behind a header with the app ops that were noted on the way; its size counts itself."""
    body = struct.pack("<i", 1) + struct.pack("<i", -1) + struct.pack("<qq", 1 << 20, 0)
    return struct.pack("<ii", NOTED_APPOPS, len(body) + 4) + body + reply


def integers(*values: int) -> bytes:
    """The reply of a method that returns ints."""
    return struct.pack(f"<i{len(values)}i", 0, *values)


def exception(code: int, message: str) -> bytes:
    """The reply of a method that threw: code, message, no stack trace."""
    parcel = Parcel()
    parcel.write_i32(code)
    parcel.write_string16(message)
    parcel.write_i32(0)
    return bytes(parcel.data)


def printed(reply: bytes | Broken) -> str:
    """What `service call` prints of a reply."""
    if isinstance(reply, Broken):
        return f'Result: Parcel(Error: {reply.status & 0xFFFFFFFFFFFFFFFF:#x} "{reply.words}")\n'
    if not reply:
        return "Result: Parcel(NULL)\n"
    return f"Result: Parcel({_dump(reply)})\n"


def _dump(data: bytes) -> str:
    """Four words a line; a single line bears no offset and ends behind its last character."""
    if len(data) <= _PER_LINE:
        return _line(data, pad=False)
    starts = range(0, len(data), _PER_LINE)
    lines = (f"  {start:#010x}: {_line(data[start : start + _PER_LINE], pad=True)}" for start in starts)
    return "\n" + "\n".join(lines)


def _line(data: bytes, *, pad: bool) -> str:
    words = [data[place : place + 4].hex() for place in range(0, _PER_LINE, 4)]
    words = [_swapped(word) for word in words]
    shown = "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in data)
    if pad:
        return f"{' '.join(word.ljust(8) for word in words)} '{shown.ljust(_PER_LINE)}'"
    return f"{' '.join(words)} '{shown}'"


def _swapped(word: str) -> str:
    """The octets of a word as the number they are."""
    return "".join(word[place : place + 2] for place in range(len(word) - 2, -2, -2))
