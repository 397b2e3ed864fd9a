"""Credits: top-ups, reservations and refunds, whose movements add up to the balance.

One credit is one radio part. `messages.charged` is how many of its parts a message has paid for.
"""

import sqlite3

from bridge.errors import BadRequest, OutOfCredit
from bridge.model.account import Account, Author, Movement, Payment
from bridge.model.message import Message
from bridge.model.query import Page
from bridge.store import accounts
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, searches, writes
from bridge.store.sql import position
from bridge.store.writer import Tx

#: new messages of an account that have not failed at once
_FRESH = "seq BETWEEN {first} AND {last} AND account = ? AND state <> 'failed'"


def book(tx: Tx, account: str, kind: str, amount: int, at: int, message: str = "", note: str = "") -> None:
    """Change a balance and record the movement."""
    balance = tx.conn.execute(
        "UPDATE accounts SET credits = coalesce(credits, 0) + ? WHERE name = ? RETURNING credits", (amount, account)
    ).fetchone()[0]
    tx.conn.execute(
        "INSERT INTO movements (account, kind, amount, at, message, note, balance) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (account, kind, amount, at, message, note, balance),
    )


def top_up(tx: Tx, name: str, credits: int, note: str, by: Author) -> Account:
    """Add credits. Raises NoSuchThing, or BadRequest for taking more than a prepaid account has."""
    account = accounts.get(tx.conn, name)
    left = (account.credits or 0) + credits
    if left < 0 and credits < 0 and account.terms.payment is Payment.PREPAID:
        raise BadRequest(
            f"the account has {account.credits or 0} credits; a prepaid one cannot go below zero", "credits"
        )
    book(tx, name, "top_up" if credits >= 0 else "adjust", credits, by.at, note=note)
    audit(tx, by, "top_up", name, f"{credits:+d}{f' ({note})' if note else ''}")
    return accounts.get(tx.conn, name)


def movements(conn: sqlite3.Connection, account: str, limit: int = 100, cursor: str = "") -> Page[Movement]:
    """List movements, newest first. Raises NoSuchThing, BadRequest for an unknown cursor."""
    accounts.get(conn, account)
    rows = conn.execute(
        "SELECT seq, account, kind, amount, at, message, note, balance FROM movements "
        "WHERE account = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
        (account, position(cursor), limit + 1),
    ).fetchall()
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(tuple(Movement(*row) for row in rows), str(rows[-1][0]) if more else "")


# -- messages -----------------------------------------------------------------------------------
def reserve(tx: Tx, account: str, first: int, last: int, now: int) -> None:
    """Charge an account for its messages in these rows, except those that failed at once. Raises OutOfCredit."""
    fresh = _FRESH.format(first=first, last=last)
    total = tx.conn.execute(f"SELECT coalesce(sum(parts), 0) FROM messages WHERE {fresh}", (account,)).fetchone()[0]
    record(tx, account, first, last, now, spend(tx, account, total) + total)


def record(tx: Tx, account: str, first: int, last: int, now: int, balance: int) -> int:
    """Record what an account paid for its messages in these rows, when it had `balance`; returns the rest."""
    fresh = _FRESH.format(first=first, last=last)
    tx.conn.execute(
        "INSERT INTO movements (account, kind, amount, at, message, note, balance) "
        "SELECT account, 'reserve', -parts, ?, id, '', ? - sum(parts) OVER (ORDER BY seq) "
        f"FROM messages WHERE {fresh} ORDER BY seq",
        (now, balance, account),
    )
    paid = tx.conn.execute(f"UPDATE messages SET charged = parts WHERE {fresh} RETURNING parts", (account,)).fetchall()
    return balance - sum(int(row[0]) for row in paid)


def spend(tx: Tx, account: str, total: int) -> int:
    """Deduct credits; returns the rest. Raises OutOfCredit."""
    has, payment = tx.conn.execute(
        "SELECT coalesce(credits, 0), payment FROM accounts WHERE name = ?", (account,)
    ).fetchone()
    if total > max(has, 0) and payment == Payment.PREPAID:
        raise OutOfCredit(f"this takes {total} credits and the account has {has}")
    tx.conn.execute("UPDATE accounts SET credits = ? WHERE name = ?", (has - total, account))
    return int(has) - total


def give_back(tx: Tx, message: Message, now: int) -> None:
    """Refund a message's parts that were not sent."""
    charged = tx.conn.execute("SELECT charged FROM messages WHERE id = ?", (message.id,)).fetchone()[0]
    if not charged:
        return
    out = _parts_out(tx.conn, message)
    if charged > out:
        tx.conn.execute("UPDATE messages SET charged = ? WHERE id = ?", (out, message.id))
        book(tx, message.account, "refund", charged - out, now, message.id)


def reserve_again(tx: Tx, message: Message, now: int) -> None:
    """Charge again for what was refunded, before another try. Raises OutOfCredit."""
    counted, charged = tx.conn.execute(
        "SELECT a.credits IS NOT NULL, m.charged FROM messages m JOIN accounts a ON a.name = m.account WHERE m.id = ?",
        (message.id,),
    ).fetchone() or (False, 0)
    wanted = message.parts - max(charged, _parts_out(tx.conn, message)) if counted else 0
    if wanted > 0:
        balance = spend(tx, message.account, wanted)
        tx.conn.execute(
            "INSERT INTO movements (account, kind, amount, at, message, note, balance) "
            "VALUES (?, 'reserve', ?, ?, ?, 'another try', ?)",
            (message.account, -wanted, now, message.id, balance),
        )
        tx.conn.execute("UPDATE messages SET charged = parts WHERE id = ?", (message.id,))


def charge_after_all(tx: Tx, message: Message, now: int) -> None:
    """Charge for what was refunded and was sent all the same, whatever the account has left."""
    counted, charged = tx.conn.execute(
        "SELECT a.credits IS NOT NULL, m.charged FROM messages m JOIN accounts a ON a.name = m.account WHERE m.id = ?",
        (message.id,),
    ).fetchone() or (False, 0)
    due = _parts_out(tx.conn, message) - charged if counted else 0
    if due > 0:
        book(tx, message.account, "reserve", -due, now, message.id, "it was sent after all")
        tx.conn.execute("UPDATE messages SET charged = charged + ? WHERE id = ?", (due, message.id))


def _parts_out(conn: sqlite3.Connection, message: Message) -> int:
    """Radio parts that were sent, whatever became of them; a device that takes whole texts sends all at once."""
    units, out = conn.execute(
        "SELECT m.units, (SELECT count(*) FROM parts p WHERE p.message = m.id AND p.sent_at > 0) "
        "FROM messages m WHERE m.id = ?",
        (message.id,),
    ).fetchone()
    return message.parts if out and units == 1 else min(out, message.parts)


class Balance(Connections):
    """Implements `CreditStore`."""

    top_up = writes(top_up)
    movements = searches(movements)
