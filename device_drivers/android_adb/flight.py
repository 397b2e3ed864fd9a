"""Messages handed to a phone, and the store rows that prove them sent."""

from dataclasses import dataclass

from device_drivers.android_adb import isms
from device_drivers.android_adb.numbers import same_number
from device_drivers.android_adb.store import Box, Row


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

    def proved_by(self, row: Row) -> bool:
        """Whether this row is the one stored for the sent message."""
        ours = row.type == Box.SENT and row.id > self.mark and row.creator in {"", isms.PACKAGE}
        by_this_sim = -1 in {self.sub, row.sub} or row.sub == self.sub
        return ours and by_this_sim and row.body == self.text and same_number(row.address, self.recipient)
