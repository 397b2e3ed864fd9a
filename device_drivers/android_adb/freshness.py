"""Decides whether a row is a new SMS or an old one restored from a backup. Pure.

A row has two times: when the phone stored it, by its own clock, and the service centre's. Clocks of phones are wrong
and jump; that of the service centre may be missing. So a row is called old only when every clock that there is says so.
"""

from dataclasses import replace

from bridge.dataclass import dataclass
from device_drivers.android_adb.store import Row, is_plausible

#: ms by which rows stored one after the other may be out of order, and a clock may be corrected without a word
SLACK = 600_000
#: ms that a network may take to deliver an SMS to a phone that was away
DELIVERY = 7 * 86_400_000
#: when this was written (2026-11-28), ms: a clock that says an earlier time is wrong
_WRITTEN = 1_795_824_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """The times of the newest known row, or our clock without one. Unix ms."""

    stored: int
    #: by the service centre
    sent: int

    def after(self, row: Row) -> "Seen":
        """Updated by one more row."""
        stored = row.date if is_plausible(row.date) else self.stored
        return replace(self, stored=stored, sent=row.date_sent if is_plausible(row.date_sent) else self.sent)

    def is_new(self, row: Row) -> bool:
        """Whether either time is later than what is known."""
        if not is_plausible(row.date):
            return True
        return row.date >= self.stored - SLACK or row.date_sent >= self.sent - DELIVERY

    @property
    def condition(self) -> str:
        """The same as an SQL condition."""
        return f"date>={int(self.stored - SLACK)} OR date_sent>={int(self.sent - DELIVERY)}"


def at_first(phone: int, ours: int) -> Seen:
    """What counts as seen when a phone is first opened, by its clock (0: it does not tell) and by ours, ms.

    Either may be years behind, as after a start without a battery; what was stored long before would then be new.
    """
    return Seen(max(phone or ours, _WRITTEN), max(min(phone or ours, ours), _WRITTEN))


@dataclass(frozen=True, slots=True)
class PhoneTime:
    """The phone's clock now, and the time since the last look at the store. ms."""

    now: int
    ago: int

    def is_new(self, row: Row) -> bool:
        """Whether the row was stored since the last look."""
        return row.date >= self.now - self.ago - SLACK

    @property
    def condition(self) -> str:
        """The same as an SQL condition."""
        return f"date>={int(self.now - self.ago - SLACK)}"
