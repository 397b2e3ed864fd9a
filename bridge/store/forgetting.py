"""Deletes rows together with the events, deliveries and parts that belong to them.

What has grown old leaves events that a receiver is still owed; what somebody deletes leaves nothing.
"""

import json
from collections.abc import Sequence
from typing import Any

from bridge.model.event import MESSAGE_RECEIVED
from bridge.model.message import PENDING
from bridge.model.webhook import DeliveryState
from bridge.store import search, visibility
from bridge.store.writer import Tx

#: which events about a row's position are about a row of this table
_TOLD = {
    "messages": f"name <> '{MESSAGE_RECEIVED}'",
    "received": f"name = '{MESSAGE_RECEIVED}'",
}
#: the values of a JSON list
_LISTED = "(SELECT value FROM json_each(?))"
#: an account that sees a received SMS
_SEEN = (
    "SELECT 1 FROM accounts a WHERE NOT a.disabled AND NOT EXISTS "
    "(SELECT 1 FROM received_marks k WHERE k.account = a.name AND k.received = ?1 AND k.hidden_at > 0) "
    "AND NOT EXISTS (SELECT 1 FROM received r WHERE r.seq = ?1 AND "
    f"{visibility.foreign('a.name', 'r.line', 'r.device')}) LIMIT 1"
)
#: the newest row of a number (?3) that is not gone (?4), of a conversation of this account (?2), "" for all accounts:
#: by the index of numbers; without the +, SQLite would take the number for known and that condition for no use
_BEFORE = {
    "messages": "SELECT max(last) FROM (SELECT (SELECT seq FROM messages INDEXED BY messages_recipient "
    "WHERE substr(recipient, -7) = substr(?3, -7) AND account = t.account AND +recipient = ?3 "
    "AND seq NOT IN (SELECT value FROM json_each(?4)) ORDER BY seq DESC LIMIT 1) AS last "
    "FROM (SELECT DISTINCT account FROM message_totals WHERE ?2 IN ('', account)) t) each",
    "received": "SELECT seq FROM received INDEXED BY received_number WHERE substr(sender, -7) = substr(?3, -7) "
    "AND +sender = ?3 AND seq NOT IN (SELECT value FROM json_each(?4)) ORDER BY seq DESC LIMIT 1",
}
_OWED = f"EXISTS (SELECT 1 FROM ledger WHERE event = events.seq AND state = '{DeliveryState.OWED}')"


def drop(tx: Tx, table: str, key: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Delete old rows. Events that are still owed to a receiver stay until they are delivered or given up.

    All of them with the statements of one: each statement with a trigger is a segment of the index of words.
    """
    if len(key) > 1:
        where = " AND ".join(f"{column} = ?" for column in key)
        tx.conn.executemany(f"DELETE FROM {table} WHERE {where}", rows)
        return
    gone = json.dumps([row[0] for row in rows])
    if table in _TOLD:
        about = f"about IN {_LISTED} AND {_TOLD[table]}"
        events = tx.conn.execute(f"SELECT seq FROM events WHERE {about} AND NOT {_OWED}", (gone,)).fetchall()
        told = json.dumps([row[0] for row in events])
        tx.conn.execute(f"DELETE FROM ledger WHERE event IN {_LISTED}", (told,))
        tx.conn.execute(f"DELETE FROM events WHERE seq IN {_LISTED}", (told,))
        _leave_conversations(tx, table, gone)
    if table == "messages":
        _drop_parts(tx, gone)
    tx.conn.execute(f"DELETE FROM {table} WHERE {key[0]} IN {_LISTED}", (gone,))


def delete_messages(tx: Tx, seqs: Sequence[int]) -> int:
    """Delete messages for somebody who wants them gone; how many were there and finished."""
    tx.forgets = True
    pending = ", ".join(f"'{state}'" for state in sorted(PENDING))
    rows = tx.conn.execute(
        f"SELECT seq FROM messages WHERE seq IN {_LISTED} AND state NOT IN ({pending})", (json.dumps(seqs),)
    ).fetchall()
    gone = json.dumps([row[0] for row in rows])
    about = f"about IN {_LISTED} AND {_TOLD['messages']}"
    events = json.dumps([row[0] for row in tx.conn.execute(f"SELECT seq FROM events WHERE {about}", (gone,))])
    deliveries = tx.conn.execute(f"DELETE FROM ledger WHERE event IN {_LISTED} RETURNING state", (events,)).fetchall()
    tx.changed |= any(state == DeliveryState.OWED for (state,) in deliveries)
    tx.conn.execute(f"DELETE FROM events WHERE seq IN {_LISTED}", (events,))
    _leave_conversations(tx, "messages", gone)
    _drop_parts(tx, gone)
    tx.conn.execute(f"DELETE FROM messages WHERE seq IN {_LISTED}", (gone,))
    search.merge_some(tx)
    return len(rows)


def hide_received(tx: Tx, seq: int, account: str, now: int) -> None:
    """Delete a received SMS for one account: it is told of it no more. The last account's takes the SMS along."""
    tx.forgets = True
    tx.conn.execute(
        "INSERT INTO received_marks VALUES (?, ?, 0, ?) "
        "ON CONFLICT (account, received) DO UPDATE SET hidden_at = excluded.hidden_at",
        (account, seq, now),
    )
    events = _told(tx, "received", seq)
    for event in events:
        _delete_deliveries(tx, event, account)
    if tx.conn.execute(_SEEN, (seq,)).fetchone() is None:
        for event in events:
            _delete_event(tx, event)
        for (name,) in tx.conn.execute("SELECT name FROM accounts").fetchall():
            tx.conn.execute("DELETE FROM received_marks WHERE account = ? AND received = ?", (name, seq))
        _leave_conversations(tx, "received", json.dumps([seq]))
        tx.conn.execute("DELETE FROM received WHERE seq = ?", (seq,))


def _told(tx: Tx, table: str, seq: int) -> list[int]:
    return [row[0] for row in tx.conn.execute(f"SELECT seq FROM events WHERE about = ? AND {_TOLD[table]}", (seq,))]


def _delete_event(tx: Tx, event: int) -> None:
    _delete_deliveries(tx, event)
    tx.conn.execute("DELETE FROM events WHERE seq = ?", (event,))


def _delete_deliveries(tx: Tx, event: int, account: str = "") -> None:
    """Of an account, or of all for ""; the queues of endpoints forget what they were about to deliver."""
    gone = tx.conn.execute(
        "DELETE FROM ledger WHERE event = ? AND (? = '' OR account = ?) RETURNING state", (event, account, account)
    ).fetchall()
    tx.changed |= any(state == DeliveryState.OWED for (state,) in gone)


def _leave_conversations(tx: Tx, table: str, gone: str) -> None:
    """Where one of these rows (JSON) is the newest of a conversation, the one before them is.

    A conversation without any is deleted.
    """
    column, name = ("recipient", "sent") if table == "messages" else ("sender", "received")
    rows = tx.conn.execute(
        # by that index: SQLite would rather look through all conversations of an account
        f"SELECT c.account, c.number, m.{column} FROM json_each(?) j CROSS JOIN {table} m ON m.seq = j.value "
        "CROSS JOIN conversations c INDEXED BY conversations_number "
        "ON c.account IN (SELECT '' UNION SELECT name FROM accounts) "
        f"AND substr(c.number, -7) = substr(m.{column}, -7) WHERE c.{name} = m.seq",
        (gone,),
    ).fetchall()
    for view, number, spelled in rows:
        tx.conn.execute(
            f"UPDATE conversations SET {name} = coalesce(({_BEFORE[table]}), 0) WHERE account = ?2 AND number = ?1",
            (number, view, spelled, gone),
        )
        left = "DELETE FROM conversations WHERE account = ? AND number = ? AND sent = 0 AND received = 0"
        tx.conn.execute(left, (view, number))


def _drop_parts(tx: Tx, gone: str) -> None:
    """What there is of the parts of these messages (JSON)."""
    for table in ("parts", "decisions"):
        of_them = f"(SELECT id FROM messages WHERE seq IN {_LISTED})"
        tx.conn.execute(f"DELETE FROM {table} WHERE message IN {of_them}", (gone,))
