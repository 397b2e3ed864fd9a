"""The audit trail: who changed what, written in the same transaction as the change."""

import sqlite3

from bridge.model.account import AuditEntry, Author
from bridge.model.query import Page
from bridge.store.connections import Connections, searches
from bridge.store.sql import position
from bridge.store.writer import Tx


def audit(tx: Tx, by: Author, what: str, account: str, detail: str = "") -> None:
    """Add an entry; most of what is entered may change who comes in, or what they may do."""
    tx.admission = True
    tx.conn.execute(
        "INSERT INTO audit (at, who, what, account, detail) VALUES (?, ?, ?, ?, ?)",
        (by.at, by.who, what, account, detail),
    )


def trail(conn: sqlite3.Connection, account: str = "", limit: int = 100, cursor: str = "") -> Page[AuditEntry]:
    """List entries, newest first, with those about every account (""); `account` "" reads all accounts'."""
    rows = conn.execute(
        "SELECT seq, at, who, what, account, detail FROM audit WHERE (? = '' OR account IN (?, '')) AND seq < ? "
        "ORDER BY seq DESC LIMIT ?",
        (account, account, position(cursor), limit + 1),
    ).fetchall()
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(tuple(AuditEntry(*row) for row in rows), str(rows[-1][0]) if more else "")


class AuditLog(Connections):
    """Implements `AuditStore`."""

    audit = searches(trail)
