"""Tells a row that an app has given another date from one that has taken a deleted row's place. Pure.

A row with the service centre's time is known by that. One without has its number, its sender, its text and the date,
and apps set dates. SQLite gives a number again only when no higher one is left; and who takes a deleted row's place
has the date of its coming, which lies between the last look and now by the phone's clock, however wrong that is.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from bridge.dataclass import dataclass
from device_drivers.android_adb.freshness import SLACK, PhoneTime
from device_drivers.android_adb.store import Row, is_plausible

#: ms by which what we know of a look and of the phone's clock may be off
UNSURE = 60_000


@dataclass(frozen=True, slots=True)
class First:
    """A row as it was when it was first seen."""

    date: int
    #: of the row with that date
    digest: str

    def is_of(self, row: Row) -> bool:
        """Whether this row has the same sender and text, and another date."""
        return row.date != self.date and replace(row, date=self.date).digest == self.digest


def doubtful(found: Iterable[Row], firsts: Mapping[int, First]) -> list[Row]:
    """The rows that may have been given another date since they were first seen, highest number first."""
    seen = [row for row in found if row.id in firsts and firsts[row.id].is_of(row)]
    return sorted(seen, key=lambda row: row.id, reverse=True)


def first_dates(
    listed: Iterable[Row], firsts: Mapping[int, First], unchanged: Collection[int], time: PhoneTime
) -> dict[int, int]:
    """Number → first date, of those doubtful rows that are still the ones they were; listed highest number first.

    `unchanged` are the numbers of known rows that are as they were.
    """
    highest, dates = max(unchanged, default=0), dict[int, int]()
    for row in listed:
        first = firsts[row.id].date
        if row.id < highest or not _may_have_come(row, first, time):
            highest, dates[row.id] = max(highest, row.id), first
    return dates


def _may_have_come(row: Row, first: int, time: PhoneTime) -> bool:
    """Whether the row may have come since the last look."""
    if not is_plausible(first) and not is_plausible(row.date):
        return True  # an older tool cuts dates
    if 0 < first - row.date <= SLACK:
        return False  # an app rounds, or puts it right by a little
    return time.now - time.ago - UNSURE <= row.date <= time.now + UNSURE
