"""Account limits at submission: credits, daily messages per recipient, suppressed numbers.

Most accounts have none of these, and one short query for all of a transaction's tells so, and whether any recipient
wrote STOP.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from bridge.dataclass import dataclass
from bridge.errors import DailyLimit
from bridge.model.message import Message
from bridge.store import balance, suppression
from bridge.store.sql import marks
from bridge.store.writer import Tx
from bridge.zones import zone

_RULES = """
SELECT name, credits IS NOT NULL, daily_per_recipient, zone, EXISTS (SELECT 1 FROM suppressed s WHERE s.account = name)
FROM accounts WHERE name IN ({}) AND (
  credits IS NOT NULL OR daily_per_recipient > 0 OR EXISTS (SELECT 1 FROM suppressed s WHERE s.account = name))
UNION ALL SELECT '', false, 0, '', false WHERE EXISTS (SELECT 1 FROM stops)
"""
#: the rule that concerns every account: some recipient wrote STOP
_EVERYBODY = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """The limits of one account."""

    counted: bool
    #: messages a day for a recipient; 0 for any number
    daily: int
    zone: str
    #: it has a list of numbers that nothing is sent to
    has_list: bool


def rules_of(conn: sqlite3.Connection, messages: Sequence[Message]) -> Mapping[str, Rule]:
    """The limits of those accounts that have any, and that of all accounts."""
    return told(ask(conn, messages))


def ask(conn: sqlite3.Connection, messages: Sequence[Message]) -> sqlite3.Cursor:
    """Ask for the limits of accounts, along with something else."""
    names = tuple({message.account for message in messages})
    return conn.execute(_RULES.format(marks(names)), names)


def told(asked: sqlite3.Cursor) -> Mapping[str, Rule]:
    """What `ask` asked for, as `rules_of` has it."""
    return {row[0]: Rule(bool(row[1]), row[2], row[3], bool(row[4])) for row in asked}


def apply(tx: Tx, rules: Mapping[str, Rule], messages: Sequence[Message], last: int) -> Sequence[Message]:
    """Apply the limits to messages just inserted, up to row `last`; returns them as they are then.

    Raises OutOfCredit, DailyLimit.
    """
    stored = {message.id: message for message in messages}
    blocked = blocked_of(tx.conn, rules, messages)
    for each, error in blocked.items():
        stored[each] = suppression.block(tx, stored[each], stored[each].created_at, error)
    wanted = [message for message in messages if message.id not in blocked]
    count(tx, rules, wanted)
    for account, rule in rules.items():
        if rule.counted and (own := _of(account, wanted)):
            balance.reserve(tx, account, last - len(messages) + 1, last, own[0].created_at)
    return tuple(stored.values())


def blocked_of(conn: sqlite3.Connection, rules: Mapping[str, Rule], messages: Sequence[Message]) -> dict[str, str]:
    """Return id → error of the messages to numbers that nothing is sent to."""
    blocked = dict(suppression.stopped(conn, messages)) if _EVERYBODY in rules else {}
    for account, rule in rules.items():
        if rule.has_list:
            own = _of(account, messages)
            listed = suppression.listed(conn, account, {message.recipient for message in own})
            blocked |= {each.id: suppression.BLOCKED for each in own if each.recipient in listed}
    return blocked


def count(tx: Tx, rules: Mapping[str, Rule], messages: Sequence[Message], undo: bool = False) -> None:
    """Count messages for their recipients' days, or count them no longer. Raises DailyLimit."""
    for account, rule in rules.items():
        if rule.daily:
            _count(tx, account, rule, _of(account, messages), -1 if undo else 1)


def _of(account: str, messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if message.account == account]


def _count(tx: Tx, account: str, rule: Rule, messages: Sequence[Message], sign: int) -> None:
    """Count a message for each recipient on the day it may be sent. Raises DailyLimit."""
    here = zone(rule.zone)
    days = Counter((message.recipient, _day(message.due_at, here)) for message in messages)
    full: dict[str, str] = {}
    for (recipient, day), more in days.items():
        row = tx.conn.execute(
            "INSERT INTO daily VALUES (?, ?, ?, ?) ON CONFLICT (account, recipient, day) "
            "DO UPDATE SET messages = daily.messages + excluded.messages RETURNING messages",
            (account, recipient, day, sign * more),
        ).fetchone()
        if sign > 0 and row[0] > rule.daily:
            full.setdefault(recipient, day)
    if full:
        recipient, day = next(iter(full.items()))
        sentence = f"{recipient} may get {rule.daily} messages a day from this account; {day} is full"
        raise DailyLimit(sentence, frozenset(full))


def follow_clock(tx: Tx, before: int, after: int) -> None:
    """Follow a step of the clock (both Unix ms): what was sent today counts for the new today."""
    for account, name in tx.conn.execute("SELECT name, zone FROM accounts WHERE daily_per_recipient > 0").fetchall():
        was, is_now = _day(before, zone(name)), _day(after, zone(name))
        if was == is_now:
            continue
        tx.conn.execute(
            "INSERT INTO daily SELECT account, recipient, ?, messages FROM daily WHERE account = ? AND day = ? "
            "ON CONFLICT (account, recipient, day) DO UPDATE SET messages = daily.messages + excluded.messages",
            (is_now, account, was),
        )
        tx.conn.execute("DELETE FROM daily WHERE account = ? AND day = ?", (account, was))


def _day(at: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at / 1000, zone).date().isoformat()
