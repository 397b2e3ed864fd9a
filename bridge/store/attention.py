"""What needs a person, what a person decides, and the life of a message, in the store."""

import sqlite3
from collections.abc import Sequence

from bridge.errors import NotPossible
from bridge.model.account import Author
from bridge.model.attention import MOST_COUNTED, Decision, Life, Verdict
from bridge.model.message import Message, State
from bridge.model.radio import Evidence
from bridge.model.webhook import Delivery
from bridge.store import counts, deliveries, lifecycle, settling
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, reads, writes
from bridge.store.event_log import event_of
from bridge.store.messages import QUALIFIED, get, message_of, parts
from bridge.store.writer import Tx

#: of a message that has changed since somebody left it as it is, nobody has said anything
_UNDECIDED = (
    "m.state = 'unknown' AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message = m.id AND d.verdict = 'leave' "
    "AND d.at >= m.updated_at)"
)


def undecided(conn: sqlite3.Connection, view: str, limit: int) -> tuple[int, Sequence[Message]]:
    """Count and list unknown messages that nobody left as they are, newest first."""
    accounts = sorted({name for name, state in counts.totals(conn, view) if state == State.UNKNOWN})
    number, found = 0, list[tuple[int, Message]]()
    for account in accounts:
        rows = conn.execute(
            f"SELECT {QUALIFIED}, m.seq FROM messages m INDEXED BY messages_account WHERE m.account = ? "
            f"AND {_UNDECIDED} ORDER BY m.seq DESC LIMIT {MOST_COUNTED}",
            (account,),
        ).fetchall()
        number += len(rows)
        found += [(row[-1], message_of(row[:-1])) for row in rows[:limit]]
    newest = sorted(found, key=lambda each: -each[0])[:limit]
    return min(number, MOST_COUNTED), [message for _, message in newest]


def dead_letters(conn: sqlite3.Connection, view: str, limit: int) -> tuple[int, Sequence[Delivery]]:
    """Count and list deliveries that were given up, newest first."""
    found = deliveries.dead(conn, view, MOST_COUNTED)
    return len(found), found[:limit]


def decide(tx: Tx, id: str, verdict: Verdict, by: Author) -> Message:
    """Settle an unknown message by a person's word. Raises NoSuchThing, NotPossible."""
    message = get(tx.conn, id)
    if message.state is not State.UNKNOWN:
        raise NotPossible(f"the message is {message.state}: only unknown ones can be settled")
    tx.conn.execute(
        "INSERT INTO decisions VALUES (?, ?, ?, ?) "
        "ON CONFLICT (message, at) DO UPDATE SET verdict = excluded.verdict, who = excluded.who",
        (id, by.at, verdict, by.who),
    )
    audit(tx, by, "settle", message.account, f"{id}, {verdict}")
    if verdict is Verdict.AGAIN:
        return lifecycle.resend(tx, id, by.at)
    if verdict is Verdict.ARRIVED:
        for part in parts(tx.conn, id):
            if part.state in (State.UNKNOWN, State.SENT):
                settling.believe(tx, Evidence(part.line, id, part.index, State.DELIVERED), by.at)
    return get(tx.conn, id)


def life(conn: sqlite3.Connection, view: str, id: str) -> Life:
    """Collect all that is known of a message. Raises NoSuchThing."""
    message = get(conn, id)
    events = conn.execute(
        "SELECT e.seq, e.id, e.name, e.account, e.at, e.subject, e.data FROM events e "
        "WHERE e.about = (SELECT seq FROM messages WHERE id = ?) AND e.subject = ? ORDER BY e.seq",
        (id, id),
    ).fetchall()
    told = deliveries.of_events(conn, view, [row[0] for row in events])
    decisions = conn.execute("SELECT verdict, who, at FROM decisions WHERE message = ? ORDER BY at", (id,))
    return Life(
        message, parts(conn, id), [event_of(row) for row in events], told,
        [Decision(Verdict(verdict), who, at) for verdict, who, at in decisions],
    )  # fmt: skip


class Attention(Connections):
    """Implements `AttentionStore`."""

    undecided = reads(undecided)
    dead_letters = reads(dead_letters)
    decide = writes(decide)
    life = reads(life)
