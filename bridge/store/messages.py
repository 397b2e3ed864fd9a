"""Messages on disk: accept, look up, take back, ask for again. SQL for the writer thread and the readers."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from bridge.errors import BadRequest, IdempotencyConflict, NoSuchThing, NotPossible
from bridge.events import MESSAGE_CANCELLED, MESSAGE_SUBMITTED, Event, message_data
from bridge.model import PENDING, TRANSITIONS, Message, Part, State, UnknownPolicy
from bridge.queries import MessageQuery, Page
from bridge.store import news
from bridge.store.writer import Tx

COLUMNS = (
    "id, account, recipient, written, text, state, created_at, updated_at, due_at, expires_at, route, line, slot, "
    "parts, attempts, error, on_unknown, report, sent_at, delivered_at, not_before, client_ref, tag, dialect"
)
_ROW = f"({', '.join('?' * (COLUMNS.count(',') + 1))})"
# Rows of one statement: the thread gives the interpreter up once a statement, not once a row. Powers of two,
# so that a few prepared statements do for any number of rows; SQLite binds 32,766 values at most.
_CHUNKS = tuple(1 << power for power in range(10, -1, -1))
_INSERT = {size: f"INSERT INTO messages ({COLUMNS}) VALUES {', '.join([_ROW] * size)}" for size in _CHUNKS}
# The snapshot of `message_data`, made by SQLite for the same reason; the store's contract holds the two equal.
_SUBMITTED = f"""
INSERT INTO events (id, name, account, at, subject, data)
SELECT {news.UUID}, '{MESSAGE_SUBMITTED}', account, created_at, id, json_object(
  'id', id, 'to', recipient, 'written', written, 'text', text, 'state', state, 'line', line, 'slot', slot,
  'parts', parts, 'error', error, 'client_ref', client_ref, 'tag', tag, 'dialect', dialect,
  'created_at', created_at, 'sent_at', sent_at, 'delivered_at', delivered_at)
FROM messages WHERE seq BETWEEN ? AND ? ORDER BY seq
"""
QUALIFIED = ", ".join(f"m.{name.strip()}" for name in COLUMNS.split(","))


def message_of(row: Sequence[Any]) -> Message:
    """A message out of `COLUMNS`."""
    values = list(row)
    values[5], values[16], values[17] = State(values[5]), UnknownPolicy(values[16]), bool(values[17])
    return Message(*values)


def insert(tx: Tx, messages: Sequence[Message]) -> None:
    """Accept messages and log that they were."""
    try:
        last = _insert_rows(tx.conn, [_row_of(message) for message in messages])
    except sqlite3.IntegrityError:
        raise NotPossible(_used_before(tx.conn, messages)) from None
    first_event = news.newest(tx.conn) + 1
    tx.conn.execute(_SUBMITTED, (last - len(messages) + 1, last))
    news.owe(tx.conn, first_event, first_event + len(messages) - 1)
    # On the bus one stands for all of an account's, without the snapshot, which is in the log: whoever listens for
    # these only wants to be woken.
    latest = {message.account: message for message in messages}
    tx.events += [
        Event(first_event, "", MESSAGE_SUBMITTED, account, message.created_at, message.id)
        for account, message in latest.items()
    ]


def insert_all(tx: Tx, submissions: Sequence[Sequence[Message]]) -> None:
    """Accept several submissions in as many statements as one takes; all or none."""
    insert(tx, list(chain.from_iterable(submissions)))


def _row_of(m: Message) -> tuple[Any, ...]:
    return (
        m.id, m.account, m.recipient, m.written, m.text, m.state, m.created_at, m.updated_at, m.due_at, m.expires_at,
        m.route, m.line, m.slot, m.parts, m.attempts, m.error, m.on_unknown, m.report, m.sent_at, m.delivered_at,
        m.not_before, m.client_ref, m.tag, m.dialect,
    )  # fmt: skip


def _insert_rows(conn: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> int:
    """Insert in as few statements as may be; the position of the last."""
    at, last = 0, 0
    for size, statement in _INSERT.items():
        while len(rows) - at >= size:
            last = conn.execute(statement, list(chain.from_iterable(rows[at : at + size]))).lastrowid or 0
            at += size
    return last


def _used_before(conn: sqlite3.Connection, messages: Sequence[Message]) -> str:
    seen: set[str] = set()
    for message in messages:
        ref = message.client_ref
        known = conn.execute("SELECT 1 FROM messages WHERE account = ? AND client_ref = ?", (message.account, ref))
        if ref and (ref in seen or known.fetchone()):
            return f"client_ref {ref!r} was used before: each message needs its own"
        seen.add(ref)
    return "one of these messages was accepted before"


def insert_once(tx: Tx, messages: Sequence[Message], key: str, digest: str) -> tuple[Sequence[Message], bool]:
    """Accept messages under an idempotency key, or give back those of the first call."""
    account, now = messages[0].account, messages[0].created_at
    if (first := remembered(tx.conn, account, key, digest)) is not None:
        return first, True
    insert(tx, messages)
    ids = json.dumps([message.id for message in messages])
    tx.conn.execute("INSERT INTO idempotency VALUES (?, ?, ?, ?, ?)", (account, key, digest, ids, now))
    return messages, False


def remembered(conn: sqlite3.Connection, account: str, key: str, digest: str) -> Sequence[Message] | None:
    """What is left of a key's first call, in its order; None for a key that is not known.

    Raises IdempotencyConflict when that was another request, NotPossible when nothing of it is left.
    """
    known = conn.execute("SELECT digest, ids FROM idempotency WHERE account = ? AND key = ?", (account, key)).fetchone()
    if known is None:
        return None
    if known[0] != digest:
        raise IdempotencyConflict()
    rows = conn.execute(
        f"SELECT {QUALIFIED} FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value ORDER BY j.key", (known[1],)
    ).fetchall()
    if not rows:
        raise NotPossible("the messages of this idempotency key's first call were deleted; use a new key to send again")
    return [message_of(row) for row in rows]


def get(conn: sqlite3.Connection, id: str) -> Message:
    """Raises NoSuchThing."""
    row = conn.execute(f"SELECT {COLUMNS} FROM messages WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise NoSuchThing(f"there is no message {id!r}")
    return message_of(row)


def parts(conn: sqlite3.Connection, id: str) -> Sequence[Part]:
    """The parts that were tried so far, in order."""
    rows = conn.execute(
        "SELECT message, idx, state, reference, line, attempts, error, intent_at, sent_at, done_at "
        "FROM parts WHERE message = ? ORDER BY idx",
        (id,),
    )
    return [Part(row[0], row[1], State(row[2]), *row[3:]) for row in rows]


def _where(account: str, query: MessageQuery) -> tuple[str, list[Any]]:
    conditions: list[tuple[str, list[Any]]] = [("1", [])]
    if account:
        conditions.append(("m.account = ?", [account]))
    if query.states:
        conditions.append((f"m.state IN ({marks(query.states)})", sorted(query.states)))
    if query.ids:
        conditions.append((f"m.id IN ({marks(query.ids)})", list(query.ids)))
    if query.keyword:
        conditions.append(("(instr(m.recipient, ?) OR instr(lower(m.text), lower(?)))", [query.keyword] * 2))
    if query.before_id:
        conditions.append(("m.seq < (SELECT seq FROM messages WHERE id = ?)", [query.before_id]))
    for column in ("client_ref", "recipient", "line", "dialect"):
        if value := getattr(query, column):
            conditions.append((f"m.{column} = ?", [value]))
    if query.since:
        conditions.append(("m.created_at >= ?", [query.since]))
    if query.until:
        conditions.append(("m.created_at <= ?", [query.until]))
    return " AND ".join(text for text, _ in conditions), [value for _, values in conditions for value in values]


def marks(values: "Sequence[Any] | frozenset[Any]") -> str:
    """As many question marks as there are values."""
    return ", ".join("?" * len(values))


def position(cursor: str) -> int:
    """The row number a cursor stands for. Raises BadRequest for one that is not ours."""
    if not cursor:
        return 1 << 62
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise BadRequest("this cursor is not one of ours: use the one that came with the page before", "cursor")
    return int(cursor)


def find(conn: sqlite3.Connection, account: str, query: MessageQuery) -> Page[Message]:
    """Newest first; `account` "" looks at everybody's."""
    where, values = _where(account, query)
    rows = conn.execute(
        f"SELECT {QUALIFIED}, m.seq FROM messages m WHERE {where} AND m.seq < ? ORDER BY m.seq DESC LIMIT ? OFFSET ?",
        (*values, position(query.cursor), query.limit + 1, query.offset),
    ).fetchall()
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    found = tuple(replace(message_of(row[:-1]), seq=row[-1]) for row in rows)
    return Page(found, str(rows[-1][-1]) if more else "")


def count(conn: sqlite3.Connection, account: str, query: MessageQuery) -> int:
    """How many match, whatever the page."""
    where, values = _where(account, query)
    return int(conn.execute(f"SELECT count(*) FROM messages m WHERE {where}", values).fetchone()[0])


def move(tx: Tx, message: Message, state: State, now: int, **changes: Any) -> Message:
    """Take a message to another state by the one table. Raises NotPossible for a move that is not in it."""
    if state is not message.state and state not in TRANSITIONS[message.state]:
        raise NotPossible(f"a message that is {message.state} cannot become {state}")
    changes |= {"state": state, "updated_at": now}
    assignments = ", ".join(f"{column} = ?" for column in changes)
    tx.conn.execute(f"UPDATE messages SET {assignments} WHERE id = ?", (*changes.values(), message.id))
    return get(tx.conn, message.id)


def cancel(tx: Tx, id: str, now: int) -> Message:
    """Take back what was not sent. Raises NoSuchThing, NotPossible."""
    message = get(tx.conn, id)
    if message.state not in (State.SCHEDULED, State.QUEUED):
        raise NotPossible(f"the message is {message.state}: only scheduled and queued ones can be cancelled")
    message = move(tx, message, State.CANCELLED, now)
    news.tell(tx, MESSAGE_CANCELLED, message.account, now, id, message_data(message))
    return message


def delete(tx: Tx, account: str, query: MessageQuery) -> int:
    """Forget finished messages that match; how many."""
    where, values = _where(account, query)
    if where in ("1", "1 AND m.account = ?"):
        raise BadRequest("say which messages to delete", "query")
    waiting = ", ".join(f"'{state}'" for state in sorted(PENDING))
    chosen = f"SELECT m.id FROM messages m WHERE {where} AND m.state NOT IN ({waiting})"
    tx.conn.execute(f"DELETE FROM parts WHERE message IN ({chosen})", values)
    return tx.conn.execute(f"DELETE FROM messages WHERE id IN ({chosen})", values).rowcount
