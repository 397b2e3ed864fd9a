"""Numbers that nothing is sent to: put there by the operator, or by a recipient who writes STOP."""

import json
import sqlite3
from collections.abc import Iterable, Sequence

from bridge.errors import NoSuchThing, NotPossible
from bridge.messages.phone_numbers import same_subscriber
from bridge.model.account import AuditEntry
from bridge.model.event import MESSAGE_FAILED, message_data
from bridge.model.inbox import Received
from bridge.model.message import Message, State
from bridge.store import accounts, event_log
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, reads, writes
from bridge.store.messages import COLUMNS, message_of, move
from bridge.store.writer import Tx

#: the error of a message that was not sent because of the list; what is before the colon is for programs
BLOCKED = "MBBLACK: the recipient is on the account's list of numbers that nothing is sent to"
#: whole messages, whatever the case, as the CTIA's and the Chinese operators' rules have them; a lone letter may
#: mean anything
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "td", "退订"})
START_WORDS = frozenset({"start", "unstop"})
#: how the reason of an entry begins that a recipient made; the operator's own are not the recipient's to lift
_WROTE = "the recipient wrote "
#: last digits by which spellings of a number are looked for
_TAIL = 7


def suppress(tx: Tx, account: str, number: str, reason: str, entry: AuditEntry) -> None:
    """Raises NoSuchThing."""
    accounts.get(tx.conn, account)
    _put(tx, account, number, reason, entry.at)
    audit(tx, entry)


def allow(tx: Tx, account: str, number: str, entry: AuditEntry) -> None:
    """Raises NoSuchThing."""
    if not tx.conn.execute("DELETE FROM suppressed WHERE account = ? AND number = ?", (account, number)).rowcount:
        raise NoSuchThing(f"{number} is not on this account's list")
    audit(tx, entry)


def suppressed(conn: sqlite3.Connection, account: str) -> Sequence[tuple[str, str, int]]:
    """Number, reason and Unix ms of each entry, oldest first."""
    rows = conn.execute(
        "SELECT number, reason, at FROM suppressed WHERE account = ? ORDER BY at, number", (account,)
    ).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


def listed(conn: sqlite3.Connection, account: str, recipients: Iterable[str]) -> frozenset[str]:
    """Those of the recipients that are on the account's list."""
    rows = conn.execute(
        "SELECT number FROM suppressed WHERE account = ? AND number IN (SELECT value FROM json_each(?))",
        (account, json.dumps(list(recipients))),
    )
    return frozenset(row[0] for row in rows)


def check(tx: Tx, message: Message) -> None:
    """Raises NotPossible for a message whose recipient is on the list."""
    if listed(tx.conn, message.account, (message.recipient,)):
        raise NotPossible(BLOCKED.partition(": ")[2])


def block(tx: Tx, message: Message, now: int) -> Message:
    """Fail it and tell."""
    message = move(tx, message, State.FAILED, now, error=BLOCKED)
    event_log.tell(tx, MESSAGE_FAILED, message.account, now, message.id, message_data(message))
    return message


def _put(tx: Tx, account: str, number: str, reason: str, at: int) -> None:
    """Put a number on a list, and fail what waits to be sent to it; an entry that is there stays as it is."""
    tx.conn.execute(
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


def heed(tx: Tx, received: Received) -> None:
    """Do what a recipient asks for who writes STOP or START."""
    word = received.text.strip().casefold()
    if word in STOP_WORDS:
        for account, number in _concerned(tx.conn, received):
            _put(tx, account, number, _WROTE + word.upper(), received.received_at)
    elif word in START_WORDS:
        for account in {account for account, _ in _concerned(tx.conn, received)}:
            for number, reason, _ in suppressed(tx.conn, account):
                if reason.startswith(_WROTE) and same_subscriber(number, received.sender):
                    tx.conn.execute("DELETE FROM suppressed WHERE account = ? AND number = ?", (account, number))


def _concerned(conn: sqlite3.Connection, received: Received) -> set[tuple[str, str]]:
    """The accounts that sent to this sender on this line, all when none did, with each spelling of its number."""
    rows = conn.execute(
        "SELECT DISTINCT account, recipient FROM messages WHERE line = ? AND substr(recipient, ?) = ?",
        (received.line, -_TAIL, received.sender[-_TAIL:]),
    ).fetchall()
    found = {(account, number) for account, number in rows if same_subscriber(number, received.sender)}
    names = {account for account, _ in found} or {account.name for account in accounts.everyone(conn)}
    return found | {(name, received.sender) for name in names}


class Suppression(Connections):
    """Obeys `SuppressionStore`."""

    suppress = writes(suppress)
    allow = writes(allow)
    suppressed = reads(suppressed)
