"""A message's states in the store: it follows its parts, returns to the queue, falls due, expires."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from bridge.errors import NotPossible
from bridge.model.account import UnknownPolicy
from bridge.model.event import (
    MESSAGE_DELIVERED,
    MESSAGE_EXPIRED,
    MESSAGE_FAILED,
    MESSAGE_SENT,
    MESSAGE_UNKNOWN,
    message_data,
)
from bridge.model.message import Message, Part, State
from bridge.model.radio import Doubtful
from bridge.ports.store_rows import Queued
from bridge.store import balance, event_log, suppression
from bridge.store.claiming import OUT, ROUTES, claim, intend, progress, sent_by, waiting
from bridge.store.connections import Connections, reads, writes
from bridge.store.messages import COLUMNS, get, give_up, message_of, move
from bridge.store.sql import marks
from bridge.store.writer import Tx

_TELLS = {
    State.SENT: MESSAGE_SENT,
    State.DELIVERED: MESSAGE_DELIVERED,
    State.FAILED: MESSAGE_FAILED,
    State.UNKNOWN: MESSAGE_UNKNOWN,
    State.EXPIRED: MESSAGE_EXPIRED,
}
#: no bridge has more lines than this to wake
_MOST_WOKEN = 64
#: messages that fall due or expire in one transaction: what waits for the writer waits no longer for them
BITE = 500
#: each route with how much is due in its queue and when the next will be, from the index: whatever waits there
_QUEUES = f"""{ROUTES}
SELECT route,
  (SELECT count(*) FROM (SELECT 1 FROM messages m
    WHERE m.state = 'queued' AND m.route = routes.route AND m.due_at <= :now LIMIT {_MOST_WOKEN}) due),
  (SELECT min(due_at) FROM messages m WHERE m.state = 'queued' AND m.route = routes.route AND m.due_at > :now)
FROM routes WHERE route IS NOT NULL
"""


def requeue(tx: Tx, message: Message, now: int, **changes: Any) -> Message:
    """Requeue a message; one that is partly sent keeps its SIM, so that all parts have one sender.

    A phone that joins the parts goes by that. Where the device did not tell the SIM, the line stands for it.
    """
    if (out := sent_by(tx.conn, message.id)) is not None:
        changes |= {"line": out[0], "route": out[1]}
    message = move(tx, message, State.QUEUED, now, **changes)
    due_at = message.due_at if message.due_at > now else 0
    tx.queued.append(Queued(message.route, 1, due_at, message.expires_at))
    return message


def follow(tx: Tx, message: Message, known: Sequence[Part], units: int, now: int) -> Message:
    """Derive the message's state from its parts, of `units` that its line makes of it, and publish a change."""
    if message.state in (State.CANCELLED, State.EXPIRED, State.FAILED):
        balance.charge_after_all(tx, message, now)
    if message.state in (State.CANCELLED, State.EXPIRED):
        return message  # some of its parts went out; what becomes of those brings the rest back no more
    state, error = derive(known, units, message.state)
    if state is State.UNKNOWN and message.on_unknown is UnknownPolicy.FAIL:
        state = State.FAILED
    if state is message.state and error == message.error:
        return message
    changes: dict[str, Any] = {"error": error}
    if state in OUT and not message.sent_at:
        changes["sent_at"] = now
    if state is State.DELIVERED:
        changes["delivered_at"] = now
    if state is State.QUEUED:
        if message.state is State.FAILED and not _may_go_on(tx, message, now):
            return message
        return requeue(tx, message, now, due_at=now, error=error)
    told = state is not message.state and state in _TELLS
    message = move(tx, message, state, now, **changes)
    if told:
        event_log.tell(tx, _TELLS[state], message.account, now, message.id, message_data(message))
    return message


def _may_go_on(tx: Tx, message: Message, now: int) -> bool:
    """Whether a failed message is still wanted and its refund can be charged again."""
    try:
        suppression.check(tx, message)
        balance.reserve_again(tx, message, now)
    except NotPossible:
        return False
    return True


def derive(known: Sequence[Part], units: int, current: State) -> tuple[State, str]:
    """Derive a message's state and error text from its parts. Pure."""
    # one that waits for another try goes on waiting for it, whatever became of the try before
    decided = (State.SENDING, State.FAILED) if current is State.QUEUED else (State.SENDING, State.FAILED, State.UNKNOWN)
    for state in decided:
        for part in known:
            if part.state is state:
                return state, _words(part, units)
    states = {part.state for part in known}
    if len(known) < units or not states <= OUT:
        # between two parts; or evidence settled a part whose followers were held back
        return (State.SENDING if current is State.SENDING else State.QUEUED), ""
    return (State.DELIVERED if states == {State.DELIVERED} else State.SENT), ""


def _words(part: Part, units: int) -> str:
    if not part.error or units == 1:
        return part.error
    return f"part {part.index} of {units}: {part.error}"


def doubtful(conn: sqlite3.Connection, lines: Sequence[str]) -> Sequence[Doubtful]:
    """Parts with unknown outcome that these lines handled, oldest first."""
    rows = conn.execute(
        "SELECT p.message, p.idx, p.line, m.recipient, m.text, p.intent_at FROM parts p "
        f"JOIN messages m ON m.id = p.message WHERE p.state IN ('sending', 'unknown') AND p.state = 'unknown' "
        f"AND p.line IN ({marks(lines)}) "
        "ORDER BY p.intent_at, m.seq, p.idx",
        tuple(lines),
    )
    return [Doubtful(*row) for row in rows]


def resend(tx: Tx, id: str, now: int) -> Message:
    """Requeue a failed, expired or unknown message; parts that were sent stay sent."""
    message = get(tx.conn, id)
    if message.state not in (State.FAILED, State.EXPIRED, State.UNKNOWN):
        raise NotPossible(f"the message is {message.state}: only failed, expired and unknown ones can be sent again")
    suppression.check(tx, message)
    # a delivered or sent part has done its work, one of unknown fate is remembered as that; the others go out afresh
    tx.conn.execute("UPDATE parts SET unsure = 1 WHERE message = ? AND state = 'unknown'", (id,))
    forgotten = "DELETE FROM parts WHERE message = ? AND state NOT IN ('sent', 'delivered') AND NOT unsure"
    tx.conn.execute(forgotten, (id,))
    balance.reserve_again(tx, message, now)
    # its old time limit has passed or would cut the new try short
    return requeue(tx, message, now, due_at=now, expires_at=0, error="", attempts=0, line="")


def advance(tx: Tx, now: int) -> int:
    """Scheduled becomes queued when due, overdue becomes expired; returns when to look again (0: nothing waits).

    It is some of them when there are many, and then the moment is `now`.
    The queues in which something is due are told on the bus.
    """
    overdue = tx.conn.execute(
        f"SELECT {COLUMNS} FROM messages WHERE state IN ('queued', 'scheduled') AND expires_at > 0 AND expires_at <= ? "
        "ORDER BY expires_at LIMIT ?",
        (now, BITE),
    ).fetchall()
    for row in overdue:
        message = message_of(row)
        give_up(tx, message, State.EXPIRED, now, _why_expired(tx.conn, message))
    come = tx.conn.execute(
        "UPDATE messages SET state = 'queued', updated_at = ? WHERE seq IN "
        "(SELECT seq FROM messages WHERE state = 'scheduled' AND due_at <= ? ORDER BY due_at LIMIT ?)",
        (now, now, BITE),
    )
    due_next = _look_at_queues(tx, now)
    if BITE in (len(overdue), come.rowcount):
        return now
    row = tx.conn.execute(
        "SELECT min(at) FROM ("
        " SELECT min(due_at) AS at FROM messages WHERE state = 'scheduled'"
        " UNION ALL SELECT min(expires_at) FROM messages WHERE state IN ('queued', 'scheduled') AND expires_at > 0) e"
    ).fetchone()
    return min((at for at in (due_next, row[0]) if at), default=0)


def _why_expired(conn: sqlite3.Connection, message: Message) -> str:
    done = len(progress(conn, message.id)[0]) if message.parts > 1 else 0
    if not done:
        return "its time ran out before it could be sent"
    return f"its time ran out when {done} of {message.parts} parts were sent: the others have to go by the same SIM"


def _look_at_queues(tx: Tx, now: int) -> int:
    """Publish the queues with due messages; returns when the next falls due (0: none)."""
    moments = []
    for route, count, next_at in tx.conn.execute(_QUEUES, {"now": now}).fetchall():
        if count:
            tx.queued.append(Queued(route, count))
        if next_at:
            moments.append(next_at)
    return min(moments, default=0)


class Lifecycle(Connections):
    """Implements `SendingStore`, and the other calls about messages on their way."""

    claim = writes(claim)
    intend = writes(intend)
    advance = writes(advance)
    waiting = reads(waiting)
    doubtful = reads(doubtful)
    resend = writes(resend)
