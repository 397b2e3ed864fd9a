"""Commands that read and delete stored SMS (3GPP TS 27.005 §3.2.3, §3.4.2, §3.4.3, §3.5.4).

Where the modem takes it, one command line chooses the memory, does the work, and asks for the message format: the
memory is certain then, and so is that the answer is whole and in PDU mode. What cannot be believed raises.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from device_drivers.gsm_modem import causes
from device_drivers.gsm_modem.answers import Failed, Misshapen
from device_drivers.gsm_modem.bringup import Setup
from device_drivers.gsm_modem.pdu import Malformed, decode
from device_drivers.gsm_modem.settings import NotAsSetUp, Settings
from device_drivers.gsm_modem.transport import Transport

#: <stat> of drafts and copies of what was sent: the owner's, not ours
_OUTGOING = frozenset({"2", "3"})
#: the question that shows that an answer is whole, and in PDU mode
_SEAL = "+CMGF?"
#: there is no such place, or nothing in it
_EMPTY = frozenset({("CMS", 321), ("CME", 21), ("CME", 22)})

#: index, <stat>, alpha, length; and the same without the index
_LISTED = re.compile(r"\+CMGL:\s*(\d+)\s*,\s*(\d*)\s*,(.*)")
_READ = re.compile(r"\+CMGR:()\s*(\d*)\s*,(.*)")
_TEXT = re.compile(r'\+CMG(?:L:\s*\d+,|R:)\s*"')
_COUNTS = re.compile(r"(\d+)\s*,\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored SMS or report."""

    memory: str
    index: int
    pdu: str
    #: octets that the modem announced, without the service centre's address; None when it said nothing
    announced: int | None = field(default=None, compare=False)
    #: a draft, or a copy of what was sent
    outgoing: bool = field(default=False, compare=False)

    @property
    def slot(self) -> str:
        """Its place and content: the same at every re-read."""
        return slot_of(f"{self.memory}:{self.index}", self.pdu)

    @property
    def is_cut(self) -> bool:
        """Whether it is shorter than announced: bytes were lost on the line, or it was stored so."""
        try:
            octets = bytes.fromhex(self.pdu)
        except ValueError:
            return True
        return self.announced is not None and len(octets) != self.announced + 1 + (octets[0] if octets else 0)

    @property
    def is_damaged(self) -> bool:
        """It is cut, or says nothing: it may have been read over a bad line, or lie there like that."""
        if self.is_cut:
            return True
        try:
            decode(self.pdu)
        except Malformed:
            return True
        return False


def slot_of(place: str, pdu: str) -> str:
    """The slot name for a place and its content."""
    return f"{place}:{hashlib.sha1(pdu.upper().encode('latin-1', 'replace'), usedforsecurity=False).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Listing:
    """The content of a memory and the modem's own count; 0 when it does not count."""

    stored: tuple[Stored, ...] = ()
    used: int = 0
    total: int = 0

    @property
    def received(self) -> tuple[Stored, ...]:
        """Received entries, without drafts and copies."""
        return tuple(stored for stored in self.stored if not stored.outgoing)

    @property
    def is_whole(self) -> bool:
        """Whether the list contains all that the modem counts; otherwise absence proves nothing."""
        return len(self.stored) >= self.used

    def is_like(self, other: "Listing") -> bool:
        """Whether both lists have the same entries and count."""
        contents = [{stored.index: stored.pdu for stored in each.stored} for each in (self, other)]
        return contents[0] == contents[1] and self.total == other.total


class Memories:
    """Reads and deletes stored SMS, on the modem's worker thread."""

    def __init__(self, wire: Transport, settings: Settings) -> None:
        self._wire = wire
        self._settings = settings
        self._setup = Setup()
        #: this modem takes several commands in one line, but not these
        self._apart = False

    def set_up(self, setup: Setup) -> None:
        """Use the result of the last set-up."""
        self._setup = setup

    def list_all(self, memory: str) -> Listing:
        """List a memory. Raises Failed, Silent, NotAsSetUp, PortLost."""
        answer = self._ask(memory, "+CMGL=4", self._seal)
        stored = parse_list(memory, answer)
        if len({each.index for each in stored}) < len(stored):
            raise Failed(
                "AT+CMGL", "an answer with two SMS in one place", tuple(answer)
            )  # a digit got lost on the line
        return replace(_counted(answer), stored=tuple(stored))

    def read(self, memory: str, index: int) -> Stored | None:
        """Read one place; None when empty. Raises Failed, Silent, NotAsSetUp, PortLost."""
        try:
            answer = self._ask(memory, f"+CMGR={index}", self._seal)
        except Failed as failed:
            if causes.code_of(failed.final) in _EMPTY:
                return None
            raise
        return next(iter(parse_list(memory, answer, index)), None)

    def count(self, memory: str) -> Listing:
        """Count a memory's entries. Raises Failed, Silent, PortLost."""
        return _counted(self._ask(memory))

    def delete(self, stored: Stored) -> bool:
        """Delete an entry; returns whether it was seen to be gone. Raises Failed, Silent, NotAsSetUp, PortLost.

        What lies there now must have been seen to be this SMS: whatever lies there is deleted.
        """
        memory, index = stored.memory, stored.index
        if not self._seal or not self._chains:
            self._ask(memory, f"+CMGD={index}")
            return not self.holds(stored)
        try:
            # an error that comes when the place is read again, behind the seal, means that there is nothing in it
            answer = self._ask(memory, f"+CMGD={index}", self._seal, f"+CMGR={index}")
        except Failed as failed:
            if any(line.startswith(_SEAL[:-1]) for line in failed.answer):
                return True
            return not self.holds(stored)  # a refusal is no proof either
        return not any(_may_be(found, stored) for found in parse_list(memory, answer, index))

    def holds(self, stored: Stored) -> bool:
        """Whether this SMS may still be in its place. Raises like `read`."""
        found = self.read(stored.memory, stored.index)
        return found is not None and _may_be(found, stored)

    @property
    def _chains(self) -> bool:
        return self._settings.chains and not self._apart

    @property
    def _seal(self) -> str:
        return _SEAL if _SEAL in self._settings.values else ""

    def _ask(self, memory: str, *commands: str) -> list[str]:
        """Select the memory and run commands in one line. Raises Failed with the answers so far."""
        line = [command for command in (self._setup.selection(memory), *commands) if command]
        if not line:
            return []
        if self._chains and len(line) > 1:
            try:
                answer = self._wire.ask(f"AT{';'.join(line)}")
                self._settings.compare(answer)
                return answer
            except Failed as failed:
                if failed.answer or causes.code_of(failed.final) is not None:
                    raise
            answer = self._ask_one_by_one(line)
            self._apart = True
            return answer
        return self._ask_one_by_one(line)

    def _ask_one_by_one(self, line: Sequence[str]) -> list[str]:
        answer: list[str] = []
        stragglers = self._wire.stragglers
        for command in line:
            try:
                answer += self._wire.ask(f"AT{command}")
            except Failed as failed:
                raise Failed(failed.command, failed.final, (*answer, *failed.answer)) from failed
        self._settings.compare(answer)
        if self._wire.stragglers != stragglers:
            raise Misshapen(line[-1], 0.0, tuple(answer))  # a list went on behind its OK
        return answer


def _may_be(found: Stored, stored: Stored) -> bool:
    """Is this what was stored there, well read or badly?"""
    return found.pdu == stored.pdu or found.is_damaged


def _counted(answer: Sequence[str]) -> Listing:
    counts = next((_COUNTS.search(line) for line in answer if line.startswith("+CPMS")), None)
    return Listing(used=int(counts[1]), total=int(counts[2])) if counts else Listing()


def parse_list(memory: str, answer: Sequence[str], index: int = 0) -> list[Stored]:
    """Parse the answer to AT+CMGL, or to AT+CMGR for `index`. Raises NotAsSetUp for text mode.

    Some modems leave <stat> out of +CMGR; then the content decides what it is.
    """
    found: list[Stored] = []
    for header, pdu in pairwise((*answer, "+")):
        if _TEXT.match(header):
            raise NotAsSetUp("it lists in text mode")
        match = _LISTED.match(header) or _READ.match(header)
        if match is None or pdu.startswith("+"):
            continue
        length = match[3].rpartition(",")[2].strip()
        announced = int(length) if length.isdecimal() else None
        found.append(Stored(memory, int(match[1] or index), pdu, announced, match[2] in _OUTGOING))
    return found
