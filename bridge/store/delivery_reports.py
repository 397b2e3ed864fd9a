"""Matches delivery reports to parts by SIM, recipient, reference and service centre time stamp (3GPP TS 23.040
§9.2.2.3).

A reference is one octet: after 256 messages it repeats. TP-SCTS, which the centre gives a part when it takes it, lies
between the moments at which the part came into a device's hands and its answer came. The centre's clock is not ours:
how far it is off is learned for each SIM from reports that can be of one part only. Here is only reading;
`bridge.store.settling` acts on it.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

from bridge.dataclass import dataclass
from bridge.messages.phone_numbers import same_subscriber
from bridge.model.message import State
from bridge.model.radio import InboundReport

#: a device that has a part gives it to the network within this time, or never
LONGEST_IN_HAND = 15 * 60 * 1000  # ms
#: how far off the centre's clock may be as long as nothing is known of it
UNKNOWN_CLOCK = 15 * 60 * 1000  # ms
#: and once it is: clocks drift, and a centre is many machines
KNOWN_CLOCK = 30 * 1000  # ms
#: a part whose reference nobody knows is known by the moment alone
NARROW = 5 * 1000  # ms
#: what a stamp counts in
SECOND = 1000  # ms
#: a report without a time stamp is of a part of the last days, if of one at all
LONGEST_WAY = 7 * 24 * 3600 * 1000  # ms
#: the same where a driver made the reference of a provider's id, which no other part has: a phone may be off for the 30
#: days for which Meta tries, and a webhook a week late
PROVIDERS_WAY = 37 * 24 * 3600 * 1000  # ms
#: TP-MR is one octet (TS 23.040 §9.2.3.6)
_LAST_OCTET = 255
#: references given out since the last that is known, at most, for one to be the next (TS 23.040 §9.2.3.6)
STRIDE = 16

_OPEN = frozenset({State.SENT, State.UNKNOWN})
_CANDIDATES = (
    "SELECT m.recipient, p.message, p.idx, p.state, p.intent_at, max(p.sent_at, p.done_at), p.centre_at "
    "FROM parts p JOIN messages m ON m.id = p.message WHERE "
)
_PARTS = f"{_CANDIDATES} p.sim IN (?, ?) AND "
# SQLite uses an index that has a condition where it sees that condition
_UNDECIDED = "p.state IN ('sending', 'unknown') AND "
#: parameters: SIM, line, reference, and the moments between which it was begun
PARTS_OF_REFERENCE = f"{_PARTS} p.reference = ? AND p.intent_at BETWEEN ? AND ? ORDER BY p.intent_at DESC LIMIT 100"
#: reference and moments: no other part has it, and the SIM may have been unknown at either time
PARTS_OF_OWN_REFERENCE = (
    f"{_CANDIDATES} p.reference > {_LAST_OCTET} AND p.reference = ? AND p.intent_at BETWEEN ? AND ? LIMIT 100"
)
#: SIM, line, and the moments
PARTS_IN_HAND = f"{_PARTS} {_UNDECIDED} p.state = 'sending' AND p.intent_at BETWEEN ? AND ?"
PARTS_OF_UNKNOWN_FATE = (
    f"{_PARTS} {_UNDECIDED} p.state = 'unknown' AND p.reference IS NULL AND p.intent_at BETWEEN ? AND ?"
)
#: SIM and moment; by the index, whatever is kept
REFERENCES_BEFORE = """
WITH RECURSIVE numbers(number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM numbers WHERE number < 255)
SELECT * FROM (SELECT number,
  (SELECT max(intent_at) FROM parts p WHERE p.sim = ? AND p.reference = number AND p.intent_at < ?) AS at
FROM numbers) n WHERE at IS NOT NULL ORDER BY at DESC LIMIT 2
"""


class Clue(Enum):
    """Why no part was matched."""

    #: a part to this recipient is in a device's hands: it may be that one's
    WAIT = "wait"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Heard:
    """A report, the SIM it arrived on, and when."""

    report: InboundReport
    #: as `sims.sim`
    sim: str
    #: Unix ms; a part that was begun later is not meant
    at: int

    @property
    def is_from_the_future(self) -> bool:
        """Whether its time stamp is ahead of the bridge's clock, which is therefore slow: no earlier message has such a
        stamp.
        """
        return self.report.sent_at > self.at + UNKNOWN_CLOCK


@dataclass(frozen=True, slots=True)
class CentreClock:
    """What is known of a service centre's clock."""

    #: ms that it is ahead of ours
    offset: int = 0
    known: bool = False

    @property
    def slack(self) -> int:
        """The tolerance of a time stamp, ms."""
        return KNOWN_CLOCK if self.known else UNKNOWN_CLOCK


@dataclass(frozen=True, slots=True)
class Candidate:
    """A part that a report may belong to, with the time in which a device handled it."""

    message: str
    index: int
    state: State
    begun: int
    ended: int
    #: TP-SCTS of a report that was of this part; 0 when none was
    centre_at: int

    def distance(self, stamp: int, clock: CentreClock) -> int:
        """How far a stamp is outside the part's time, in ms; 0 when inside."""
        earliest, latest = stamp - clock.offset, stamp - clock.offset + SECOND - 1
        return max(self.begun - latest, earliest - self.ended, 0)

    def offsets(self, stamp: int) -> tuple[int, int]:
        """The range of clock offsets of a centre that gave this part this stamp, ms."""
        return stamp - self.ended, stamp + SECOND - 1 - self.begun


@dataclass(frozen=True, slots=True)
class Match:
    """The part that a report belongs to."""

    part: Candidate
    #: it can be no other's, so it tells of the centre's clock
    alone: bool = False


def whose(conn: sqlite3.Connection, heard: Heard, clock: CentreClock) -> Match | Clue:
    """Match a report to a part, if that can be decided."""
    stamp = heard.report.sent_at
    if not stamp:
        return _undated(conn, heard)
    named = _by_reference(conn, heard, stamp - clock.offset - LONGEST_IN_HAND - clock.slack, _latest(heard, clock))
    fitting = [part for part in named if part.distance(stamp, clock) <= clock.slack]
    unsettled = [part for part in fitting if part.state in _OPEN and not part.centre_at]
    best = _best(unsettled, stamp, clock)
    again = next((part for part in fitting if part.centre_at == stamp), None)
    if again is not None and (again.state in _OPEN or best is None or best.distance(stamp, clock) > 0):
        return Match(again)
    # nothing is nearer than one that the stamp fits, and of those the older one comes first
    if best is None or best.distance(stamp, clock) > 0:
        in_hand = [part for part in _in_hand(conn, heard) if part.distance(stamp, clock) <= clock.slack]
        if in_hand and _best([*in_hand, *([best] if best else [])], stamp, clock) is not best:
            return Clue.WAIT
    if best is not None:
        return _unless_another(conn, heard, clock, Match(best, alone=len(unsettled) == 1))
    done = next((part for part in fitting if not part.centre_at), None)
    return Match(done) if done is not None else _by_moment(conn, heard, clock)


def _unless_another(conn: sqlite3.Connection, heard: Heard, clock: CentreClock, nearest: Match) -> Match | Clue:
    """The nearest part of the reference, unless the report may be of another one."""
    off = nearest.part.distance(heard.report.sent_at, clock)
    if off > 0 and not nearest.alone and not clock.known:
        return Clue.NOBODY  # by a clock that is off it may be the wrong one: once the clock is known
    # a modem that lost its power while it sent may give the same reference again
    if off > NARROW and _of_the_moment(conn, heard, clock):
        return _by_moment(conn, heard, clock) if clock.known else Clue.NOBODY
    return nearest


def stranger(conn: sqlite3.Connection, heard: Heard) -> Candidate | None:
    """The only part for an unmatched report if the centre's clock is further off than assumed."""
    stamp = heard.report.sent_at
    if not stamp:
        return None
    named = [part for part in _by_reference(conn, heard, heard.at - LONGEST_WAY, heard.at) if part.state in _OPEN]
    # between taking and delivering no more time passes by the centre's clock than by ours
    took = heard.report.at - stamp if heard.report.at else 0
    named = [part for part in named if not part.centre_at and 0 <= took <= heard.at - part.begun + KNOWN_CLOCK]
    return named[0] if len(named) == 1 else None


def _latest(heard: Heard, clock: CentreClock) -> int:
    return min(heard.at, heard.report.sent_at - clock.offset + SECOND + clock.slack)


def _best(parts: Sequence[Candidate], stamp: int, clock: CentreClock) -> Candidate | None:
    """The candidate nearest in time; the oldest of those that the stamp cannot distinguish."""
    return min(parts, key=lambda part: (part.distance(stamp, clock), part.begun), default=None)


def _undated(conn: sqlite3.Connection, heard: Heard) -> Match | Clue:
    """Match a report without time stamp: by reference, and only when a single part has it."""
    if next(iter(_in_hand(conn, heard)), None) is not None:
        return Clue.WAIT
    way = LONGEST_WAY if heard.report.reference <= _LAST_OCTET else PROVIDERS_WAY
    named = _by_reference(conn, heard, heard.at - way, heard.at)
    if len(named) > 1 and heard.report.at:  # of one that was over by then
        named = [part for part in named if part.begun <= heard.report.at + UNKNOWN_CLOCK]
    unsettled = [part for part in named if part.state in _OPEN]
    if len(unsettled) == 1:
        return Match(unsettled[0])
    return Match(named[0]) if named and not unsettled else Clue.NOBODY


def _by_moment(conn: sqlite3.Connection, heard: Heard, clock: CentreClock) -> Match | Clue:
    """Match the only part with unknown outcome that was handled at that moment."""
    found = _of_the_moment(conn, heard, clock)
    found = [part for part in found if may_follow(heard.report.reference, _references_before(conn, heard.sim, part))]
    return Match(found[0]) if len(found) == 1 else Clue.NOBODY


def _of_the_moment(conn: sqlite3.Connection, heard: Heard, clock: CentreClock) -> list[Candidate]:
    """Parts with unknown outcome that were handled at that moment."""
    stamp = heard.report.sent_at
    rows = conn.execute(
        PARTS_OF_UNKNOWN_FATE,
        (heard.sim, heard.report.line, stamp - clock.offset - LONGEST_IN_HAND - NARROW, _latest(heard, clock)),
    )
    return [part for part in _to(heard, rows) if part.distance(stamp, clock) <= NARROW and not part.centre_at]


def may_follow(reference: int, before: Sequence[int]) -> bool:
    """Whether a reference can follow these (last one first): centres count up, unless seen not to."""
    if not before or not _is_next(*before[:2]):
        return True
    return _is_next(reference, before[0])


def _is_next(reference: int, before: int | None = None) -> bool:
    return before is None or (reference - before - 1) % 256 < STRIDE


def _references_before(conn: sqlite3.Connection, sim: str, part: Candidate) -> list[int]:
    """The SIM's last two references before this part was begun, latest first."""
    return [row[0] for row in conn.execute(REFERENCES_BEFORE, (sim, part.begun))]


def _by_reference(conn: sqlite3.Connection, heard: Heard, since: int, until: int) -> list[Candidate]:
    """Parts with this reference begun in this period, newest first."""
    reference = heard.report.reference
    if reference > _LAST_OCTET:
        return _to(heard, conn.execute(PARTS_OF_OWN_REFERENCE, (reference, since, until)))
    return _to(heard, conn.execute(PARTS_OF_REFERENCE, (heard.sim, heard.report.line, reference, since, until)))


def _in_hand(conn: sqlite3.Connection, heard: Heard) -> list[Candidate]:
    rows = conn.execute(
        PARTS_IN_HAND,
        (heard.sim, heard.report.line, heard.at - LONGEST_WAY, heard.at),
    )
    return _to(heard, rows)


def _to(heard: Heard, rows: Iterable[Sequence[Any]]) -> list[Candidate]:
    """Candidates sent to the report's recipient."""
    return [_candidate(row[1:], heard.at) for row in rows if same_subscriber(row[0], heard.report.recipient)]


def _candidate(row: Sequence[Any], heard_at: int) -> Candidate:
    message, index, state, begun, ended, centre_at = row
    # what a crash left behind was written down much later
    ended = heard_at if state == State.SENDING else min(ended, begun + LONGEST_IN_HAND)
    return Candidate(message, index, State(state), begun, max(begun, ended), centre_at)
