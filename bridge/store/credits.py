"""Credits: what was topped up, reserved for messages and given back. The movements add up to the balance.

One credit is one radio part. `messages.charged` is how many of its parts a message has paid for.
"""

import sqlite3

from bridge.errors import BadRequest
from bridge.model import Account, AuditEntry, Movement, Payment
from bridge.queries import Page
from bridge.store import callers
from bridge.store.books import audit
from bridge.store.messages import position
from bridge.store.writer import Tx


def move(tx: Tx, account: str, kind: str, amount: int, at: int, message: str = "", note: str = "") -> None:
    """Change a balance and write down why."""
    balance = tx.conn.execute(
        "UPDATE accounts SET credits = coalesce(credits, 0) + ? WHERE name = ? RETURNING credits", (amount, account)
    ).fetchone()[0]
    tx.conn.execute(
        "INSERT INTO movements (account, kind, amount, at, message, note, balance) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (account, kind, amount, at, message, note, balance),
    )


def top_up(tx: Tx, name: str, credits: int, note: str, entry: AuditEntry) -> Account:
    """Raises NoSuchThing, and BadRequest for taking more than a prepaid account has."""
    account = callers.get(tx.conn, name)
    left = (account.credits or 0) + credits
    if left < 0 and credits < 0 and account.terms.payment is Payment.PREPAID:
        raise BadRequest(
            f"the account has {account.credits or 0} credits; a prepaid one cannot go below zero", "credits"
        )
    move(tx, name, "top_up" if credits >= 0 else "adjust", credits, entry.at, note=note)
    audit(tx, entry)
    return callers.get(tx.conn, name)


def movements(conn: sqlite3.Connection, account: str, limit: int, cursor: str) -> Page[Movement]:
    """Newest first."""
    rows = conn.execute(
        "SELECT seq, account, kind, amount, at, message, note, balance FROM movements "
        "WHERE account = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
        (account, position(cursor), limit + 1),
    ).fetchall()
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(tuple(Movement(*row) for row in rows), str(rows[-1][0]) if more else "")
