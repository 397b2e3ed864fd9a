"""Collects what was seen in the places of a modem's memories; what was in one before and is not any more has gone."""

from collections.abc import Collection, Iterable


class Sights:
    """Since they were last told. On the modem's worker thread, but `take`."""

    def __init__(self) -> None:
        self._seen: list[tuple[str, tuple[str, ...]]] = []
        #: the last sight of each memory as a whole
        self._last: dict[str, tuple[str, ...]] = {}

    def has_seen(self, memory: str) -> bool:
        """Whether this memory was ever seen as a whole."""
        return memory in self._last

    def note_memory(self, memory: str, slots: tuple[str, ...]) -> None:
        """All slots that a memory holds."""
        if self._last.get(memory) != slots:
            self._last[memory] = slots
            self.note(f"{memory}:", slots)

    def note(self, place: str, slots: tuple[str, ...] = ()) -> None:
        """The slots that a place holds."""
        self._seen.append((place, slots))

    def take(self, held: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
        """Places with all slots they hold, those of `held` among them that came since, for `Held`."""
        # a look says of no SMS that it has gone before it came
        seen, self._seen = self._seen, []
        told = [(place, slots + came_since(place, slots, held)) for place, slots in seen]
        return [sight for at, sight in enumerate(told) if not any(_says_all(later, *sight) for later in told[at + 1 :])]


def came_since(place: str, slots: Collection[str], held: Iterable[str]) -> tuple[str, ...]:
    """The slots of `held` in this place, or in this memory, that a look at it did not see yet."""
    return tuple(slot for slot in held if slot.startswith(place) and slot not in slots)


def _says_all(later: tuple[str, tuple[str, ...]], place: str, slots: tuple[str, ...]) -> bool:
    """Whether a later look at this place, or at the memory around it, saw there no more than this one did."""
    around, there = later
    return place.startswith(around) and all(slot in slots for slot in there if slot.startswith(place))
