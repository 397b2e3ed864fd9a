"""Deletes old rows in small batches, so that no send waits for it."""

from bridge.model.message import PENDING
from bridge.model.webhook import DeliveryState
from bridge.store import loopbacks
from bridge.store.connections import Connections, writes
from bridge.store.writer import Tx

#: rows of a table in one transaction
BITE = 500

_WAITING = ", ".join(f"'{state}'" for state in sorted(PENDING))
# each table's finished rows, oldest first; an event stays for as long as a delivery speaks of it
_OLD = {
    "messages": f"created_at < ? AND state NOT IN ({_WAITING})",
    "received": "received_at < ?",
    "typed": "recorded_at < ?",
    "calls": "recorded_at < ?",
    "ledger": f"created_at < ? AND state <> '{DeliveryState.OWED}'",
    "events": "at < ? AND seq NOT IN (SELECT event FROM ledger) AND seq < (SELECT max(seq) FROM events)",
}


def sweep(tx: Tx, older_than: int, keys_older_than: int) -> bool:
    """Delete some finished rows older than this (0: none) and old idempotency keys; True while more is left."""
    tx.conn.execute("DELETE FROM idempotency WHERE created_at < ?", (keys_older_than,))
    # no message is put off for more than a year, and no time zone is two days away from another
    tx.conn.execute("DELETE FROM daily WHERE day < date(? / 1000 - 172800, 'unixepoch')", (keys_older_than,))
    tx.conn.execute("DELETE FROM kept_reports WHERE heard_at < ?", (keys_older_than,))
    loopbacks.sweep(tx, keys_older_than)
    more = False
    if older_than:
        for table, condition in _OLD.items():
            old = f"SELECT seq FROM {table} WHERE {condition} ORDER BY seq LIMIT {BITE}"
            if table == "messages":
                chosen = f"SELECT id FROM messages WHERE seq IN ({old})"
                tx.conn.execute(f"DELETE FROM parts WHERE message IN ({chosen})", (older_than,))
            gone = tx.conn.execute(f"DELETE FROM {table} WHERE seq IN ({old})", (older_than,)).rowcount
            more |= gone == BITE
        tx.conn.execute("DELETE FROM received_marks WHERE received NOT IN (SELECT seq FROM received)")
    return more


class Retention(Connections):
    """Implements `UpkeepStore`, with the modules of each subject."""

    sweep = writes(sweep)
