"""Suppressed numbers: added by an operator, or by a recipient who writes STOP."""

import json
import sqlite3
from collections.abc import Iterable, Sequence

from bridge.errors import NoSuchThing, NotPossible
from bridge.messages.phone_numbers import normalise, same_subscriber
from bridge.model.account import THE_RECIPIENT, Author, Suppressed
from bridge.model.inbox import Received
from bridge.model.message import Message, State
from bridge.store import accounts
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, reads, writes
from bridge.store.messages import COLUMNS, give_up, message_of
from bridge.store.writer import Tx

#: the error of a message that was not sent because of the list; what is before the colon is for programs
BLOCKED = "MBBLACK: the recipient is on the account's list of numbers that nothing is sent to"
#: whole messages, whatever the case, as the CTIA's and the Chinese operators' rules have them; a lone letter may
#: mean anything
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "td", "退订"})
START_WORDS = frozenset({"start", "unstop"})
#: how the reason of an entry begins that a recipient made; the operator's own are not the recipient's to lift
_WROTE = "the recipient wrote "
#: last digits by which spellings of a number are looked for; the two indices for it have the same
_TAIL = 7
RECIPIENTS_OF = (
    "SELECT DISTINCT account, recipient FROM messages "
    f"WHERE line = ? AND line <> '' AND substr(recipient, -{_TAIL}) = ?"
)
# by its name: SQLite thinks no more of it than of all entries of the account
ENTRIES_OF = (
    "SELECT number, reason FROM suppressed INDEXED BY suppressed_number "
    f"WHERE account = ? AND substr(number, -{_TAIL}) = ?"
)


def suppress(tx: Tx, account: str, number: str, reason: str, by: Author) -> Suppressed:
    """Suppress a number and fail its waiting messages; returns the entry. Raises NoSuchThing, InvalidNumber."""
    number = _number(tx.conn, account, number)
    if _put(tx, account, number, reason, by.at):
        audit(tx, by, "suppress", account, number)
    return _entry(tx.conn, account, number)


def allow(tx: Tx, account: str, number: str, by: Author) -> None:
    """Remove a number from the list. Raises NoSuchThing, InvalidNumber."""
    number = _entry(tx.conn, account, _number(tx.conn, account, number)).number
    _take_off(tx, account, number, by)


def _take_off(tx: Tx, account: str, number: str, by: Author) -> None:
    tx.conn.execute("DELETE FROM suppressed WHERE account = ? AND number = ?", (account, number))
    audit(tx, by, "allow", account, number)


def suppression(conn: sqlite3.Connection, account: str, number: str) -> Suppressed:
    """Return the entry of a number. Raises NoSuchThing, InvalidNumber."""
    return _entry(conn, account, _number(conn, account, number))


def _number(conn: sqlite3.Connection, account: str, written: str) -> str:
    """The number as this account's messages have it."""
    return normalise(written, accounts.get(conn, account).terms.country)


def _entry(conn: sqlite3.Connection, account: str, number: str) -> Suppressed:
    row = conn.execute(
        "SELECT number, reason, at FROM suppressed WHERE account = ? AND number = ?", (account, number)
    ).fetchone()
    if row is None:
        raise NoSuchThing(f"{number} is not on this account's list")
    return Suppressed(*row)


def suppressed(conn: sqlite3.Connection, account: str) -> Sequence[Suppressed]:
    """List entries, oldest first."""
    rows = conn.execute(
        "SELECT number, reason, at FROM suppressed WHERE account = ? ORDER BY at, number", (account,)
    ).fetchall()
    return [Suppressed(*row) for row in rows]


def listed(conn: sqlite3.Connection, account: str, recipients: Iterable[str]) -> frozenset[str]:
    """Those recipients that are on the account's list."""
    rows = conn.execute(
        "SELECT number FROM suppressed WHERE account = ? AND number IN (SELECT value FROM json_each(?))",
        (account, json.dumps(list(recipients))),
    )
    return frozenset(row[0] for row in rows)


def check(tx: Tx, message: Message) -> None:
    """Raises NotPossible for a message to a suppressed number."""
    if listed(tx.conn, message.account, (message.recipient,)):
        raise NotPossible(BLOCKED.partition(": ")[2])


def block(tx: Tx, message: Message, now: int) -> Message:
    """Fail a message to a suppressed number, and publish that."""
    return give_up(tx, message, State.FAILED, now, BLOCKED)


def _put(tx: Tx, account: str, number: str, reason: str, at: int) -> bool:
    """Add a number and fail its waiting messages. False when it is on the list already."""
    put = tx.conn.execute(
        "INSERT INTO suppressed (account, number, reason, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (account, number, reason, at),
    )
    # one query a state, by that state's own index
    for state in ("queued", "scheduled"):
        waiting = tx.conn.execute(
            f"SELECT {COLUMNS} FROM messages WHERE state = '{state}' AND account = ? AND recipient = ?",
            (account, number),
        ).fetchall()
        for row in waiting:
            block(tx, message_of(row), at)
    return put.rowcount > 0


def heed(tx: Tx, received: Received) -> None:
    """Act on a received STOP or START."""
    word, by = received.text.strip().casefold(), Author(THE_RECIPIENT, received.received_at)
    if word in STOP_WORDS:
        for account, number in _concerned(tx.conn, received):
            if _put(tx, account, number, _WROTE + word.upper(), by.at):
                audit(tx, by, "suppress", account, f"{number}, wrote {word.upper()}")
    elif word in START_WORDS:
        for account in {account for account, _ in _concerned(tx.conn, received)}:
            for number, reason in tx.conn.execute(ENTRIES_OF, (account, received.sender[-_TAIL:])).fetchall():
                if reason.startswith(_WROTE) and same_subscriber(number, received.sender):
                    _take_off(tx, account, number, by)


def _concerned(conn: sqlite3.Connection, received: Received) -> set[tuple[str, str]]:
    """The accounts that sent to this sender on this line (all if none did), with each spelling of its number."""
    rows = conn.execute(RECIPIENTS_OF, (received.line, received.sender[-_TAIL:])).fetchall()
    found = {(account, number) for account, number in rows if same_subscriber(number, received.sender)}
    names = {account for account, _ in found} or {account.name for account in accounts.everyone(conn)}
    return found | {(name, received.sender) for name in names}


class Suppression(Connections):
    """Implements `SuppressionStore`."""

    suppress = writes(suppress)
    allow = writes(allow)
    suppression = reads(suppression)
    suppressed = reads(suppressed)
