"""Has read again, before it is believed, what can hardly be what lies in a memory.

Octets get lost on a bad line. What is read alike again and again, with pauses, is stored like that.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import field

from bridge.dataclass import dataclass
from device_drivers.gsm_modem.memories import OWN_MEMORY, Stored
from device_drivers.gsm_modem.tries import Tries

#: readings in a row, all alike, of what is believed
ALIKE = 4
#: seconds from the second reading to the third; then longer each time
PAUSE = 0.5

Place = tuple[str, int]


@dataclass(slots=True)
class Doubt:
    """What was read in one place, how often in a row, and when it is read again: at once the first time."""

    pdu: str = ""
    readings: int = 0
    tries: Tries = field(default_factory=lambda: Tries(first=PAUSE))


class Doubts:
    """Of one modem's memories."""

    def __init__(self) -> None:
        self._doubts: dict[Place, Doubt] = {}

    def believe(self, stored: Stored) -> bool:
        """It was read once more: is it what lies there?"""
        place = (stored.memory, stored.index)
        if not stored.is_damaged:
            self._doubts.pop(place, None)
            return True
        doubt = self._doubts.setdefault(place, Doubt())
        doubt.readings = doubt.readings + 1 if doubt.pdu == stored.pdu else 1
        doubt.pdu = stored.pdu
        if doubt.readings < ALIKE:
            return False
        del self._doubts[place]
        return True

    def put_off(self, stored: Stored) -> None:
        """It is to be read again, however well it was read."""
        self._doubts.setdefault((stored.memory, stored.index), Doubt())

    def settle(self, memory: str, index: int) -> None:
        """What lies there is known, or nothing does."""
        self._doubts.pop((memory, index), None)

    @property
    def due_at(self) -> float:
        """When the next place is to be read again; monotonic seconds. On any thread."""
        return min((doubt.tries.due for doubt in self._doubts.copy().values()), default=float("inf"))

    def take_due(self) -> list[Place]:
        """The places to read now; each is due again later if that does not settle it."""
        due = [place for place, doubt in self._doubts.items() if doubt.tries.are_due]
        for place in due:
            self._doubts[place].tries.fail()
        return due


def is_suspicious(
    memory: str,
    held: Mapping[str, Stored],
    found: Sequence[Stored],
    announced: Set[int] = frozenset(),
    index: int | None = None,
    first: bool = False,
) -> bool:
    """Whether the SIM may be another one by now: SMS came to it that were not announced, or went by themselves.

    `held`: slot → what lay there; `found`: what lies there now, in the whole memory or in the place `index`. `first`:
    nothing is known yet of what lay there.
    """
    if memory == OWN_MEMORY:
        return False
    if first:
        return True
    slots = {each.slot for each in found}
    known = (each for each in held.values() if each.memory == memory and index in (None, each.index))
    came = any(each.slot not in held and each.index not in announced for each in found)
    return came or any(each.slot not in slots for each in known)
