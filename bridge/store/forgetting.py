"""Deletes rows together with the events, deliveries and parts that belong to them."""

from collections.abc import Sequence
from typing import Any

from bridge.model.event import MESSAGE_RECEIVED
from bridge.model.webhook import DeliveryState
from bridge.store.writer import Tx

#: events about a row, by its position
_TOLD = {
    "messages": f"about = ? AND name <> '{MESSAGE_RECEIVED}'",
    "received": f"about = ? AND name = '{MESSAGE_RECEIVED}'",
}
_OWED = f"EXISTS (SELECT 1 FROM ledger WHERE event = events.seq AND state = '{DeliveryState.OWED}')"


def drop(tx: Tx, table: str, key: Sequence[str], values: Sequence[Any]) -> None:
    """Delete an old row. Events that are still owed to a receiver stay until they are delivered or given up."""
    if table in _TOLD:
        told = f"SELECT seq FROM events WHERE {_TOLD[table]} AND NOT {_OWED}"
        for (event,) in tx.conn.execute(told, values).fetchall():
            tx.conn.execute("DELETE FROM ledger WHERE event = ?", (event,))
            tx.conn.execute("DELETE FROM events WHERE seq = ?", (event,))
    if table == "messages":
        tx.conn.execute("DELETE FROM parts WHERE message = (SELECT id FROM messages WHERE seq = ?)", values)
    where = " AND ".join(f"{column} = ?" for column in key)
    tx.conn.execute(f"DELETE FROM {table} WHERE {where}", values)
