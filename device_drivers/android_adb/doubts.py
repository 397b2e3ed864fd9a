"""The messages of one phone whose outcome is not known, and the rows that may prove them sent. Pure."""

from collections.abc import Callable, Collection, Sequence

from device_drivers.android_adb.flight import Flight
from device_drivers.android_adb.store import Row

#: seconds for which a late trace is looked for
LASTS = 3600.0
#: seconds for which it is looked for with every look there is
FRESH = 120.0
#: so many are held; beyond that the oldest are let go of, and stay unknown
MOST = 100


class Doubts:
    """Flights by message, oldest first. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._flights: dict[str, Flight] = {}
        #: message → slot of the row that seems to prove it, seen once
        self._hopeful: dict[str, str] = {}

    def __contains__(self, message: str) -> bool:
        return message in self._flights

    @property
    def flights(self) -> tuple[Flight, ...]:
        """All of them."""
        return tuple(self._flights.values())

    def hold(self, flight: Flight) -> None:
        """Look for traces of this one, too."""
        self._flights[flight.message] = flight
        without_row = [name for name in self._flights if name not in self._hopeful]
        for name in without_row[: max(len(self._flights) - MOST, 0)]:
            del self._flights[name]

    def drop(self, message: str) -> None:
        """It is settled. Harmless for others."""
        self._flights.pop(message, None)
        self._hopeful.pop(message, None)

    def expire(self, now: float) -> None:
        """Let go of old ones, but not between the two looks at a row."""
        self._flights = {
            name: one for name, one in self._flights.items() if now - one.since < LASTS or name in self._hopeful
        }

    def has_fresh(self, now: float) -> bool:
        """Whether a trace may appear any moment."""
        return any(now - flight.since < FRESH for flight in self._flights.values())

    def confirmed(
        self, listed: Sequence[Row], claimed: Collection[str], proves: Callable[[Flight, Row], bool]
    ) -> list[tuple[Flight, Row]]:
        """Flights with rows that prove them at a second look, as that of a failed message disappears.

        No row proves two, and none of the slots in `claimed` proves any.
        """
        found, taken = [], set(claimed)
        for flight in self.flights:
            others = taken | {slot for name, slot in self._hopeful.items() if name != flight.message}
            row = next((row for row in listed if row.slot not in others and proves(flight, row)), None)
            if row is None:
                self._hopeful.pop(flight.message, None)
            elif self._hopeful.get(flight.message) == row.slot:
                taken.add(row.slot)
                found.append((flight, row))
            else:
                self._hopeful[flight.message] = row.slot
        return found
