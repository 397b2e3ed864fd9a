"""Stores submitted messages: all or none, once for an idempotency key, within the account's limits."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, islice
from typing import Any

from bridge.dataclass import dataclass
from bridge.errors import AlreadyUsed, IdempotencyConflict, NotPossible
from bridge.model.event import MESSAGE_SUBMITTED, Event
from bridge.model.message import WHATSAPP_ROUTE, Message, State
from bridge.ports.store_rows import Queued
from bridge.store import account_limits, event_log
from bridge.store.messages import COLUMNS, QUALIFIED, message_of
from bridge.store.sql import UUID, last_number
from bridge.store.writer import Tx

_REMEMBERED = "SELECT digest, ids FROM idempotency WHERE account = ? AND key = ?"
_ROW = f"({', '.join('?' * (COLUMNS.count(',') + 1))})"
# Rows of one statement: the thread gives the interpreter up once a statement, not once a row. Powers of two,
# so that a few prepared statements do for any number of rows; SQLite binds 32,766 values at most.
_CHUNKS = tuple(1 << power for power in range(10, -1, -1))
# The snapshot of `message_data`, made by SQLite for the same reason; the store's contract holds the two equal.
_SUBMITTED = f"""
INSERT INTO events (id, name, account, at, subject, about, data)
SELECT {UUID}, '{MESSAGE_SUBMITTED}', account, created_at, id, seq, json_object(
  'id', id, 'to', recipient, 'written', written, 'text', text, 'state', state, 'line', line, 'slot', slot,
  'parts', parts, 'error', error, 'client_ref', client_ref, 'tag', tag, 'dialect', dialect,
  'channel', CASE substr(route, 1, 1) WHEN '{WHATSAPP_ROUTE}' THEN 'whatsapp' ELSE 'sms' END, 'media', media,
  'created_at', created_at, 'sent_at', sent_at, 'delivered_at', delivered_at)
FROM messages WHERE seq BETWEEN ? AND ? ORDER BY seq
"""


def insert(tx: Tx, messages: Sequence[Message], freely: bool = False) -> Sequence[Message]:
    """Insert messages and log their acceptance. Raises AlreadyUsed, OutOfCredit, DailyLimit.

    For accounts that nothing is counted of it gives back what it got. `freely`: whatever the rules.
    """
    return _insert_within(tx, messages, _ask(tx.conn, messages, freely))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for at once, before messages are inserted."""

    limits: sqlite3.Cursor | None
    #: whether anything is reserved, for messages that callers give names
    reserved: sqlite3.Cursor | None


def _ask(conn: sqlite3.Connection, messages: Sequence[Message], freely: bool = False) -> _Asked:
    named = any(message.client_ref for message in messages)
    reserved = conn.execute("SELECT 1 FROM bulk_refs LIMIT 1") if named else None
    return _Asked(None if freely else account_limits.ask(conn, messages), reserved)


def _insert_within(tx: Tx, messages: Sequence[Message], asked: _Asked) -> Sequence[Message]:
    rules = account_limits.told(asked.limits) if asked.limits is not None else {}
    if asked.reserved is not None and asked.reserved.fetchone() is not None:
        _refuse_reserved(tx.conn, messages)
    last = put(tx, messages)
    return account_limits.apply(tx, rules, messages, last) if rules else messages


def put(tx: Tx, messages: Sequence[Message]) -> int:
    """Insert messages and log their acceptance, whatever their limits; returns the last row. Raises AlreadyUsed."""
    try:
        last = _insert_rows(tx.conn, messages)
    except sqlite3.IntegrityError:
        raise _used_before(tx.conn, messages) from None
    told = tx.conn.execute(_SUBMITTED, (last - len(messages) + 1, last))
    last_event = last_number(told, len(messages))
    first_event = last_event - len(messages) + 1
    event_log.owe(tx.conn, first_event, last_event)
    # On the bus one stands for all of an account's, without the snapshot, which is in the log: whoever listens for
    # these only wants to be woken.
    latest = {message.account: message for message in messages}
    tx.events += [
        Event(first_event, "", MESSAGE_SUBMITTED, account, message.created_at, message.id)
        for account, message in latest.items()
    ]
    tx.queued += _queued(messages)
    return last


def reserve(tx: Tx, messages: Sequence[Message]) -> None:
    """Keep what callers call these messages for them, until they are put. Raises AlreadyUsed."""
    refs = [(message.account, message.client_ref) for message in messages if message.client_ref]
    if not refs:
        return
    known = "SELECT 1 FROM messages WHERE account = ? AND client_ref = ?"
    if any(tx.conn.execute(known, ref).fetchone() for ref in refs):
        raise _used_before(tx.conn, messages)
    _refuse_reserved(tx.conn, messages)
    try:
        tx.conn.executemany("INSERT INTO bulk_refs VALUES (?, ?)", refs)
    except sqlite3.IntegrityError:
        raise _used_before(tx.conn, messages) from None


def release(tx: Tx, messages: Sequence[Message]) -> None:
    """Let go of what `reserve` kept."""
    refs = [(message.account, message.client_ref) for message in messages if message.client_ref]
    tx.conn.executemany("DELETE FROM bulk_refs WHERE account = ? AND client_ref = ?", refs)


def _refuse_reserved(conn: sqlite3.Connection, messages: Sequence[Message]) -> None:
    for message in messages:
        kept = "SELECT 1 FROM bulk_refs WHERE account = ? AND client_ref = ?"
        if message.client_ref and conn.execute(kept, (message.account, message.client_ref)).fetchone():
            raise _already(message.client_ref)


def _queued(messages: Sequence[Message]) -> Iterator[Queued]:
    """The queues that these messages enter, in compact form for large numbers."""
    routes: dict[tuple[str, bool], list[Message]] = {}
    for message in messages:
        routes.setdefault((message.route, message.state is State.QUEUED), []).append(message)
    for (route, now), some in routes.items():
        due_at = 0 if now else min(message.due_at for message in some)
        expires_at = min((message.expires_at for message in some if message.expires_at), default=0)
        yield Queued(route, len(some), due_at, expires_at)


def insert_all(tx: Tx, submissions: Sequence[Sequence[Message]]) -> Sequence[Sequence[Message]]:
    """Insert several submissions with the statements of one; all or none."""
    messages = list(chain.from_iterable(submissions))
    stored = insert(tx, messages)
    if stored is messages:
        return submissions
    rest = iter(stored)
    return [tuple(islice(rest, len(each))) for each in submissions]


def row_of(m: Message) -> tuple[Any, ...]:
    return (
        m.id, m.account, m.recipient, m.written, m.text, m.state, m.created_at, m.updated_at, m.due_at, m.expires_at,
        m.route, m.line, m.slot, m.parts, m.attempts, m.error, m.on_unknown, m.report, m.sent_at, m.delivered_at,
        m.not_before, m.client_ref, m.tag, m.dialect, m.media,
    )  # fmt: skip


def _insert_rows(conn: sqlite3.Connection, messages: Sequence[Message]) -> int:
    """Insert rows in few statements; returns the position of the last."""
    at, last = 0, 0
    for size in _CHUNKS:
        while len(messages) - at >= size:
            values = list(chain.from_iterable(map(row_of, messages[at : at + size])))
            last = last_number(conn.execute(_insert_of(size), values), size)
            at += size
    return last


@cache
def _insert_of(size: int) -> str:
    """The statement that inserts so many rows; the longest has 79 KB, and is made when so many come."""
    return f"INSERT INTO messages ({COLUMNS}) VALUES {', '.join([_ROW] * size)}"


def _used_before(conn: sqlite3.Connection, messages: Sequence[Message]) -> NotPossible:
    seen: set[str] = set()
    for message in messages:
        ref = message.client_ref
        known = conn.execute("SELECT 1 FROM messages WHERE account = ? AND client_ref = ?", (message.account, ref))
        if ref and (ref in seen or known.fetchone()):
            return _already(ref)
        seen.add(ref)
    return NotPossible("one of these messages was accepted before")


def _already(ref: str) -> AlreadyUsed:
    return AlreadyUsed(f"client_ref {ref!r} was used before: each message needs its own")


def insert_once(tx: Tx, messages: Sequence[Message], key: str, digest: str) -> tuple[Sequence[Message], bool]:
    """Insert messages under an idempotency key, or return those of the first call."""
    known, asked = tx.conn.execute(_REMEMBERED, (messages[0].account, key)), _ask(tx.conn, messages)
    if (ids := _ids_in(known, digest)) is not None:
        return some(left(tx.conn, ids)), True
    messages = _insert_within(tx, messages, asked)
    remember(tx, messages[0], key, digest, ids_of(messages))
    return messages, False


def ids_of(messages: Sequence[Message]) -> str:
    """What `remember` keeps of the messages of a call."""
    return json.dumps([message.id for message in messages])


def remember(tx: Tx, message: Message, key: str, digest: str, ids: str) -> None:
    """Keep an idempotency key, by one message of its call and the ids of all."""
    row = (message.account, key, digest, ids, message.created_at)
    tx.conn.execute("INSERT INTO idempotency VALUES (?, ?, ?, ?, ?)", row)


def remember_first(tx: Tx, message: Message, key: str, digest: str, ids: str) -> None:
    """Keep an idempotency key that was not used before. Raises IdempotencyConflict."""
    if remembered(tx.conn, message.account, key, digest) is not None:
        raise IdempotencyConflict
    remember(tx, message, key, digest, ids)


def remembered(conn: sqlite3.Connection, account: str, key: str, digest: str) -> Sequence[str] | None:
    """The ids of a key's first call, in order; None for an unknown key.

    Raises IdempotencyConflict when that was another request.
    """
    return _ids_in(conn.execute(_REMEMBERED, (account, key)), digest)


def _ids_in(asked: sqlite3.Cursor, digest: str) -> Sequence[str] | None:
    known = asked.fetchone()
    if known is None:
        return None
    if known[0] != digest:
        raise IdempotencyConflict()
    ids: list[str] = json.loads(known[1])
    return ids


def left(conn: sqlite3.Connection, ids: Sequence[str]) -> Sequence[Message]:
    """Those of these messages that were not deleted, in their order."""
    rows = conn.execute(
        f"SELECT {QUALIFIED} FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value ORDER BY j.key",
        (json.dumps(ids),),
    ).fetchall()
    return [message_of(row) for row in rows]


def some(messages: Sequence[Message]) -> Sequence[Message]:
    """What is left of a call. Raises NotPossible for nothing."""
    if not messages:
        raise NotPossible("the messages of this idempotency key's first call were deleted; use a new key to send again")
    return messages
