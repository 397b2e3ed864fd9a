"""Commands that read and delete stored SMS (3GPP TS 27.005 §3.2.3, §3.4.2, §3.4.3, §3.5.4).

Where the modem takes it, one command line chooses the memory, does the work, and asks for the message format: the
memory is certain then, and so is that the answer is whole and in PDU mode. What cannot be believed raises.
"""

import hashlib
import logging
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from functools import cached_property
from itertools import pairwise

from bridge.dataclass import dataclass
from device_drivers.gsm_modem import causes
from device_drivers.gsm_modem.answers import Failed, Misshapen
from device_drivers.gsm_modem.bringup import Setup
from device_drivers.gsm_modem.pdu import Deliver, Malformed, StatusReport, Submit, decode
from device_drivers.gsm_modem.settings import NotAsSetUp, Settings
from device_drivers.gsm_modem.transport import Transport

log = logging.getLogger(__name__)

#: <stat> of drafts and copies of what was sent: the owner's, not ours
_OUTGOING = frozenset({"2", "3"})
#: the one of the modem itself; others are on the SIM (TS 27.005 §3.1)
OWN_MEMORY = "ME"
#: the question that shows that an answer is whole, and in PDU mode
_SEAL = "+CMGF?"
#: the question that shows which memory was worked with
_WHICH = "+CPMS?"
#: there is no such place, or nothing in it
_EMPTY = frozenset({("CMS", 321), ("CME", 21), ("CME", 22)})
#: how many lines of several commands in a row must be refused that are taken one by one before all are asked like that
_TRIES_JOINED = 2

#: index, <stat>, alpha, length; and the same without the index
_LISTED = re.compile(r"\+CMGL:\s*(\d+)\s*,\s*(\d*)\s*,(.*)")
_READ = re.compile(r"\+CMGR:()\s*(\d*)\s*,(.*)")
_TEXT = re.compile(r'\+CMG(?:L:\s*\d+,|R:)\s*"')
_CHOSEN = re.compile(r'\+CPMS:\s*"(\w+)"')
#: as `slot_of` names it: memory, index, content
_SLOT = re.compile(r"(\w*):(\d+):\w+")
_COUNTS = re.compile(r"(\d+)\s*,\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Hint:
    """Where something may have arrived; a negative index means anywhere in the memory."""

    memory: str = ""
    index: int = -1


@dataclass(frozen=True)
class Stored:
    """A stored SMS or report. What is found out of it is asked many times, and kept."""

    memory: str
    index: int
    pdu: str
    #: octets that the modem announced, without the service centre's address; None when it said nothing
    announced: int | None = field(default=None, compare=False)
    #: a draft, or a copy of what was sent
    outgoing: bool = field(default=False, compare=False)
    #: monotonic seconds
    read_at: float = field(default_factory=time.monotonic, compare=False)
    #: the slot under which it was first read, in another place; "" for its own
    known_as: str = field(default="", compare=False)

    @cached_property
    def slot(self) -> str:
        """Its place and content: the same at every re-read."""
        return self.known_as or slot_of(f"{self.memory}:{self.index}", self.pdu)

    @property
    def is_cut(self) -> bool:
        """Whether it is shorter than announced: bytes were lost on the line, or it was stored so."""
        try:
            octets = bytes.fromhex(self.pdu)
        except ValueError:
            return True
        return self.announced is not None and len(octets) != self.announced + 1 + (octets[0] if octets else 0)

    @cached_property
    def is_damaged(self) -> bool:
        """It is cut, or says nothing: it may have been read over a bad line, or lie there like that."""
        return self.is_cut or self.content is None

    @cached_property
    def content(self) -> Deliver | StatusReport | Submit | None:
        """What it says; None for what makes no sense."""
        try:
            return decode(self.pdu)
        except Malformed:
            return None


def slot_of(place: str, pdu: str) -> str:
    """The slot name for a place and its content."""
    return f"{place}:{hashlib.sha1(pdu.upper().encode('latin-1', 'replace'), usedforsecurity=False).hexdigest()[:12]}"


def place_in(slot: str) -> tuple[str, int] | None:
    """Memory and index in the name of a slot; None for one that is of no memory."""
    match = _SLOT.fullmatch(slot)
    return (match[1], int(match[2])) if match else None


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

    def at(self, index: int) -> list[Stored]:
        """What was listed in a place."""
        return [stored for stored in self.stored if stored.index == index]

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
        #: how often in a row the modem took these commands one by one and not in one line
        self._lines_refused = 0
        #: memories that the modem names as we do
        self._named: set[str] = set()
        #: another program was seen to choose another memory than ours
        self._is_shared = False

    def set_up(self, setup: Setup) -> None:
        """Use the result of the last set-up."""
        self._setup = setup

    def list_all(self, memory: str) -> Listing:
        """List a memory. Raises Failed, Silent, NotAsSetUp, PortLost."""
        return self._listing(memory, self._ask(memory, "+CMGL=4", self._seal, self._which))

    def delete_and_list(self, memory: str, deleting: Iterable[Stored]) -> Listing:
        """Delete entries and list what is there then, in one line. Raises Failed, Silent, NotAsSetUp, PortLost.

        As for `delete`, what lies in their places must have been seen to be them.
        """
        deletions = [f"+CMGD={stored.index}" for stored in deleting]
        # the memory is chosen once more for its count, without which nobody knows whether the list is whole
        line = (*deletions, self._which, self._setup.selection(memory), "+CMGL=4", self._seal, self._which)
        return self._listing(memory, self._ask(memory, *line, once=True))

    def may_join(self, memory: str) -> bool:
        """Whether one line can delete, count and list, and show that its answer is whole."""
        return self._chains and bool(memory and self._seal)

    def _listing(self, memory: str, answer: Sequence[str]) -> Listing:
        stored = parse_list(memory, answer)
        if len({each.index for each in stored}) < len(stored):
            raise Failed(
                "AT+CMGL", "an answer with two SMS in one place", tuple(answer)
            )  # a digit got lost on the line
        return replace(_counted(answer), stored=tuple(stored))

    def read(self, memory: str, index: int) -> Stored | None:
        """Read one place; None when empty. Raises Failed, Silent, NotAsSetUp, PortLost."""
        try:
            answer = self._ask(memory, f"+CMGR={index}", self._seal, self._which)
        except Failed as failed:
            if _is_empty(failed):
                return None
            raise
        return next(iter(parse_list(memory, answer, index)), None)

    def count(self, memory: str) -> Listing:
        """Count a memory's entries. Raises Failed, Silent, PortLost."""
        return _counted(self._ask(memory))

    def delete(self, stored: Stored) -> list[Stored] | None:
        """Delete an entry; returns what was seen in its place, None while it may be there still.

        Raises Failed, Silent, NotAsSetUp, PortLost.

        What lies there now must have been seen to be this SMS: whatever lies there is deleted.
        """
        memory, index = stored.memory, stored.index
        if not self._seal or not self._chains:
            self._ask(memory, f"+CMGD={index}", self._which)
            return self._instead_of(stored)
        try:
            answer = self._ask(memory, f"+CMGD={index}", self._which, self._seal, f"+CMGR={index}", once=True)
        except Failed as failed:
            is_sealed = any(line.startswith(_SEAL[:-1]) for line in failed.answer)
            if is_sealed and _is_empty(failed) and self._strayed_to(memory, failed.answer) is None:
                return []
            # a refusal is no proof either
            if (instead := self._instead_of(stored)) is not None:
                return instead
            if failed.answer or causes.code_of(failed.final) is not None:
                return None
            # what was just seen to be there may be deleted: another SMS came into its place where a line was done and
            # an ERROR of something else stood in front of its answer
            self._ask_one_by_one(self._line(memory, f"+CMGD={index}"))
            return self._instead_of(stored)
        return unless(stored, parse_list(memory, answer, index))

    def _instead_of(self, stored: Stored) -> list[Stored] | None:
        """What is in its place; None while this SMS may be there still. Raises Failed, Silent, NotAsSetUp, PortLost."""
        try:
            found = self.read(stored.memory, stored.index)
        except Failed as failed:
            if causes.code_of(failed.final) is not None and causes.is_busy(failed.final):
                raise
            # some refuse to read an empty place with a code of their own
            listing = self.list_all(stored.memory)
            return unless(stored, listing.at(stored.index)) if listing.is_whole else None
        return unless(stored, [found] if found else [])

    @property
    def _chains(self) -> bool:
        return self._settings.chains and self._lines_refused < _TRIES_JOINED

    @property
    def _seal(self) -> str:
        return _SEAL if _SEAL in self._settings.values else ""

    @property
    def _which(self) -> str:
        return _WHICH if _WHICH in self._settings.values else ""

    def _strayed_to(self, memory: str, answer: Sequence[str]) -> str | None:
        """The memory in which it was done, if another program chose that in between; None for ours."""
        told = [match[1] for line in answer if (match := _CHOSEN.match(line))]
        if told and set(told) == {memory}:
            self._named.add(memory)
        other = next((each for each in told if each != memory), None)
        if other is None or memory not in self._named:
            return None
        if not self._is_shared:
            log.warning("another program uses this modem: it chose memory %s where %s was chosen", other, memory)
        self._is_shared = True
        return other

    def _in_ours(self, memory: str, answer: list[str]) -> list[str]:
        """The answer, if all was done in this memory. Raises Failed."""
        if other := self._strayed_to(memory, answer):
            raise Failed(f"AT+CPMS={memory}", f"another program's choice of {other}", tuple(answer))
        return answer

    def _line(self, memory: str, *commands: str) -> list[str]:
        return [command for command in (self._setup.selection(memory), *commands) if command]

    def _ask(self, memory: str, *commands: str, once: bool = False) -> list[str]:
        """Select the memory and run commands in one line. Raises Failed with the answers so far.

        A bare ERROR may mean that the modem does not take these in one line: then they are run one by one, unless
        `once`.
        """
        line = self._line(memory, *commands)
        if not line:
            return []
        if not self._chains or len(line) < 2:
            return self._in_ours(memory, self._ask_one_by_one(line))
        try:
            answer = self._wire.ask(f"AT{';'.join(line)}")
        except Failed as failed:
            if once or failed.answer or causes.code_of(failed.final) is not None:
                raise
            answer = self._ask_one_by_one(line)
            self._lines_refused += 1
            return self._in_ours(memory, answer)
        self._lines_refused = 0
        self._settings.compare(answer)
        return self._in_ours(memory, answer)

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


def _is_empty(failed: Failed) -> bool:
    """Whether this says that there is nothing in the place."""
    return causes.code_of(failed.final) in _EMPTY


def unless(stored: Stored, found: list[Stored]) -> list[Stored] | None:
    """What was found in a place; None when it may be what was stored there, well read or badly."""
    return None if any(each.pdu == stored.pdu or each.is_damaged for each in found) else found


def _counted(answer: Sequence[str]) -> Listing:
    counts = next((_COUNTS.search(line) for line in reversed(answer) if line.startswith("+CPMS")), None)
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
