"""Parts of long SMS in the store, until all have come or nobody waits any more."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bridge.dataclass import dataclass
from bridge.messages.reassembly import Fragment, apart, complete, in_order, is_certain, is_possible
from bridge.messages.segmentation import join
from bridge.model.inbox import Received
from bridge.model.radio import InboundPart
from bridge.ports.store_rows import Queued
from bridge.store import event_log, inbox
from bridge.store.sql import last_number
from bridge.store.writer import Tx

#: a part that comes again later than this after the first is not known as such any more
WINDOW = 24 * 3600 * 1000  # ms
#: parts that may be of one message wait so long for others that fit better
HOLD = 10_000  # ms

_COLUMNS = "seq, idx, text, data, sent_at, arrived_at, received"


@dataclass(frozen=True, slots=True)
class Kind:
    """What all parts of a message share, and parts of other messages may share too."""

    #: by which they came, in whatever line it was; the line where it is not known
    sim: str
    sender: str
    reference: int
    #: 8 or 16
    bits: int
    total: int

    @property
    def values(self) -> tuple[str, str, int, int, int]:
        """The values for a statement."""
        return self.sim, self.sender, self.reference, self.bits, self.total


@dataclass(frozen=True, slots=True)
class Way:
    """By which line and device the last part of a message came."""

    line: str
    device: str


_OF_KIND = "sim = ? AND sender = ? AND reference = ? AND bits = ? AND total = ?"


def add(tx: Tx, item: InboundPart, device: str, now: int, sim: str) -> Received | None:
    """Store a part; returns the SMS that it completed or extended, if any.

    `sim`: `Line.sim`, or the line's name where that is not known.
    """
    concat = item.concat
    assert concat is not None  # noqa: S101 - the caller looked
    kind, way = Kind(sim, item.sender, concat.reference, concat.bits, concat.total), Way(item.line, device)
    _follow_sim(tx, kind, way)
    known = _known(tx.conn, kind, now - WINDOW)
    text = item.text.encode("utf-8", "surrogatepass")
    part = Fragment(0, concat.index, text, item.data, item.sent_at, now)
    if (first := next((each for each in known if part.is_again(each)), None)) is not None:
        # it is known as such for as long as the first one
        _mark(tx, [_insert(tx, kind, replace(part, arrived_at=first.arrived_at), way)], 0)
        return None
    part = _insert(tx, kind, part, way)
    whole = complete(part, [*_waiting(known), part], kind.total)
    if whole is not None and is_certain(whole):
        return _give_out(tx, kind, whole, way, now)
    for partial in _given_out_without(part, known):
        if is_certain(in_order([*partial, part])):
            return _give_more_out(tx, kind, [*partial, part], way, now)
    # no event for a line: the scheduler looks at this as well
    tx.queued.append(Queued("", 0, due_at=now + HOLD))
    return None


def release(tx: Tx, older_than: int, now: int) -> Sequence[Received]:
    """Release messages held for a better fit and incomplete ones that waited too long; delete old parts."""
    tx.conn.execute("DELETE FROM fragments WHERE received IS NOT NULL AND arrived_at < ?", (now - WINDOW,))
    kinds = tx.conn.execute(
        "SELECT sim, sender, reference, bits, total, max(arrived_at), min(arrived_at) FROM fragments "
        "WHERE received IS NULL GROUP BY sim, sender, reference, bits, total ORDER BY min(seq)"
    ).fetchall()
    given: list[Received] = []
    for *values, newest, oldest in kinds:
        kind = Kind(*values)
        if newest <= now - HOLD:
            given += _give_out_held(tx, kind, now)
        if oldest <= older_than:
            given += _give_up(tx, kind, older_than, now)
    return given


def _give_out_held(tx: Tx, kind: Kind, now: int) -> list[Received]:
    """Release complete messages whose parts are unusually far apart, as nothing better has come.

    So are those whose beginning came twice in the second of another one's that begins alike.
    """
    given: list[Received] = []
    known = _known(tx.conn, kind, 0)
    waiting = _waiting(known)
    for part in list(waiting):
        again = [each for each in known if each.received == 0 and each.sent_at == part.sent_at > 0]
        for candidates in (waiting, [*waiting, *again]):
            whole = complete(part, candidates, kind.total) if part in waiting else None
            if whole is not None and is_possible(whole):
                given.append(_give_out(tx, kind, whole, _way(tx.conn, kind), now))
                waiting, known = ([each for each in some if each not in whole] for some in (waiting, known))
    return given


def _give_up(tx: Tx, kind: Kind, older_than: int, now: int) -> list[Received]:
    """Release incomplete messages with gaps marked."""
    given: list[Received] = []
    known, way = _known(tx.conn, kind, 0), _way(tx.conn, kind)
    for group in apart(_waiting(known)):
        if min(each.arrived_at for each in group) > older_than:
            continue
        if _is_repeat(group, known):
            _mark(tx, group, 0)
        elif (partial := _partial_for(group, known)) is not None:
            given.append(_give_more_out(tx, kind, [*partial, *group], way, now))
        else:
            given.append(_give_out(tx, kind, group, way, now))
    return given


def _is_repeat(group: Sequence[Fragment], known: Iterable[Fragment]) -> bool:
    """Whether these parts were sent again, under a later stamp, after they had been released."""
    given = [each for each in known if each.received]
    return all(any(each.says_the_same(other) for other in given) for each in group)


def _partial_for(group: Sequence[Fragment], known: Sequence[Fragment]) -> list[Fragment] | None:
    """An SMS released with gaps that these parts can fill."""
    for partial in _given_out_without(group[0], known):
        together = in_order([*partial, *group])
        if len({each.index for each in together}) == len(together) and is_possible(together):
            return partial
    return None


def _given_out_without(part: Fragment, known: Iterable[Fragment]) -> list[list[Fragment]]:
    """Released SMS that lack this part, newest first."""
    sets: dict[int, list[Fragment]] = {}
    for each in known:
        if each.received:
            sets.setdefault(each.received, []).append(each)
    lacking = [seq for seq, parts in sets.items() if all(each.index != part.index for each in parts)]
    return [sets[seq] for seq in sorted(lacking, reverse=True)]


# -- giving out -----------------------------------------------------------------------------------
def _give_out(tx: Tx, kind: Kind, parts: Sequence[Fragment], way: Way, now: int) -> Received:
    made = Received(event_log.new_uuid(), way.line, way.device, kind.sender, "", 0, now)
    kept = inbox.keep(tx, _filled(made, kind, parts), now)
    _mark(tx, parts, kept.seq)
    return kept


def _give_more_out(tx: Tx, kind: Kind, parts: Sequence[Fragment], way: Way, now: int) -> Received:
    """Release the same SMS again with fewer gaps, under its id."""
    seq = next(each.received for each in parts if each.received)
    known = inbox.at(tx.conn, seq)
    if known is None:  # deleted meanwhile
        fresh = [each for each in parts if each.received is None]
        return _give_out(tx, kind, fresh, way, now)
    _mark(tx, parts, seq)
    return inbox.keep_more(tx, _filled(known, kind, in_order(parts)), now)


def _filled(made: Received, kind: Kind, parts: Sequence[Fragment]) -> Received:
    """The SMS with these parts filled in; gaps are marked in the text."""
    texts = {each.index: each.text.decode("utf-8", "surrogatepass") for each in parts}
    numbers = range(1, kind.total + 1)
    text = join([texts.get(index, f"[part {index} of {kind.total} missing]") for index in numbers])
    data = "".join(each.data for each in parts)
    if data and not any(texts.values()):
        text = ""
    # its time is when the sender's network took the first part
    sent_at = min((each.sent_at for each in parts if each.sent_at), default=0)
    return replace(made, text=text, data=data, sent_at=sent_at, partial=len(texts) < kind.total)


# -- rows -----------------------------------------------------------------------------------------
def _known(conn: sqlite3.Connection, kind: Kind, since: int) -> list[Fragment]:
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM fragments WHERE {_OF_KIND} AND (received IS NULL OR arrived_at >= ?) ORDER BY seq",
        (*kind.values, since),
    )
    return [Fragment(*row) for row in rows]


def _follow_sim(tx: Tx, kind: Kind, way: Way) -> None:
    """Parts that came by the line before its SIM was known (earlier releases knew none) are of its SIM."""
    if kind.sim != way.line:
        tx.conn.execute(f"UPDATE fragments SET sim = ? WHERE {_OF_KIND}", (kind.sim, way.line, *kind.values[1:]))


def _way(conn: sqlite3.Connection, kind: Kind) -> Way:
    last = f"SELECT line, device FROM fragments WHERE {_OF_KIND} ORDER BY seq DESC LIMIT 1"
    return Way(*conn.execute(last, kind.values).fetchone())


def _waiting(known: Iterable[Fragment]) -> list[Fragment]:
    return [each for each in known if each.received is None]


def _insert(tx: Tx, kind: Kind, part: Fragment, way: Way) -> Fragment:
    made = tx.conn.execute(
        "INSERT INTO fragments (sim, sender, reference, bits, total, line, device, idx, text, data, sent_at, "
        "arrived_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*kind.values, way.line, way.device, part.index, part.text, part.data, part.sent_at, part.arrived_at),
    )
    return Fragment(last_number(made), part.index, part.text, part.data, part.sent_at, part.arrived_at)


def _mark(tx: Tx, parts: Iterable[Fragment], seq: int) -> None:
    tx.conn.executemany("UPDATE fragments SET received = ? WHERE seq = ?", [(seq, each.seq) for each in parts])
