"""Messages handed to a phone, and the store rows that prove them sent."""

import hashlib

from bridge.dataclass import dataclass
from device_drivers.android_adb import isms
from device_drivers.android_adb.numbers import digits, same_number
from device_drivers.android_adb.store import Box, Row

#: digits of a number that every way of writing it ends with
_TAIL = 6


@dataclass(frozen=True, slots=True)
class Trace:
    """What is kept of a message to know its row by, where the phone does not say which app wrote it."""

    #: the highest row before it was handed over
    mark: int
    #: of its text and recipient; "" for nothing
    digest: str

    def is_of(self, row: Row) -> bool:
        """Whether this row may be the one stored for it."""
        ours = row.type == Box.SENT and row.id > self.mark and row.creator in {"", isms.PACKAGE}
        return ours and self.digest == digest(row.body, row.address)


def digest(text: str, number: str) -> str:
    """Twelve hex digits of a text to a number, however that is written."""
    content = f"{text}\0{digits(number)[-_TAIL:]}"
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Flight:
    """A message that the phone may have."""

    message: str
    index: int
    line: str
    recipient: str
    text: str
    #: the highest row before it was handed over
    mark: int
    #: by the monotonic clock, seconds
    since: float
    #: Android's number of the SIM; -1 where it does not matter, for there is no other
    sub: int = -1
    #: radio parts
    parts: int = 1
    #: ours for it, by which the radio log speaks of it; 0 for none
    number: int = 0

    @property
    def trace(self) -> Trace:
        """What is kept of it."""
        return Trace(self.mark, digest(self.text, self.recipient))

    def proved_by(self, row: Row) -> bool:
        """Whether this row is the one stored for the sent message."""
        ours = row.type == Box.SENT and row.id > self.mark and row.creator in {"", isms.PACKAGE}
        by_this_sim = -1 in {self.sub, row.sub} or row.sub == self.sub
        return ours and by_this_sim and row.body == self.text and same_number(row.address, self.recipient)
