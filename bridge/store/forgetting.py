"""Deletes rows together with the events, deliveries and parts that belong to them.

What has grown old leaves events that a receiver is still owed; what somebody deletes leaves nothing.
"""

from collections.abc import Sequence
from typing import Any

from bridge.model.event import MESSAGE_RECEIVED
from bridge.model.message import PENDING
from bridge.model.webhook import DeliveryState
from bridge.store.writer import Tx

#: events about a row, by its position
_TOLD = {
    "messages": f"about = ? AND name <> '{MESSAGE_RECEIVED}'",
    "received": f"about = ? AND name = '{MESSAGE_RECEIVED}'",
}
#: an account that has not deleted a received SMS
_SEEN = (
    "SELECT 1 FROM accounts a WHERE NOT a.disabled AND NOT EXISTS "
    "(SELECT 1 FROM received_marks k WHERE k.account = a.name AND k.received = ? AND k.hidden_at > 0) LIMIT 1"
)
_OWED = f"EXISTS (SELECT 1 FROM ledger WHERE event = events.seq AND state = '{DeliveryState.OWED}')"


def drop(tx: Tx, table: str, key: Sequence[str], values: Sequence[Any]) -> None:
    """Delete an old row. Events that are still owed to a receiver stay until they are delivered or given up."""
    if table in _TOLD:
        told = f"SELECT seq FROM events WHERE {_TOLD[table]} AND NOT {_OWED}"
        for (event,) in tx.conn.execute(told, values).fetchall():
            tx.conn.execute("DELETE FROM ledger WHERE event = ?", (event,))
            tx.conn.execute("DELETE FROM events WHERE seq = ?", (event,))
    if table == "messages":
        _drop_parts(tx, values[0])
    if table in _TOLD:
        _leave_conversation(tx, table, values[0])
    where = " AND ".join(f"{column} = ?" for column in key)
    tx.conn.execute(f"DELETE FROM {table} WHERE {where}", values)


def delete_message(tx: Tx, seq: int) -> bool:
    """Delete a message for somebody who wants it gone; False when it is not there or not finished."""
    row = tx.conn.execute("SELECT state FROM messages WHERE seq = ?", (seq,)).fetchone()
    if row is None or row[0] in PENDING:
        return False
    for event in _told(tx, "messages", seq):
        _delete_event(tx, event)
    _drop_parts(tx, seq)
    _leave_conversation(tx, "messages", seq)
    tx.conn.execute("DELETE FROM messages WHERE seq = ?", (seq,))
    return True


def hide_received(tx: Tx, seq: int, account: str, now: int) -> None:
    """Delete a received SMS for one account: it is told of it no more. The last account's takes the SMS along."""
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
        _leave_conversation(tx, "received", seq)
        tx.conn.execute("DELETE FROM received WHERE seq = ?", (seq,))


def _told(tx: Tx, table: str, seq: int) -> list[int]:
    return [row[0] for row in tx.conn.execute(f"SELECT seq FROM events WHERE {_TOLD[table]}", (seq,))]


def _delete_event(tx: Tx, event: int) -> None:
    _delete_deliveries(tx, event)
    tx.conn.execute("DELETE FROM events WHERE seq = ?", (event,))


def _delete_deliveries(tx: Tx, event: int, account: str = "") -> None:
    """Of an account, or of all for ""; the queues of endpoints forget what they were about to deliver."""
    gone = tx.conn.execute(
        "DELETE FROM ledger WHERE event = ? AND (? = '' OR account = ?) RETURNING state", (event, account, account)
    ).fetchall()
    tx.changed |= any(state == DeliveryState.OWED for (state,) in gone)


def _leave_conversation(tx: Tx, table: str, seq: int) -> None:
    """Where this is the newest of a conversation, the one before it is; a conversation without any is deleted."""
    column, name = ("recipient", "sent") if table == "messages" else ("sender", "received")
    rows = tx.conn.execute(
        f"SELECT c.account, c.number, m.{column} FROM {table} m, (SELECT '' AS view UNION SELECT name FROM accounts) v "
        f"JOIN conversations c ON c.account = v.view AND substr(c.number, -7) = substr(m.{column}, -7) "
        f"WHERE m.seq = ? AND c.{name} = m.seq",
        (seq,),
    ).fetchall()
    for view, number, spelled in rows:
        of_view = "AND (?2 = '' OR account = ?2)" if table == "messages" else ""
        tx.conn.execute(
            f"UPDATE conversations SET {name} = (SELECT coalesce(max(seq), 0) FROM {table} "
            f"WHERE substr({column}, -7) = substr(?3, -7) AND {column} = ?3 AND seq <> ?4 {of_view}) "
            "WHERE account = ?2 AND number = ?1",
            (number, view, spelled, seq),
        )
        gone = "DELETE FROM conversations WHERE account = ? AND number = ? AND sent = 0 AND received = 0"
        tx.conn.execute(gone, (view, number))


def _drop_parts(tx: Tx, seq: int) -> None:
    for table in ("parts", "decisions"):
        tx.conn.execute(f"DELETE FROM {table} WHERE message = (SELECT id FROM messages WHERE seq = ?)", (seq,))
