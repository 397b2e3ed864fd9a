"""The SMS stored in a modem: reported once, and deleted only when committed elsewhere.

Notifications are hints: what counts is what the memories hold. That a deletion was answered with OK is no proof; an SMS
is gone when its place was seen to be empty or to hold another one. Everything here runs on the modem's worker thread.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from device_drivers.gsm_modem.answers import Failed, Silent
from device_drivers.gsm_modem.bringup import Setup
from device_drivers.gsm_modem.doubts import Doubts
from device_drivers.gsm_modem.memories import Listing, Memories, Stored
from device_drivers.gsm_modem.tries import Tries

log = logging.getLogger(__name__)

#: places that are read at once where a list cannot be had; a send waits behind them
SLICE = 8
#: seconds that a list may take before it is only asked for when the modem counts something new
SLOW = 2.0
#: seconds at least to the next list after one that did not come: sends waited behind it
SILENCE_PAUSE = 60.0
#: SIM and modem may be two names of one memory
TWINS = ("SM", "ME")
#: sweeps in which a memory counts SMS and lists none before SMS are received elsewhere
BLIND_AFTER = 2
#: deletions that failed before somebody is told
TOLD_AFTER = 2
#: a memory with so much of it used is worth a word
NEARLY_FULL = 0.8


@dataclass(frozen=True, slots=True)
class Hint:
    """Where something may have arrived; a negative index means anywhere in the memory."""

    memory: str = ""
    index: int = -1


class Storage:
    """The memories of one modem."""

    def __init__(self, memories: Memories) -> None:
        self._memories = memories
        #: of the memories to read; "" is the only one of a modem that does not tell
        self.names: tuple[str, ...] = ("",)
        #: read and given out, not seen to be gone yet
        self._held: dict[str, Stored] = {}
        #: committed: to be deleted, or deleted by the modem's word alone
        self._deleting: dict[str, Tries] = {}
        #: memories whose list was refused or did not come
        self._unlisted: dict[str, Tries] = {}
        #: memories whose last list left something out
        self._incomplete: set[str] = set()
        #: memories whose list took so long that sends should not wait for it
        self._slow: set[str] = set()
        #: memory → drafts and copies in its last list
        self._drafts: dict[str, int] = {}
        #: where reading place by place goes on, and where it ends
        self._scans: dict[str, tuple[int, int]] = {}
        #: it answered nothing at all the last time
        self.hangs = False
        #: what each memory counted when its places were read
        self._scanned: dict[str, int] = {}
        #: memories that notifications named rightly
        self._honest: set[str] = set()
        #: SM and ME are one memory; None while that is not known
        self._twins: bool | None = None
        #: what has to be read again to be believed
        self._doubts = Doubts()
        #: sweeps in a row in which a memory counted SMS and listed none
        self._blind: dict[str, int] = {}
        #: the modem said so itself, which its counters may not show yet
        self.announced_full = False
        #: memory → used and total, as far as the modem told
        self.fill: dict[str, tuple[int, int]] = {}
        self._sights: list[tuple[str, tuple[str, ...]]] = []
        #: the last sight of each memory
        self._last_sight: dict[str, tuple[str, ...]] = {}

    def set_up(self, setup: Setup) -> None:
        """The modem was set up."""
        self._memories.set_up(setup)
        self._twins = None
        self.names = setup.memories or ("",)

    # -- what is told -----------------------------------------------------------------------------
    @property
    def trouble(self) -> str:
        """A sentence about problems of the memories; "" without any."""
        if stuck := [slot for slot, tries in self._deleting.items() if tries.count >= TOLD_AFTER]:
            names = " and ".join(sorted({self._held[slot].memory or "its memory" for slot in stuck}))
            return f"The modem does not delete SMS from {names}: when that is full, nothing more can be received."
        if full := self._full():
            return f"The memory for SMS is full ({full}): it is emptied as messages are committed."
        nearly = [name for name, (used, total) in self.fill.items() if total and used >= NEARLY_FULL * total]
        return f"The memory for SMS is nearly full ({', '.join(nearly)})." if nearly else ""

    def _full(self) -> str:
        for name, (used, total) in self.fill.items():
            if total and used >= total:
                return f"{name} holds {used} of {total}"
        return "as the modem says" if self.announced_full else ""

    @property
    def blind(self) -> frozenset[str]:
        """Memories that count SMS but list none; nothing should be received into them."""
        return frozenset(name for name, sweeps in self._blind.items() if sweeps >= BLIND_AFTER)

    @property
    def due_at(self) -> float:
        """When the next deletion or read is to be retried; monotonic seconds."""
        return min((tries.due for tries in self._deleting.values()), default=self._doubts.due_at)

    @property
    def is_scanning(self) -> bool:
        """Whether places remain to be read one by one."""
        return bool(self._scans)

    def sights(self) -> list[tuple[str, tuple[str, ...]]]:
        """Places seen since the last call with all slots they hold, for `Held`."""
        seen, self._sights = self._sights, []
        return seen

    # -- reading ----------------------------------------------------------------------------------
    def look(self, hints: Sequence[Hint]) -> list[Stored]:
        """Read where notifications point. Some modems name the wrong memory, so others are read until the name proves
        right.

        Raises NotAsSetUp, PortLost.
        """
        hinted = {self._own_name(hint.memory) for hint in hints}
        if not hinted <= set(self.names):
            return self._look_everywhere()
        fresh = [stored for name in sorted(hinted - self._slow) for stored in self._read_all(name)]
        for hint in hints:
            if hint.index >= 0 and self._own_name(hint.memory) in self._incomplete | self._slow:
                fresh += self._read_place(self._own_name(hint.memory), hint.index)
        self._honest.update(stored.memory for stored in fresh)
        return fresh if self._honest.issuperset(hinted) else fresh + self._look_everywhere()

    def _look_everywhere(self) -> list[Stored]:
        return [stored for name in self.names for stored in self._read_all(name)]

    def sweep(self, name: str) -> list[Stored]:
        """New SMS in this memory; a list that fails is retried next time.

        Raises NotAsSetUp, PortLost.
        """
        if name in self._slow:
            self._count(name)
            if self._is_accounted_for(name):
                return []
        return self._read_all(name, sweep=True)

    def scan(self) -> list[Stored]:
        """Read a few more places one by one, where lists fail. Raises NotAsSetUp, PortLost."""
        fresh: list[Stored] = []
        for name, (index, end) in tuple(self._scans.items()):
            stop = min(index + SLICE, end)
            for place in range(index, stop):
                fresh += self._read_place(name, place)
                if self.hangs:  # each further place would cost the same silence
                    return fresh
                self._scans[name] = place + 1, end
            if stop >= end or self._is_accounted_for(name):
                del self._scans[name]
        return fresh

    def count(self) -> dict[str, tuple[int, int]]:
        """The used and total places of every memory now. Raises PortLost."""
        for name in self.names:
            self._count(name)
        return dict(self.fill)

    def _count(self, name: str) -> None:
        try:
            self._note_counts(name, self._memories.count(name))
            self.hangs = False
        except (Failed, Silent) as error:
            self.hangs = _is_silence(error)
            log.warning("could not count what is in memory %s: %s", name, error)

    def _read_all(self, name: str, sweep: bool = False) -> list[Stored]:
        if self._twins and name == TWINS[1]:
            return []
        listing = self._list(name)
        if listing is None:
            self._begin_scan(name)
            return [] if self.hangs else self.scan()
        if name == TWINS[1] and listing.stored and self._are_twins(listing):
            return self._read_all(TWINS[0], sweep)
        self._note_sight(name, listing)
        if sweep:
            self._blind[name] = self._blind.get(name, 0) + 1 if listing.used and not listing.stored else 0
        return self._take(listing.received)

    def _list(self, name: str) -> Listing | None:
        """List a memory; None when impossible now."""
        tries = self._unlisted.setdefault(name, Tries())
        if not tries.are_due:
            return None
        self._incomplete.add(name)
        began = time.monotonic()
        try:
            listing = self._memories.list_all(name)
        except Failed as failed:
            log.warning("could not list memory %s: %s", name or "(the only one)", failed)
            tries.fail()
            return None
        except Silent as silent:
            log.warning("could not list memory %s: %s", name or "(the only one)", silent)
            for each in self.names:  # the others would hold up sends as well
                self._unlisted.setdefault(each, Tries()).fail(SILENCE_PAUSE)
            return None
        self.hangs = False
        if time.monotonic() - began > SLOW:
            self._slow.add(name)
        del self._unlisted[name]
        self._note_counts(name, listing)
        self._drafts[name] = len(listing.stored) - len(listing.received)
        if listing.is_whole:
            self._incomplete.discard(name)
        return listing

    def _note_counts(self, name: str, listing: Listing) -> None:
        if listing.total:
            self.fill[name] = listing.used, listing.total

    def _note_sight(self, name: str, listing: Listing) -> None:
        """What was there before and is not any more has gone."""
        if not listing.is_whole or any(self._is_doubtful(stored) for stored in listing.received):
            return
        slots = tuple(stored.slot for stored in listing.received)
        for slot in [slot for slot, stored in self._held.items() if stored.memory == name and slot not in slots]:
            self._drop(slot)
        if self._last_sight.get(name) != slots:
            self._last_sight[name] = slots
            self._sights.append((f"{name}:", slots))

    def _take(self, received: Iterable[Stored]) -> list[Stored]:
        """The new ones of these. What should have been deleted is deleted again."""
        fresh: list[Stored] = []
        for stored in received:
            if stored.slot in self._held:
                self._doubts.settle(stored.memory, stored.index)
                if (tries := self._deleting.get(stored.slot)) is not None and tries.are_due:
                    self._delete(stored.slot)
            elif self._is_held_by_other_name(stored):
                self._doubts.put_off(stored)
            elif self._doubts.believe(stored):
                self._held[stored.slot] = stored
                fresh.append(stored)
        return fresh

    def _is_doubtful(self, stored: Stored) -> bool:
        """It may not be what lies there, so that it says nothing of what lay there before."""
        return stored.slot not in self._held and stored.is_damaged

    # -- place by place ---------------------------------------------------------------------------
    def _begin_scan(self, name: str) -> None:
        """Schedule reading each place, once per count reported by the modem while nothing is seen to disappear."""
        self._count(name)
        used, total = self.fill.get(name, (0, 20))
        if self._scanned.get(name) != used and not self._is_accounted_for(name):
            # from the first place, also while a scan goes on: what came meanwhile may lie behind it;
            # indices begin at 0 with some makers and at 1 with others
            self._scans[name] = 0, total + 1
            self._scanned[name] = used

    def _is_accounted_for(self, name: str) -> bool:
        """Whether all SMS the modem counts are known. A count of zero proves nothing."""
        used = self.fill.get(name, (0, 0))[0]
        known = sum(stored.memory == name for stored in self._held.values()) + self._drafts.get(name, 0)
        return 0 < used <= known

    def _read_place(self, name: str, index: int) -> list[Stored]:
        try:
            stored = self._memories.read(name, index)
        except (Failed, Silent) as error:
            self.hangs = _is_silence(error)
            log.debug("could not read place %d of memory %s: %s", index, name, error)
            return []
        self.hangs = False
        received = [stored] if stored is not None and not stored.outgoing else []
        if not received:
            self._doubts.settle(name, index)
        fresh = self._take(received)
        slots = tuple(each.slot for each in received)
        if not self._held.keys() >= set(slots):
            return fresh  # it was hardly read well: nothing is known of what lies there
        for slot in [each.slot for each in self._held.values() if (each.memory, each.index) == (name, index)]:
            if slot not in slots:
                self._drop(slot)
        self._sights.append((f"{name}:{index}:", slots))
        return fresh

    # -- SM and ME --------------------------------------------------------------------------------
    def _own_name(self, memory: str) -> str:
        return TWINS[0] if self._twins and memory == TWINS[1] else memory

    def _are_twins(self, second: Listing) -> bool:
        """Whether SM and ME are the same memory; checked until certain, as each SMS would appear twice."""
        if self._twins is not None or not set(TWINS) <= set(self.names):
            return bool(self._twins)
        for _ in range(2):  # what arrives between two lists makes them differ
            first = self._list(TWINS[0])
            if first is None:
                return False
            if first.is_like(second):
                log.info("SM and ME are one memory of this modem")
                self._twins = True
                return True
            second = self._list(TWINS[1]) or second
        self._twins = False
        return False

    def _is_held_by_other_name(self, stored: Stored) -> bool:
        """Then it may be the same SMS. If it is one more, it is given out when the other one has gone."""
        if stored.memory not in TWINS:
            return False
        other = TWINS[stored.memory == TWINS[0]]
        return replace(stored, memory=other).slot in self._held

    # -- deleting ---------------------------------------------------------------------------------
    def forget(self, slot: str) -> None:
        """Delete the SMS of `slot` if it is still there; harmless when repeated. Raises NotAsSetUp, PortLost."""
        if slot in self._held:
            self._deleting.setdefault(slot, Tries())
            self._delete(slot)

    def retry(self) -> list[Stored]:
        """Try again what could not be deleted, if it still lies there, and read again what is doubtful; what is new.

        Raises NotAsSetUp, PortLost.
        """
        fresh: list[Stored] = []
        for slot in [slot for slot, tries in self._deleting.items() if tries.are_due]:
            fresh += self._retry(slot)
        for place in self._doubts.take_due():
            fresh += self._read_place(*place)
        return fresh

    def _retry(self, slot: str) -> list[Stored]:
        stored = self._held[slot]
        try:
            return self._read_place(stored.memory, stored.index)
        finally:
            if (tries := self._deleting.get(slot)) is not None and tries.are_due:
                tries.fail()  # it could not even be read

    def _delete(self, slot: str) -> None:
        """Delete what was just seen to be this SMS."""
        stored, tries = self._held[slot], self._deleting[slot]
        tries.fail()
        why = "it says OK, and the SMS is still there"
        try:
            if self._memories.delete(stored):
                self._drop(slot)
                self._sights.append((slot, ()))
                self.announced_full = False
                used, total = self.fill.get(stored.memory, (0, 0))
                self.fill[stored.memory] = max(used - 1, 0), total
                return
        except (Failed, Silent) as error:
            why = str(error)
        log.warning("could not delete %s, trying again in %g s: %s", slot, tries.pause, why)

    def _drop(self, slot: str) -> None:
        self._deleting.pop(slot, None)
        if gone := self._held.pop(slot, None):
            # the same count can be of others from now on
            self._scanned.pop(gone.memory, None)


def _is_silence(error: Failed | Silent) -> bool:
    """Whether not even AT was answered."""
    return isinstance(error, Silent) and error.command == "AT"
