"""The SMS memories of a modem: reading them out, and forgetting only what was committed elsewhere.

Notifications are hints: what counts is what the memories hold (3GPP TS 27.005 §3.4.2, §3.4.3, §3.5.4). Everything
here runs on the modem's worker thread.
"""

import hashlib
import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from device_drivers.gsm_modem import causes
from device_drivers.gsm_modem.answers import Failed, Silent
from device_drivers.gsm_modem.bringup import Wire

log = logging.getLogger(__name__)

#: <stat> of drafts and copies of what was sent: the owner's, not ours
_OUTGOING = frozenset({"2", "3"})
#: listing a full memory takes this many times as long as another command
LISTING_PATIENCE = 3

_LISTED = re.compile(r"\+CMG[LR]:\s*(?:(\d+)\s*,\s*)?(\d*)\s*,")
_COUNTS = re.compile(r"(\d+)\s*,\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Stored:
    """An SMS or report in a memory."""

    memory: str
    index: int
    pdu: str

    @property
    def slot(self) -> str:
        """Its place and its content: the same for every re-read of the same stored SMS."""
        return slot_of(f"{self.memory}:{self.index}", self.pdu)


def slot_of(place: str, pdu: str) -> str:
    """Names a place and what was read there."""
    return f"{place}:{hashlib.sha1(pdu.upper().encode('latin-1', 'replace'), usedforsecurity=False).hexdigest()[:12]}"


class Storage:
    """What a modem holds for us."""

    def __init__(self, wire: Wire, memories: Sequence[str], patience: float = 10.0) -> None:
        self._wire = wire
        self.memories = tuple(memories) or ("",)
        self._patience = patience
        self._broken_list = False
        #: takes several commands in one line (ITU-T V.250 §5.2.1)
        self._chains = True
        #: read and given out, not forgotten by the modem yet
        self._held: dict[str, Stored] = {}
        self._committed: set[str] = set()
        #: memories that notifications named rightly
        self._honest: set[str] = set()
        #: the modem said so itself, which its counters may not show yet
        self.announced_full = False
        #: memory → used and total, as far as the modem told
        self.fill: dict[str, tuple[int, int]] = {}
        #: places that were looked at since `sights`, with the slots that are there
        self._sights: list[tuple[str, tuple[str, ...]]] = []
        #: the last sight of each memory
        self._last_sight: dict[str, tuple[str, ...]] = {}

    @property
    def full(self) -> str:
        """Which memory has no room left and how much it holds, in words; "" when all is well."""
        for name, (used, total) in self.fill.items():
            if total and used >= total:
                return f"{name} holds {used} of {total}"
        return "as the modem says" if self.announced_full else ""

    def look(self, hinted: Sequence[str]) -> list[Stored]:
        """What a notification hints at. Some modems name the wrong memory, so a name is not trusted until it was right.

        Raises PortLost.
        """
        if not set(hinted) <= set(self.memories):
            return self.drain()
        fresh = self.drain(hinted)
        self._honest.update(stored.memory for stored in fresh)
        return fresh if self._honest.issuperset(hinted) else fresh + self.drain()

    def drain(self, memories: Sequence[str] = ()) -> list[Stored]:
        """What lies there and was not given out before. Raises PortLost; a memory that fails is left for next time."""
        fresh: list[Stored] = []
        for memory in memories or self.memories:
            try:
                fresh.extend(self._new(memory))
            except (Failed, Silent) as error:
                log.warning("could not read memory %s: %s", memory or "(the only one)", error)
        return fresh

    def sights(self) -> list[tuple[str, tuple[str, ...]]]:
        """What was seen since the last call: a place, and every slot that it holds. For `Held`."""
        seen, self._sights = self._sights, []
        return seen

    def count(self) -> dict[str, tuple[int, int]]:
        """How full every memory is now. Raises PortLost."""
        for memory in self.memories:
            with suppress(Failed, Silent):
                self._select(memory)
        return dict(self.fill)

    def forget(self, slot: str) -> None:
        """Delete what `slot` names, if it is still there; harmless when repeated. Raises PortLost."""
        stored = self._held.get(slot)
        if stored is None:
            return
        self._committed.add(slot)
        try:
            self._delete(stored)
        except (Failed, Silent) as error:
            if isinstance(error, Silent) or causes.code_of(error.final) not in {("CMS", 321), ("CME", 21)}:
                log.warning("could not delete %s, trying again later: %s", slot, error)
                return
        self._held.pop(slot, None)
        self._committed.discard(slot)
        self._sights.append((slot, ()))
        self.announced_full = False
        used, total = self.fill.get(stored.memory, (0, 0))
        self.fill[stored.memory] = max(used - 1, 0), total

    def set_up(self, memories: Sequence[str]) -> None:
        """The modem was set up (again): these are its memories."""
        self.memories = tuple(memories) or ("",)

    def _delete(self, stored: Stored) -> None:
        """Choose the memory and delete in one command line: a modem that restarted in between, unnoticed, would have
        chosen another memory by itself, and an SMS that nobody has read would be gone."""
        if not stored.memory:
            self._wire.ask(f"AT+CMGD={stored.index}")
        elif self._chains:
            try:
                self._wire.ask(f'AT+CPMS="{stored.memory}";+CMGD={stored.index}')
            except Failed as failed:
                if causes.code_of(failed.final) is not None:
                    raise
                self._chains = False
        if stored.memory and not self._chains:
            self._wire.ask(f'AT+CPMS="{stored.memory}"')
            self._wire.ask(f"AT+CMGD={stored.index}")

    def _new(self, memory: str) -> list[Stored]:
        self._select(memory)
        found = self._read(memory)
        self._note_sight(memory, found)
        fresh = [stored for stored in found if stored.slot not in self._held]
        self._held.update((stored.slot, stored) for stored in fresh)
        for slot in [stored.slot for stored in found if stored.slot in self._committed]:
            self.forget(slot)
        return fresh

    def _note_sight(self, memory: str, found: Sequence[Stored]) -> None:
        """A list that leaves out some of what the modem counts proves nothing about what it leaves out."""
        used, _ = self.fill.get(memory, (0, 0))
        slots = tuple(stored.slot for stored in found)
        if len(slots) >= used and self._last_sight.get(memory) != slots:
            self._last_sight[memory] = slots
            self._sights.append((f"{memory}:", slots))

    def _select(self, memory: str) -> None:
        """Make AT+CMGL and AT+CMGR speak of this memory, and learn how full it is."""
        if not memory:
            return
        answer = " ".join(self._wire.ask(f'AT+CPMS="{memory}"'))
        if counts := _COUNTS.search(answer):
            self.fill[memory] = int(counts[1]), int(counts[2])

    def _read(self, memory: str) -> list[Stored]:
        if not self._broken_list:
            try:
                return parse_list(memory, self._wire.ask("AT+CMGL=4", self._patience * LISTING_PATIENCE))
            except (Failed, Silent) as error:
                log.warning("listing memory %s failed, reading one by one: %s", memory, error)
                self._broken_list = isinstance(error, Silent)
        return self._read_one_by_one(memory)

    def _read_one_by_one(self, memory: str) -> list[Stored]:
        """Some firmware hangs on a list; indices begin at 0 with some makers and at 1 with others."""
        used, total = self.fill.get(memory, (0, 20))
        found: list[Stored] = []
        for index in range(total + 1):
            try:
                found.extend(parse_list(memory, self._wire.ask(f"AT+CMGR={index}"), index))
            except Failed:
                continue  # an empty place
            if len(found) >= max(used, 1):
                break
        return found


def parse_list(memory: str, answer: Sequence[str], index: int = 0) -> list[Stored]:
    """The answer to AT+CMGL, or to AT+CMGR for `index`; drafts and copies of sent SMS are left out.

    Some modems leave <stat> out of +CMGR; then the content decides what it is.
    """
    found: list[Stored] = []
    for header, pdu in pairwise(answer):
        match = _LISTED.match(header)
        if match is None or _LISTED.match(pdu):
            continue
        listed = header.startswith("+CMGL")
        status = match[2] if listed else match[1] or match[2]
        if status not in _OUTGOING:
            found.append(Stored(memory, int(match[1]) if listed and match[1] else index, pdu))
    return found
