"""Settles parts: recorded outcomes, later evidence, and what a crash leaves behind."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from bridge.messages.outcomes import unknown
from bridge.messages.phone_numbers import same_subscriber
from bridge.model.account import UnknownPolicy
from bridge.model.message import Message, Part, State
from bridge.model.radio import Evidence, InboundReport
from bridge.ports.store_rows import Outcome
from bridge.store import lifecycle
from bridge.store.connections import Connections, writes
from bridge.store.delivery_reports import CentreClock, Clue, Heard, Match, stranger, whose
from bridge.store.messages import COLUMNS, get, get_whole, message_of, parts
from bridge.store.receiving import take_slot
from bridge.store.writer import Tx

#: reports of nobody, kept for each SIM in case that more becomes known; the oldest go first
MOST_KEPT = 200
#: nobody asks for more between two tries
_LONGEST_WAIT = 366 * 24 * 3600 * 1000  # ms
#: two stamps agree on how far the centre's clock is off when they say the same within this
AGREEMENT = 60 * 1000  # ms

_OUT = frozenset({State.SENT, State.DELIVERED})
#: a part whose try, or one before it, is of unknown fate stays so until there is evidence, whatever its message does
_RECORDED = """
UPDATE parts SET state = iif(:state IN ('queued', 'failed') AND max(unsure, :unsure) > 0, 'unknown', :state),
  reference = :reference, error = :error, sent_at = :sent_at, done_at = :now, unsure = max(unsure, :unsure)
WHERE message = :message AND idx = :index AND state = 'sending'
RETURNING sim, line, EXISTS (SELECT 1 FROM kept_reports k WHERE k.sim IN (parts.sim, parts.line))
"""
_PUT_BACK = "UPDATE parts SET state = iif(unsure, 'unknown', 'queued') WHERE message = ? AND state = 'sending'"
_NEEDLESS = "DELETE FROM parts WHERE message = ? AND idx <> ? AND state NOT IN ('sent', 'delivered')"
#: the try that was of unknown fate was none, so that only the one under way counts, or the next
_DENIED = """
UPDATE parts SET unsure = 0, state = iif(state = 'unknown', 'queued', state)
WHERE message = ? AND idx = ? AND unsure
"""
_REPORT = "line, slot, recipient, reference, state, detail, at, sent_at"

#: parts that a line has in hand, of each line that has any or of which a part is unknown
IN_HAND = """
WITH RECURSIVE known(line) AS (
  SELECT min(line) FROM parts WHERE state IN ('sending', 'unknown')
  UNION ALL
  SELECT (SELECT min(line) FROM parts WHERE state IN ('sending', 'unknown') AND line > known.line) FROM known
  WHERE line IS NOT NULL)
SELECT p.message, p.idx FROM known CROSS JOIN parts p INDEXED BY parts_open
ON p.state IN ('sending', 'unknown') AND p.line = known.line AND p.state = 'sending'
"""


def settle(tx: Tx, item: InboundReport | Evidence, now: int, sim: str = "") -> Message | None:
    """Apply a report or other evidence to a part; an unmatched report is kept. `sim`: `Line.sim`."""
    if isinstance(item, Evidence):
        return believe(tx, item, now)
    heard = Heard(item, sim or item.line, now)
    asked = _ask_clocks(tx.conn, heard.sim)  # with the slot: a server far away is asked once
    if item.slot and not take_slot(tx, item):
        return None  # a re-read of what the device has not let go of
    return _decide(tx, heard, _clocks(asked), now)


def record(tx: Tx, outcome: Outcome, now: int) -> Message:
    """Record the outcome of a part; the message follows, and reports that came earlier are matched."""
    if outcome.state is State.FAILED:
        outcome = _with_earlier_tries(tx, get(tx.conn, outcome.message), outcome)
    asked = tx.conn.execute(
        _RECORDED,
        {
            "state": outcome.state, "reference": outcome.reference, "error": outcome.error, "unsure": outcome.unsure,
            "sent_at": now if outcome.state in _OUT else 0, "now": now, "message": outcome.message,
            "index": outcome.index,
        },
    )  # fmt: skip
    message, known, units = get_whole(tx.conn, outcome.message)
    written = asked.fetchall()
    if not written and _is_settled(tx, outcome):
        return lifecycle.follow(tx, message, known, units, now)
    message = _follow(tx, message, outcome, now, known, units)
    sim, line, has_kept = written[0] if written else ("", "", False)
    if not has_kept:
        return message
    _decide_kept(tx, sim, line, message.recipient, now)
    return get(tx.conn, message.id)


def _follow(tx: Tx, message: Message, outcome: Outcome, now: int, known: Sequence[Part], units: int) -> Message:
    if outcome.state is State.QUEUED:
        tx.conn.execute(_PUT_BACK, (message.id,))
        attempts = message.attempts + int(outcome.counts)
        # later than any wait between tries: the clock was set back since it was reckoned
        due = outcome.retry_at if now < outcome.retry_at <= now + _LONGEST_WAIT else now
        return lifecycle.requeue(tx, message, now, due_at=due, error=outcome.error, attempts=attempts)
    if outcome.state in _OUT and not outcome.reports:
        tx.conn.execute("UPDATE messages SET report = 0 WHERE id = ?", (message.id,))
        message = replace(message, report=False)
    return lifecycle.follow(tx, message, known, units, now)


def _with_earlier_tries(tx: Tx, message: Message, outcome: Outcome) -> Outcome:
    """For one that failed, keep an earlier try that may have been sent: this refusal says nothing about it."""
    if message.on_unknown is UnknownPolicy.FAIL:
        return outcome
    unsure = "SELECT 1 FROM parts WHERE message = ? AND idx = ? AND unsure"
    if tx.conn.execute(unsure, (message.id, outcome.index)).fetchone() is None:
        return outcome
    error = f"{outcome.error}; an earlier try may or may not have been sent"
    return replace(outcome, state=State.UNKNOWN, error=error)


def _is_settled(tx: Tx, outcome: Outcome) -> bool:
    """Whether evidence came before the outcome; evidence knows more."""
    row = tx.conn.execute(
        "SELECT 1 FROM parts WHERE message = ? AND idx = ? AND state IN ('sent', 'delivered', 'failed')",
        (outcome.message, outcome.index),
    ).fetchone()
    return row is not None


def recover(tx: Tx, now: int) -> int:
    """After a crash: parts in a device's hands become unknown (or what their policy says), the rest is requeued."""
    caught = tx.conn.execute(IN_HAND).fetchall()
    for message_id, index in caught:
        error = "the bridge stopped while the device had it; it may or may not have been sent"
        record(tx, unknown(get(tx.conn, message_id), index, error, now), now)
    rows = tx.conn.execute(f"SELECT {COLUMNS} FROM messages WHERE state = 'sending'").fetchall()
    for row in rows:
        lifecycle.requeue(tx, message_of(row), now, due_at=now)
    return len(caught)


def believe(tx: Tx, item: Evidence, now: int) -> Message | None:
    """Apply evidence to a part; None where it says nothing new."""
    part = next((part for part in parts(tx.conn, item.message) if part.index == item.index), None)
    if part is None or part.state not in (State.UNKNOWN, State.SENDING):
        return None
    if item.state is State.QUEUED and part.state is State.SENDING:
        return None  # of the try before, by now: this one is under way
    message = get(tx.conn, item.message)
    if item.whole and item.state in _OUT and message.state is not State.SENDING:
        # a line that takes it in parts had it since: nothing of it is missing any more
        tx.conn.execute("UPDATE messages SET units = 1 WHERE id = ?", (message.id,))
        tx.conn.execute(_NEEDLESS, (message.id, item.index))
    message = _settle_part(tx, message.id, item.index, part.state, item, now)
    sim, line = tx.conn.execute(
        "SELECT sim, line FROM parts WHERE message = ? AND idx = ?", (item.message, item.index)
    ).fetchone()
    _decide_kept(tx, sim, line, message.recipient, now)
    return get(tx.conn, item.message)


def _decide_kept(tx: Tx, sim: str, line: str, recipient: str, now: int) -> None:
    """Match kept reports of a SIM in order of arrival; of one recipient, or "" for all.

    Among them those that a line heard when it did not know its SIM, which are kept under the line's name.
    """
    rows = tx.conn.execute(
        f"SELECT seq, heard_at, {_REPORT} FROM kept_reports WHERE sim IN (?, ?) ORDER BY seq", (sim, line)
    ).fetchall()
    for seq, heard_at, *values in rows:
        line, slot, to, reference, state, detail, at, sent_at = values
        if recipient and not same_subscriber(to, recipient):
            continue
        report = InboundReport(line, slot, to, reference, State(state), detail, at, sent_at=sent_at)
        if tx.conn.execute("DELETE FROM kept_reports WHERE seq = ?", (seq,)).rowcount:  # else one before decided it
            _decide(tx, Heard(report, sim, heard_at), _clocks(_ask_clocks(tx.conn, sim)), now)


def _decide(tx: Tx, heard: Heard, clocks: Sequence[CentreClock], now: int) -> Message | None:
    """Apply a report to its part, or keep it."""
    found: Match | Clue = Clue.NOBODY
    for clock in clocks:
        found = whose(tx.conn, heard, clock)
        if found is not Clue.NOBODY:
            break
    if found is Clue.NOBODY and (part := stranger(tx.conn, heard)) is not None:
        if not clock.known and heard.is_from_the_future:
            found = Match(part, alone=True)
        elif _is_confirmed(tx, heard, part.offsets(heard.report.sent_at)):
            _learn(tx, heard.sim, CentreClock(clock.offset), part.offsets(heard.report.sent_at))
            _keep(tx, heard)
            _decide_kept(tx, heard.sim, heard.sim, "", now)
            return None
    if not isinstance(found, Match):
        _keep(tx, heard)
        return None
    settled = _settle_part(tx, found.part.message, found.part.index, found.part.state, heard.report, now)
    if found.alone and heard.report.sent_at:
        _learn(tx, heard.sim, clock, found.part.offsets(heard.report.sent_at))
        if not clock.known:
            _decide_kept(tx, heard.sim, heard.sim, "", now)
    return settled


def _keep(tx: Tx, heard: Heard) -> None:
    values = [getattr(heard.report, name.strip()) for name in _REPORT.split(",")]
    tx.conn.execute(
        f"INSERT INTO kept_reports (sim, heard_at, {_REPORT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (heard.sim, heard.at, *values),
    )
    tx.conn.execute(
        "DELETE FROM kept_reports WHERE sim = ? AND seq <= "
        "(SELECT seq FROM kept_reports WHERE sim = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)",
        (heard.sim, heard.sim, MOST_KEPT),
    )


# -- the centre's clock ---------------------------------------------------------------------------
def _ask_clocks(conn: sqlite3.Connection, sim: str) -> sqlite3.Cursor:
    """Ask what is known of the service centre's clock, and by how much ours was set."""
    return conn.execute(
        "SELECT s.clock_offset, s.clock_known, (SELECT stepped FROM clock LIMIT 1) FROM (SELECT ? AS sim) asked "
        "LEFT JOIN sims s ON s.sim = asked.sim",
        (sim,),
    )


def _clocks(asked: sqlite3.Cursor) -> Sequence[CentreClock]:
    """Possible clocks of the service centre: the known one, else one like the bridge's, before or after it was set."""
    offset, known, stepped = asked.fetchone()
    if known:
        return [CentreClock(offset, known=True)]
    return [CentreClock(each) for each in dict.fromkeys((0, offset or 0, -(stepped or 0)))]


def _learn(tx: Tx, sim: str, clock: CentreClock, between: tuple[int, int]) -> None:
    """Learn the centre's clock from a part that is certain; the assumed offset moves no further than needed."""
    offset = min(max(clock.offset, between[0]), between[1])
    if not clock.known or offset != clock.offset:
        tx.conn.execute(
            "INSERT INTO sims (sim, clock_offset, clock_known) VALUES (?, ?, 1) ON CONFLICT (sim) DO UPDATE SET "
            "clock_offset = excluded.clock_offset, clock_known = 1",
            (sim, offset),
        )


def _is_confirmed(tx: Tx, heard: Heard, between: tuple[int, int]) -> bool:
    """Whether a second report confirms the centre's clock offset; a first one alone is not believed."""
    row = tx.conn.execute(
        "SELECT suspected_from, suspected_to FROM sims WHERE sim = ? AND suspected_reference IS NOT NULL "
        "AND suspected_reference <> ?",
        (heard.sim, heard.report.reference),
    ).fetchone()
    confirmed = row is not None and row[0] - AGREEMENT <= between[1] and between[0] <= row[1] + AGREEMENT
    tx.conn.execute(
        "INSERT INTO sims (sim, suspected_from, suspected_to, suspected_reference) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (sim) DO UPDATE SET suspected_from = excluded.suspected_from, "
        "suspected_to = excluded.suspected_to, suspected_reference = excluded.suspected_reference",
        (heard.sim, *between, None if confirmed else heard.report.reference),
    )
    return confirmed


# -- the part -------------------------------------------------------------------------------------
def _settle_part(tx: Tx, id: str, index: int, was: State, told: InboundReport | Evidence, now: int) -> Message:
    # "still trying" after "delivered", or the same report again, changes nothing
    if was is State.DELIVERED or (was is State.FAILED and told.state is State.SENT):
        return get(tx.conn, id)
    if told.state is State.FAILED:
        message = get(tx.conn, id)
        is_pending = message.state in (State.QUEUED, State.SENDING)
        if is_pending and tx.conn.execute(_DENIED, (id, index)).rowcount:
            return message
    error = "" if told.state in _OUT else told.detail
    centre_at = told.sent_at if isinstance(told, InboundReport) else 0
    tx.conn.execute(
        "UPDATE parts SET state = ?, reference = coalesce(?, reference), error = ?, done_at = ?, "
        "sent_at = CASE WHEN sent_at = 0 AND ? THEN ? ELSE sent_at END, "
        "centre_at = CASE WHEN centre_at = 0 THEN ? ELSE centre_at END WHERE message = ? AND idx = ?",
        (told.state, told.reference, error, now, told.state in _OUT, now, centre_at, id, index),
    )
    return lifecycle.follow(tx, *get_whole(tx.conn, id), now)


class Settling(Connections):
    """Implements the evidence calls of `SendingStore` and `UpkeepStore`."""

    settle = writes(settle)
    record = writes(record)
    recover = writes(recover)
