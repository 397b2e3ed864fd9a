"""Adjusts stored times when the wall clock was set, wherever they are compared with the present.

What has ended keeps its stamps, right or wrong. What somebody asked for by a moment (`not_before`, the end of a named
key) is a moment of the clock on the wall, and stays.
"""

import sqlite3

from bridge.ports.store_rows import ClockState, Queued
from bridge.store import account_limits, event_log
from bridge.store.connections import Connections, reads, writes
from bridge.store.delivery_reports import LONGEST_WAY
from bridge.store.writer import Tx

_MOVED = "created_at = created_at + :step, updated_at = updated_at + :step"
_MESSAGE_MOVED = (
    f"UPDATE messages SET {_MOVED}, due_at = due_at + :step, expires_at = iif(expires_at, expires_at + :step, 0)"
)
#: `:step` in ms, `:now` after it
_SHIFTS = (
    # what waits to be sent is due as it was, and lives as long as it did
    f"{_MESSAGE_MOVED} WHERE state = 'queued'",
    f"{_MESSAGE_MOVED} WHERE state IN ('sending', 'failed', 'unknown', 'expired') AND state = 'sending'",
    # what was put off comes when the clock says so; its life begins then, even if the clock jumped over that
    (
        f"UPDATE messages SET {_MOVED}, expires_at = iif(expires_at, max(due_at, :now) + expires_at - due_at, 0) "
        "WHERE state = 'scheduled'"
    ),
    # as much ahead of the bridge's clock as this was behind
    (
        "UPDATE sims SET clock_offset = clock_offset - :step, suspected_from = suspected_from - :step, "
        "suspected_to = suspected_to - :step"
    ),
    "UPDATE bulk SET stepped = stepped + :step",
    "UPDATE kept_reports SET heard_at = heard_at + :step",
    "UPDATE fragments SET arrived_at = arrived_at + :step",
    "UPDATE ledger SET due_at = due_at + :step, created_at = created_at + :step WHERE state = 'owed'",
    "UPDATE idempotency SET created_at = created_at + :step",
    "UPDATE credentials SET expires_at = expires_at + :step WHERE expires_at > 0 AND (name = '' OR kind = 'token')",
    "UPDATE sessions SET created_at = created_at + :step, seen_at = seen_at + :step, expires_at = expires_at + :step",
    "UPDATE user_links SET expires_at = expires_at + :step",
    # a one-time code is good for a moment of the clock: who used a later one is not kept out until that comes
    "UPDATE users SET totp_step = :now / 30000 + 1 WHERE totp_step > :now / 30000 + 1",
    "UPDATE loopbacks SET started_at = started_at + :step WHERE arrived_at = 0 AND lost_at = 0",
)
_PARTS = (
    "UPDATE parts SET intent_at = intent_at + :step, sent_at = iif(sent_at, sent_at + :step, 0), "
    "done_at = iif(done_at, done_at + :step, 0) WHERE "
)
# each SIM, from the index: whatever its parts are
_SIMS = """
WITH RECURSIVE known(sim) AS (
  SELECT min(sim) FROM parts WHERE reference IS NOT NULL
  UNION ALL
  SELECT (SELECT min(sim) FROM parts WHERE reference IS NOT NULL AND sim > known.sim) FROM known WHERE sim IS NOT NULL)
SELECT sim FROM known WHERE sim IS NOT NULL
"""
#: those of which a report may come yet, by index; and those of unknown fate
_REPORTABLE = f"{_PARTS} reference IS NOT NULL AND sim = :sim AND reference = :reference AND intent_at >= :since"
_UNDECIDED = f"{_PARTS} state IN ('sending', 'unknown') AND reference IS NULL"


def shift(tx: Tx, step: int, state: ClockState) -> None:
    """Move what waits by this many ms."""
    values = {"step": step, "now": state.seen_at}
    for statement in _SHIFTS:
        tx.conn.execute(statement, values)
    tx.conn.execute(_UNDECIDED, values)
    values["since"] = state.seen_at - step - LONGEST_WAY
    for (sim,) in tx.conn.execute(_SIMS).fetchall():
        tx.conn.executemany(_REPORTABLE, [values | {"sim": sim, "reference": number} for number in range(256)])
    account_limits.follow_clock(tx, state.seen_at - step, state.seen_at)
    note(tx, state, step)
    # tasks that wait for due messages use the old time
    tx.queued.append(Queued("", 0, due_at=state.seen_at))


def note(tx: Tx, state: ClockState, step: int = 0) -> None:
    """Record the current time."""
    before = tx.conn.execute("SELECT stepped FROM clock WHERE boot = ?", (state.boot,)).fetchone()
    tx.conn.execute("DELETE FROM clock")
    tx.conn.execute(
        "INSERT INTO clock VALUES (?, ?, ?, ?, ?)",
        (state.boot, state.offset, state.seen_at, event_log.newest(tx.conn), (before[0] if before else 0) + step),
    )


def known(conn: sqlite3.Connection) -> ClockState:
    """The last recorded time, and the newest stamp since."""
    row = conn.execute("SELECT boot, offset, seen_at, event FROM clock").fetchone()
    boot, offset, seen_at, event = row or ("", 0, 0, 0)
    newest = conn.execute("SELECT seq, at FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    # older ones may have stamps of a time that never was
    return ClockState(boot, offset, max(seen_at, newest[1]) if newest and newest[0] > event else seen_at)


class ClockSteps(Connections):
    """Implements `TimeStore`."""

    clock_state = reads(known)
    note_clock = writes(note)

    async def shift(self, step: int, state: ClockState) -> None:
        """Runs alone: earlier jobs carry stamps of before the step, later ones of after it."""
        await self._writer.do_alone(lambda tx: shift(tx, step, state))
