"""Suppressed numbers: on an account's list, or of recipients who wrote STOP to a line."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bridge.errors import NoSuchThing, NotPossible
from bridge.messages.phone_numbers import normalise, same_subscriber
from bridge.model.account import Author, Suppressed
from bridge.model.message import SIM_ROUTE, WHATSAPP_ROUTE, Message, State
from bridge.store import accounts
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, reads, searches, writes
from bridge.store.messages import COLUMNS, give_up, message_of
from bridge.store.writer import Tx

#: how the error of a message begins that was not sent because of the list; for programs
_CODE = "MBBLACK: "
BLOCKED = f"{_CODE}the recipient is on the account's list of numbers that nothing is sent to"
#: how the reason of an entry begins that a recipient made; the operator's own are not the recipient's to lift
WROTE = "the recipient wrote "
#: stands for every line
EVERY_LINE = "*"
#: last digits by which spellings of a number are looked for; the indices for it have the same
TAIL = 7
# by its name: SQLite thinks no more of it than of all entries of the account
ENTRIES_OF = (
    "SELECT number, reason FROM suppressed INDEXED BY suppressed_number "
    f"WHERE account = ? AND substr(number, -{TAIL}) = ?"
)
STOPS_OF = (
    "SELECT line, device, number, word, at FROM stops INDEXED BY stops_number "
    f"WHERE substr(number, -{TAIL}) IN (SELECT value FROM json_each(?))"
)
WAITING_FOR = (
    f"SELECT {COLUMNS} FROM messages INDEXED BY messages_recipient WHERE substr(recipient, -{TAIL}) = ? "
    "AND state IN ('queued', 'scheduled')"
)


class Stop(NamedTuple):
    """A recipient wrote STOP to a line, or to any of them where it holds for every line."""

    #: one of WhatsApp as its route; or EVERY_LINE
    line: str
    device: str
    number: str
    word: str
    #: Unix ms
    at: int

    def holds_for(self, recipient: str, route: str) -> bool:
        """Whether a message to this recipient may go by the line that the STOP came to."""
        if not is_same(self.number, recipient):
            return False
        if self.line == EVERY_LINE:
            return True
        if self.line.startswith(WHATSAPP_ROUTE):
            return route in (WHATSAPP_ROUTE, self.line)
        # a route is any line, a line, a device, or a SIM slot of any device (`bridge.messages.routing`)
        slot = f":{self.line.rpartition(':')[2]}" if ":" in self.line else ":1"
        return route in ("", self.line, self.device, slot)

    @property
    def error(self) -> str:
        """What a message says that is not sent because of it."""
        return f"{_CODE}{WROTE}{self.word} to {self._where}, by which this could go"

    @property
    def entry(self) -> Suppressed:
        """As it is listed."""
        return Suppressed(self.number, f"{WROTE}{self.word} to {self._where}", self.at, self.line)

    @property
    def _where(self) -> str:
        return "this bridge" if self.line == EVERY_LINE else self.line.removeprefix(WHATSAPP_ROUTE)


def is_same(one: str, other: str) -> bool:
    """Whether two spellings are one number: two international ones only if they are the same."""
    return one == other if one[:1] == other[:1] == "+" else same_subscriber(one, other)


# -- an account's list ----------------------------------------------------------------------------
def suppress(tx: Tx, account: str, number: str, reason: str, by: Author) -> Suppressed:
    """Suppress a number and fail its waiting messages; returns the entry. Raises NoSuchThing, InvalidNumber."""
    number = _number(tx.conn, account, number)
    if put(tx, account, number, reason, by.at):
        audit(tx, by, "suppress", account, number)
    return _entry(tx.conn, account, number)


def allow(tx: Tx, account: str, number: str, by: Author, for_all: bool = False) -> None:
    """Remove a number from the list; `for_all`: and lift its STOP. Raises NoSuchThing, InvalidNumber."""
    number = _entry(tx.conn, account, _number(tx.conn, account, number)).number
    if tx.conn.execute("SELECT 1 FROM suppressed WHERE account = ? AND number = ?", (account, number)).fetchone():
        take_off(tx, account, number, by)
    if for_all:
        lift(tx, number, by)


def take_off(tx: Tx, account: str, number: str, by: Author) -> None:
    """Remove an entry from an account's list."""
    tx.conn.execute("DELETE FROM suppressed WHERE account = ? AND number = ?", (account, number))
    tx.forgets = True
    audit(tx, by, "allow", account, number)


def suppression(conn: sqlite3.Connection, account: str, number: str) -> Suppressed:
    """Return the entry of a number. Raises NoSuchThing, InvalidNumber."""
    return _entry(conn, account, _number(conn, account, number))


def _number(conn: sqlite3.Connection, account: str, written: str) -> str:
    """The number as this account's messages have it."""
    return normalise(written, accounts.get(conn, account).terms.country)


def why(conn: sqlite3.Connection, account: str, number: str) -> Suppressed | None:
    """Why nothing is sent to a number, as messages have it; None where something is."""
    try:
        return _entry(conn, account, number)
    except NoSuchThing:
        return None


def _entry(conn: sqlite3.Connection, account: str, number: str) -> Suppressed:
    row = conn.execute(
        "SELECT number, reason, at FROM suppressed WHERE account = ? AND number = ?", (account, number)
    ).fetchone()
    if row is not None:
        return Suppressed(*row)
    for stop in stops_of(conn, (number,)):
        if is_same(stop.number, number):
            return stop.entry
    raise NoSuchThing(f"{number} is not on this account's list")


def suppressed(conn: sqlite3.Connection, account: str) -> Sequence[Suppressed]:
    """List entries, oldest first; recipients who wrote STOP to a line are among them."""
    rows = conn.execute("SELECT number, reason, at FROM suppressed WHERE account = ?", (account,)).fetchall()
    own = {row[0]: Suppressed(*row) for row in rows}
    stops = (Stop(*row).entry for row in conn.execute("SELECT line, device, number, word, at FROM stops"))
    return sorted([*own.values(), *(each for each in stops if each.number not in own)], key=lambda row: (row.at, row))


def put(tx: Tx, account: str, number: str, reason: str, at: int) -> bool:
    """Add a number and fail its waiting messages. False when it is on the list already."""
    added = tx.conn.execute(
        "INSERT INTO suppressed (account, number, reason, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (account, number, reason, at),
    )
    for message in _waiting(tx.conn, "account = ? AND +recipient = ?", number, account, number):
        block(tx, message, at)
    return added.rowcount > 0


# -- recipients who wrote STOP --------------------------------------------------------------------
def stop(tx: Tx, put: Stop) -> bool:
    """Keep a recipient's STOP and fail its waiting messages. False when it was kept before."""
    known = (each for each in stops_of(tx.conn, (put.number,)) if each.line in (put.line, EVERY_LINE))
    if any(is_same(each.number, put.number) for each in known):
        return False
    for message in _waiting(tx.conn, "true", put.number):
        if put.holds_for(message.recipient, _way(message)):
            block(tx, message, put.at, put.error)
    tx.conn.execute("INSERT INTO stops (line, device, number, word, at) VALUES (?, ?, ?, ?, ?)", put)
    return True


def lift(tx: Tx, number: str, by: Author, line: str = "") -> bool:
    """Lift the STOP of a number by this line, "" for all lines; whether there was one."""
    known = [each for each in stops_of(tx.conn, (number,)) if is_same(each.number, number)]
    lifted = [each for each in known if not line or each.line in (line, EVERY_LINE)]
    for each in lifted:
        tx.conn.execute("DELETE FROM stops WHERE line = ? AND number = ?", (each.line, each.number))
        audit(tx, by, "allow", "", f"{each.number}, for every account by {_by(each.line)}")
    return bool(lifted)


def _by(line: str) -> str:
    return "any line" if line == EVERY_LINE else line.removeprefix(WHATSAPP_ROUTE)


def stops_of(conn: sqlite3.Connection, numbers: Iterable[str]) -> list[Stop]:
    """Return each STOP that may be of these numbers, found by their last digits."""
    tails = json.dumps(list({number[-TAIL:] for number in numbers}))
    return [Stop(*row) for row in conn.execute(STOPS_OF, (tails,))]


def stopped(conn: sqlite3.Connection, messages: Sequence[Message]) -> Mapping[str, str]:
    """Return id → error of the messages whose recipient wrote STOP to a line by which they may go."""
    by_tail: dict[str, list[Stop]] = {}
    for each in stops_of(conn, (message.recipient for message in messages)):
        by_tail.setdefault(each.number[-TAIL:], []).append(each)
    return {
        message.id: each.error
        for message in (messages if by_tail else ())
        for each in by_tail.get(message.recipient[-TAIL:], ())
        if each.holds_for(message.recipient, _way(message))
    }


def _way(message: Message) -> str:
    """The route, or for a message that keeps to a SIM the line that this was in."""
    return message.line if message.route.startswith(SIM_ROUTE) else message.route


# -- messages -------------------------------------------------------------------------------------
def listed(conn: sqlite3.Connection, account: str, recipients: Iterable[str]) -> frozenset[str]:
    """Return those recipients that are on the account's own list."""
    rows = conn.execute(
        "SELECT number FROM suppressed WHERE account = ? AND number IN (SELECT value FROM json_each(?))",
        (account, json.dumps(list(recipients))),
    )
    return frozenset(row[0] for row in rows)


def check(tx: Tx, message: Message) -> None:
    """Raise NotPossible for a message to a suppressed number."""
    error = stopped(tx.conn, (message,)).get(message.id, "")
    if listed(tx.conn, message.account, (message.recipient,)):
        error = BLOCKED
    if error:
        raise NotPossible(error.removeprefix(_CODE))


def block(tx: Tx, message: Message, now: int, error: str = BLOCKED) -> Message:
    """Fail a message to a suppressed number, and publish that."""
    return give_up(tx, message, State.FAILED, now, error)


def _waiting(conn: sqlite3.Connection, condition: str, number: str, *values: str) -> Iterator[Message]:
    """Find queued and scheduled messages to numbers that end like this one.

    `+recipient`: else SQLite puts the number into the index's own expression, and reads all of it.
    """
    rows = conn.execute(f"{WAITING_FOR} AND {condition} ORDER BY seq", (number[-TAIL:], *values)).fetchall()
    yield from map(message_of, rows)


class Suppression(Connections):
    """Implements `SuppressionStore`."""

    suppress = writes(suppress)
    allow = writes(allow)
    suppression = reads(suppression)
    suppressed = searches(suppressed)
