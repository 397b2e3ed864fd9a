"""The SMS stored in a modem: reported once, and deleted only when committed elsewhere.

Notifications are hints: what counts is what the memories hold. That a deletion was answered with OK is no proof; an SMS
is gone when its place was seen to be empty or to hold another one. All runs on the modem's worker thread, but what is
told: the loop asks for that meanwhile, so it is of copies.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence, Set

from device_drivers.gsm_modem import shortage
from device_drivers.gsm_modem.answers import Failed, Silent, is_silence
from device_drivers.gsm_modem.bringup import Setup
from device_drivers.gsm_modem.clearing import MOST, SURE, Joining
from device_drivers.gsm_modem.doubts import Doubts, is_suspicious
from device_drivers.gsm_modem.errands import Errands
from device_drivers.gsm_modem.memories import OWN_MEMORY, Hint, Listing, Memories, Stored
from device_drivers.gsm_modem.renumbering import Moves
from device_drivers.gsm_modem.sights import Sights
from device_drivers.gsm_modem.tries import Tries
from device_drivers.gsm_modem.twins import NAMES as TWINS
from device_drivers.gsm_modem.twins import Twins, other_slot

log = logging.getLogger(__name__)

#: places that are read at once where a list cannot be had; a send waits behind them
SLICE = 8
#: seconds that a list may take before it is only asked for when the modem counts something new
SLOW = 2.0
#: seconds at least to the next list after one that did not come: sends waited behind it
SILENCE_PAUSE = 60.0
#: sweeps in which a memory counts SMS and lists none before SMS are received elsewhere
BLIND_AFTER = 2


class Storage:
    """The memories of one modem."""

    def __init__(self, memories: Memories, require_same_sim: Callable[[], None] = lambda: None) -> None:
        self._memories = memories
        #: raises DeviceLost when the modem has another SIM by now
        self._require_same_sim = require_same_sim
        #: of the memories to read; "" is the only one of a modem that does not tell
        self.names: tuple[str, ...] = ("",)
        #: read, not seen to be gone yet; and of those, not given out yet: something else could not be read then
        self._held: dict[str, Stored] = {}
        self._found: list[Stored] = []
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
        self._twins = Twins()
        #: what there is to be done, from any thread
        self.errands = Errands()
        self._joining, self._sights = Joining(memories), Sights()
        #: what has to be read again to be believed, and what lies elsewhere by now than where it was read
        self._doubts, self.moves = Doubts(), Moves()
        #: sweeps in a row in which a memory counted SMS and listed none
        self._blind: dict[str, int] = {}
        #: the modem said so itself, which its counters may not show yet
        self.announced_full = False
        #: memory → used and total, as far as the modem told
        self.fill: dict[str, tuple[int, int]] = {}

    def set_up(self, setup: Setup) -> None:
        """The modem was set up."""
        self._memories.set_up(setup)
        self._twins = Twins()
        self.names = setup.memories or ("",)

    # -- what is told -----------------------------------------------------------------------------
    @property
    def trouble(self) -> str:
        """A sentence about problems of the memories; "" without any."""
        stuck = [slot for slot, tries in self._deleting.copy().items() if tries.count >= shortage.TOLD_AFTER]
        return shortage.describe(stuck, self.fill.copy(), self.announced_full)

    @property
    def blind(self) -> frozenset[str]:
        """Memories that count SMS but list none; nothing should be received into them."""
        return frozenset(name for name, sweeps in self._blind.items() if sweeps >= BLIND_AFTER)

    @property
    def due_at(self) -> float:
        """When the next deletion or read is to be retried; monotonic seconds."""
        return min((tries.due for tries in self._deleting.copy().values()), default=self._doubts.due_at)

    @property
    def is_scanning(self) -> bool:
        """Whether places remain to be read one by one."""
        return bool(self._scans)

    def sights(self) -> list[tuple[str, tuple[str, ...]]]:
        """Places seen since the last call with all slots they hold, those that came since among them, for `Held`."""
        return self._sights.take([*self._held.copy(), *self.moves.expected])

    # -- reading ----------------------------------------------------------------------------------
    def tend(self) -> list[Stored]:
        """Look where something was announced and delete what is committed. Raises NotAsSetUp, OtherSim, PortLost."""
        for slot in self.errands.take_released(MOST):
            if slot in self._held:
                self._deleting.setdefault(slot, Tries())
        hints = self.errands.take_hints()
        try:
            if hints:
                self._look(tuple(hints), deleting=True)
        except Exception:
            self.errands.announce(hints)
            raise
        for slot in [slot for slot, tries in self._deleting.items() if not tries.count]:
            self._forget(slot)
        return self._given()

    def forget(self, slot: str) -> list[Stored]:
        """Delete the SMS of `slot` if it is still there; what is there instead, harmless when repeated. As `tend`."""
        if slot in self._held:
            self._deleting.setdefault(slot, Tries())
            self._forget(slot)
        return self._given()

    def look(self, hints: Sequence[Hint]) -> list[Stored]:
        """Read where notifications point, elsewhere until a memory is known to be named rightly; raises as `tend`."""
        self._look(hints)
        return self._given()

    def unseen(self, hints: Iterable[Hint]) -> list[Hint]:
        """Those of these notifications that a sweep leaves to be looked at: of places that no list shows."""
        unlisted = frozenset() if self.hangs else self._incomplete | self._slow
        return [hint for hint in hints if hint.index >= 0 and self._twins.name_of(hint.memory) in unlisted]

    def _look(self, hints: Sequence[Hint], deleting: bool = False) -> None:
        hinted, places = {self._twins.name_of(hint.memory) for hint in hints}, {hint.index for hint in hints}
        for name in sorted(hinted & set(self.names) - self._slow):
            self._read_all(name, announced=places, deleting=deleting)
        for hint in hints:
            if hint.index >= 0 and self._twins.name_of(hint.memory) in self._incomplete | self._slow:
                self._read_place(self._twins.name_of(hint.memory), hint.index)
        self._honest.update(stored.memory for stored in self._found if stored.memory in hinted)
        if not self._honest.issuperset(hinted):
            for name in self.names:
                self._read_all(name)

    def _given(self) -> list[Stored]:
        """What is new, which is thereby given out: whatever failed meanwhile, nothing that was read gets lost."""
        found, self._found = self._found, []
        return found

    def sweep(self, name: str) -> list[Stored]:
        """New SMS in this memory; a list that fails is retried next time. Raises NotAsSetUp, PortLost."""
        if name in self._slow:
            self._count(name)
        if name not in self._slow or not self._is_accounted_for(name):
            self._read_all(name, sweep=True)
        return self._given()

    def scan(self) -> list[Stored]:
        """Read a few more places one by one, where lists fail. Raises NotAsSetUp, PortLost."""
        self._scan()
        return self._given()

    def _scan(self) -> None:
        for name, (index, end) in tuple(self._scans.items()):
            stop = min(index + SLICE, end)
            for place in range(index, stop):
                self._read_place(name, place)
                if self.hangs:  # each further place would cost the same silence
                    return
                self._scans[name] = place + 1, end
            if stop >= end or self._is_accounted_for(name):
                del self._scans[name]

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
            self.hangs = is_silence(error)
            log.warning("could not count what is in memory %s: %s", name, error)

    def _read_all(
        self, name: str, sweep: bool = False, announced: Set[int] = frozenset(), deleting: bool = False
    ) -> None:
        if self._twins.are_one and name == TWINS[1]:
            return
        listing = self._list(name, deleting)
        if listing is None:
            self._begin_scan(name)
            if not self.hangs:
                self._scan()
            return
        if name == TWINS[1] and listing.stored and self._twins.compare(self.names, listing, self._list):
            self._read_all(TWINS[0], sweep, announced)
            return
        listing = self.moves.follow(name, listing, self._held)
        if is_suspicious(name, self._held, listing.received, announced, first=not self._sights.has_seen(name)):
            self._require_same_sim()
        self._note_sight(name, listing)
        if sweep:
            self._blind[name] = self._blind.get(name, 0) + 1 if listing.used and not listing.stored else 0
        self._take(listing.received)

    def _list(self, name: str, deleting: bool = False) -> Listing | None:
        """List a memory, `deleting` what is committed before; None when impossible now."""
        tries = self._unlisted.setdefault(name, Tries())
        if not tries.are_due:
            return None
        self._incomplete.add(name)
        began = time.monotonic()
        try:
            listing = self._delete_and_list(name) if deleting else self._memories.list_all(name)
        except (Failed, Silent) as error:
            log.warning("could not list memory %s: %s", name or "(the only one)", error)
            silent = isinstance(error, Silent)
            for each in self.names if silent else (name,):  # the others would hold up sends as well
                self._unlisted.setdefault(each, Tries()).fail(SILENCE_PAUSE if silent else 0.0)
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
        if not listing.is_whole or any(each.slot not in self._held and each.is_damaged for each in listing.received):
            return  # what may not be what lies there says nothing of what lay there before
        slots = tuple(stored.slot for stored in listing.received)
        for slot in [slot for slot, stored in self._held.items() if stored.memory == name and slot not in slots]:
            self._drop(slot)
        self._sights.note_memory(name, slots)

    def _take(self, received: Iterable[Stored]) -> None:
        """Note the new ones of these. What should have been deleted is deleted again."""
        for stored in received:
            if stored.slot in self._held:
                self._held[stored.slot] = stored
                self._doubts.settle(stored.memory, stored.index)
                if (tries := self._deleting.get(stored.slot)) is not None and tries.are_due:
                    self._delete(stored.slot)
            elif other_slot(stored) in self._held:  # the same SMS, or one more, given out when that one has gone
                self._doubts.put_off(stored)
            elif self._doubts.believe(stored):
                self._held[stored.slot] = stored
                self._found.append(stored)

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

    def _read_place(self, name: str, index: int) -> None:
        try:
            stored = self._memories.read(name, index)
            received = self.moves.identify(stored, self._held, self._memories)
        except (Failed, Silent) as error:
            self.hangs = is_silence(error)
            log.debug("could not read place %d of memory %s: %s", index, name, error)
            return
        self.hangs = False
        if not received:
            self._doubts.settle(name, index)
        if is_suspicious(name, self._held, received, index=index):
            self._require_same_sim()
        self._take(received)
        slots = tuple(each.slot for each in received)
        if not self._held.keys() >= set(slots):
            return  # it was hardly read well: nothing is known of what lies there
        for slot in [each.slot for each in self._held.values() if (each.memory, each.index) == (name, index)]:
            if slot not in slots:
                self._drop(slot)
                if name in self._incomplete | self._unlisted.keys():
                    self.moves.miss(slot, name, index)
        self._sights.note(f"{name}:{index}:", slots)

    # -- deleting ---------------------------------------------------------------------------------
    def _forget(self, slot: str) -> None:
        """Delete the SMS of `slot` if it is still there."""
        if slot not in self._held:
            return
        stored = self._held[slot]
        if time.monotonic() - stored.read_at > SURE or stored.memory in self.moves.doubtful:
            self._retry(slot)  # another one may lie there by now, or on another SIM
        else:
            self._delete(slot)

    def _delete_and_list(self, name: str) -> Listing:
        """The list of a memory, and with the same question what is committed deleted from it."""
        untried = [self._held[slot] for slot, tries in self._deleting.items() if not tries.count and slot in self._held]
        chosen = self._joining.choose(name, untried) if name not in self.moves.doubtful else ()
        if not chosen:
            return self._memories.list_all(name)
        for each in chosen:  # until they are seen to be gone
            self._deleting[each.slot].fail()
        self.moves.doubtful.add(name)
        listing, gone = self._joining.delete_and_list(name, chosen)
        for each in chosen:
            if each in gone:
                self._let_go(each)
            else:
                self._warn_of(each.slot, "it is not seen to be gone")
        return listing

    def retry(self) -> list[Stored]:
        """What is new where something could not be deleted, or is doubtful: try again. Raises NotAsSetUp, PortLost."""
        for slot in [slot for slot, tries in self._deleting.items() if tries.are_due]:
            if slot in self._held:  # else one in the same place was seen to have gone
                self._retry(slot)
        for place in self._doubts.take_due():
            self._read_place(*place)
        return self._given()

    def _retry(self, slot: str) -> None:
        name = self._held[slot].memory
        try:
            if self.moves.take_doubt(name):
                self._read_all(name)
            if slot in self._held and name not in self.moves.doubtful:
                self._read_place(name, self._held[slot].index)
        finally:
            if (tries := self._deleting.get(slot)) is not None and tries.are_due:
                tries.fail()  # it could not even be read

    def _delete(self, slot: str) -> None:
        """Delete what was just seen to be this SMS, unless a deletion meanwhile moved it."""
        stored, tries = self._held[slot], self._deleting[slot]
        if stored.memory in self.moves.doubtful:
            return
        tries.fail()
        why = "it says OK, and the SMS is still there"
        try:
            instead = self._memories.delete(stored)
            if instead is not None:
                if tries.count > 1 and stored.memory != OWN_MEMORY:
                    self._require_same_sim()  # it would not go before: has the SIM gone with it?
                self._let_go(stored)
                if instead:  # it may have come just now, or all that lay behind moved up
                    self.moves.doubtful.add(stored.memory)
                used, total = self.fill.get(stored.memory, (0, 0))
                self.fill[stored.memory] = max(used - 1, 0), total
                return
        except (Failed, Silent) as error:
            why = str(error)
        self.moves.doubtful.add(stored.memory)  # it may have been deleted all the same
        self._warn_of(slot, why)

    def _warn_of(self, slot: str, why: str) -> None:
        log.warning("could not delete %s, trying again in %g s: %s", slot, self._deleting[slot].pause, why)

    def _let_go(self, stored: Stored) -> None:
        """It was seen to be gone."""
        self._drop(stored.slot)
        self._sights.note(stored.slot)
        self.announced_full = False

    def _drop(self, slot: str) -> None:
        self._deleting.pop(slot, None)
        self.moves.forget(slot)
        if gone := self._held.pop(slot, None):
            self._scanned.pop(gone.memory, None)  # the same count can be of others from now on
