"""Keeps the name under which each SMS was read, where a modem numbers the others anew when one is deleted.

Phones that serve as modems close the gap. What lies in a place is another SMS then than the one that was read there.
That goes for what was read before this modem was opened as well: the core says what it has.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from device_drivers.gsm_modem.memories import Listing, Memories, Stored, place_in


class Moves:
    """Of one modem's memories."""

    def __init__(self) -> None:
        #: slot by place and content → the slot under which it was first read
        self._names: dict[str, str] = {}
        #: memory → slot → index, of what the core has and may lie further in front by now
        self._expected: dict[str, dict[str, int]] = {}
        #: memories in which SMS may lie elsewhere by now than where they were read
        self.doubtful: set[str] = set()

    def take_doubt(self, memory: str) -> bool:
        """Whether this memory has to be listed; told once, for where there is no list its places have to do."""
        doubtful = memory in self.doubtful
        self.doubtful.discard(memory)
        return doubtful

    def name(self, stored: Stored) -> Stored:
        """This SMS under the name that it was first read under."""
        known_as = self._names.get(stored.slot, "")
        return stored if known_as == stored.known_as else replace(stored, known_as=known_as)

    def rename(self, stored: Stored, slot: str) -> None:
        """What lies in its place was first read under this name."""
        self._names = {place: name for place, name in self._names.items() if name != slot} | {stored.slot: slot}

    def follow(self, memory: str, listing: Listing, held: dict[str, Stored]) -> Listing:
        """The list under the names that each was first read under; in `held` each has the place that it has now."""
        self.doubtful.discard(memory)
        if listing.is_whole and _is_without_gap(listing.stored):  # else this modem closes none
            there = [stored for stored in held.values() if stored.memory == memory]
            for slot, now in _moved(there, listing.stored):
                self.rename(now, slot)
                held[slot] = replace(now, known_as=slot)
            self._recognise(listing, held)
        if listing.is_whole and not any(each.slot not in held and each.is_damaged for each in listing.received):
            self._expected.pop(memory, None)
        return replace(listing, stored=tuple(map(self.name, listing.stored))) if self._names else listing

    def forget(self, slot: str) -> None:
        """The SMS of this name has gone."""
        for place in [place for place, name in self._names.items() if name == slot]:
            del self._names[place]
        for slots in self._expected.values():
            slots.pop(slot, None)

    # -- what was read before this modem was opened -----------------------------------------------
    def expect(self, slots: Iterable[str]) -> None:
        """The core has what was read in these slots."""
        for slot in slots:
            if (place := place_in(slot)) is not None:
                self._expected.setdefault(place[0], {})[slot] = place[1]

    def miss(self, slot: str, memory: str, index: int) -> None:
        """It does not lie where it lay; whether it has moved no list says."""
        self._expected.setdefault(memory, {})[slot] = index

    @property
    def expected(self) -> list[str]:
        """The slots of what the core has, and was not found yet. On any thread."""
        return [slot for slots in self._expected.copy().values() for slot in slots.copy()]

    def identify(self, stored: Stored | None, held: Mapping[str, Stored], memories: Memories) -> list[Stored]:
        """What was read in one place, if it was received, under the name that it was first read under.

        It looks at where that was. Raises as `Memories.read`.
        """
        if stored is None or stored.outgoing:
            return []
        for slot, index in self.origins(stored, held):
            there = memories.read(stored.memory, index)
            if there is None or there.pdu != stored.pdu:
                self.rename(stored, slot)
                break
        return [self.name(stored)]

    def origins(self, stored: Stored, held: Mapping[str, Stored]) -> list[tuple[str, int]]:
        """The slots that this SMS may have been read in before, each with the index where it lay, the last one first.

        Of those that are alike the last ones have moved: where they lay nothing is left that could have their name.
        """
        expected, content = self._expected.get(stored.memory, {}), stored.slot.rpartition(":")[2]
        if stored.slot in self._names or stored.slot in held or stored.slot in expected:
            return []
        places = {each.slot: each.index for each in held.values() if each.memory == stored.memory}
        taken = self._names.values()
        places |= {slot: index for slot, index in expected.items() if slot not in held and slot not in taken}
        behind = [(slot, at) for slot, at in places.items() if at > stored.index and slot.endswith(f":{content}")]
        return sorted(behind, key=lambda each: -each[1])

    def _recognise(self, listing: Listing, held: Mapping[str, Stored]) -> None:
        """Find what the core has, where it lies now."""
        listed = {stored.slot for stored in listing.stored}
        for stored in listing.received:
            origin = next((slot for slot, _ in self.origins(stored, held) if slot not in {*listed, *held}), None)
            if origin is not None:
                self.rename(stored, origin)


def _is_without_gap(listed: Sequence[Stored]) -> bool:
    indices = sorted(each.index for each in listed)
    return bool(indices) and indices == list(range(indices[0], indices[0] + len(indices)))


def _moved(held: Iterable[Stored], listed: Sequence[Stored]) -> list[tuple[str, Stored]]:
    """The names of those that lie further in front now, and what lies there."""
    content = {each.index: each for each in listed}
    in_order = sorted(held, key=lambda each: each.index)
    gone = [each for each in in_order if content.get(each.index) != each]
    for each in in_order:
        if each not in gone:
            del content[each.index]
    found: list[tuple[str, Stored]] = []
    for before in gone:
        now = next((each for at, each in content.items() if at < before.index and each.pdu == before.pdu), None)
        if now is not None:
            del content[now.index]
            found.append((before.slot, now))
    return found
