"""Messages in the store: look up, change state, cancel, delete."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bridge.errors import BadRequest, NoSuchThing, NotPossible
from bridge.model.account import UnknownPolicy
from bridge.model.event import message_data
from bridge.model.message import PENDING, TRANSITIONS, Message, Part, State
from bridge.model.query import MessageQuery, Page
from bridge.store import balance, event_log, forgetting, index_streams, lookup
from bridge.store.connections import Connections, reads, searches, writes
from bridge.store.sql import fitting
from bridge.store.writer import Tx

COLUMNS = (
    "id, account, recipient, written, text, state, created_at, updated_at, due_at, expires_at, route, line, slot, "
    "parts, attempts, error, on_unknown, report, sent_at, delivered_at, not_before, client_ref, tag, dialect, "
    "media"
)
#: which of these is the text
_TEXT = 4
QUALIFIED = ", ".join(f"m.{name.strip()}" for name in COLUMNS.split(","))


#: messages that are deleted in one transaction
TOGETHER = 50
#: the states in which what did not go out costs nothing
_GIVEN_UP = frozenset({State.FAILED, State.EXPIRED, State.CANCELLED})


def message_of(row: Sequence[Any]) -> Message:
    """Build a message from `COLUMNS`."""
    values = list(row)
    values[5], values[16], values[17] = State(values[5]), UnknownPolicy(values[16]), bool(values[17])
    return Message(*values)


def get(conn: sqlite3.Connection, id: str) -> Message:
    """Return a message. Raises NoSuchThing."""
    row = conn.execute(f"SELECT {COLUMNS} FROM messages WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise _unknown(id)
    return message_of(row)


_PARTS = (
    "SELECT message, idx, state, reference, line, attempts, error, intent_at, sent_at, done_at "
    "FROM parts WHERE message = ? ORDER BY idx"
)


def parts(conn: sqlite3.Connection, id: str) -> Sequence[Part]:
    """The parts tried so far, in order."""
    return [_part(row) for row in conn.execute(_PARTS, (id,))]


def _part(row: Sequence[Any]) -> Part:
    return Part(row[0], row[1], State(row[2]), *row[3:])


def get_whole(conn: sqlite3.Connection, id: str) -> tuple[Message, Sequence[Part], int]:
    """A message, its parts, and how many of them its line makes of it, all asked for at once. Raises NoSuchThing."""
    asked = conn.execute(f"SELECT units, {COLUMNS} FROM messages WHERE id = ?", (id,))
    found = conn.execute(_PARTS, (id,))
    row = asked.fetchone()
    if row is None:
        raise _unknown(id)
    return message_of(row[1:]), [_part(each) for each in found], int(row[0])


def _unknown(id: str) -> NoSuchThing:
    return NoSuchThing(f"there is no message {id!r}")


def find(conn: sqlite3.Connection, account: str, query: MessageQuery) -> Page[Message]:
    """Newest first; `account` "" looks at everybody's."""
    found = index_streams.positions(conn, lookup.select(conn, account, query), query.limit + 1, query.offset)
    rows = conn.execute(
        f"SELECT {COLUMNS}, seq FROM messages WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq DESC",
        (json.dumps(found[: query.limit]),),
    )
    page = tuple(replace(message_of(row[:-1]), seq=row[-1]) for row in fitting(rows, _TEXT))
    return Page(page, str(page[-1].seq) if len(found) > len(page) else "")


def move(tx: Tx, message: Message, state: State, now: int, **changes: Any) -> Message:
    """Move a message to another state, as the table of transitions allows; `changes` are by column.

    Raises NotPossible for a move that is not in it.
    """
    if state is not message.state and state not in TRANSITIONS[message.state]:
        raise NotPossible(f"a message that is {message.state} cannot become {state}")
    changes |= {"state": state, "updated_at": now}
    assignments = ", ".join(f"{column} = ?" for column in changes)
    tx.conn.execute(f"UPDATE messages SET {assignments} WHERE id = ?", (*changes.values(), message.id))
    if state in _GIVEN_UP:
        balance.give_back(tx, message, now)
    changes.pop("units", None)  # known to the store alone
    return replace(message, **changes)


def cancel(tx: Tx, id: str, now: int) -> Message:
    """Cancel a message that was not sent. Raises NoSuchThing, NotPossible."""
    message = get(tx.conn, id)
    if message.state not in (State.SCHEDULED, State.QUEUED):
        raise NotPossible(f"the message is {message.state}: only scheduled and queued ones can be cancelled")
    return give_up(tx, message, State.CANCELLED, now)


def give_up(tx: Tx, message: Message, state: State, now: int, error: str = "") -> Message:
    """End a message that will not be sent any more, and publish that.

    One that waited for another try after a try of unknown fate was perhaps sent: it ends as unknown, unless its policy
    is to call that failed.
    """
    unsure = "SELECT 1 FROM parts WHERE message = ? AND unsure AND state = 'unknown'"
    if message.on_unknown is not UnknownPolicy.FAIL and tx.conn.execute(unsure, (message.id,)).fetchone():
        error = f"{error or 'it was cancelled'}; an earlier try may or may not have been sent"
        state = State.UNKNOWN
    message = move(tx, message, state, now, **({"error": error} if error else {}))
    event_log.tell(tx, f"message.{state}", message.account, now, message.id, message_data(message))
    return message


def finished(conn: sqlite3.Connection, account: str, query: MessageQuery, before: int) -> list[int]:
    """The positions of some finished messages that match, newest first, all before one."""
    pending = ", ".join(f"'{state}'" for state in sorted(PENDING))
    found = lookup.select(conn, account, query, f"m.seq < {before} AND m.state NOT IN ({pending})")
    return index_streams.positions(conn, found, TOGETHER)


class Messages(Connections):
    """Implements `MessageStore`, with `bridge.store.lifecycle`."""

    message = reads(get)
    messages = searches(find)
    count = searches(lookup.number)
    sent = searches(lookup.sent)
    parts = reads(parts)
    cancel = writes(cancel)

    async def delete_messages(self, account: str, query: MessageQuery) -> int:
        """In several transactions, so that nobody waits for all of them. Raises BadRequest for a query of all."""
        if not query.chooses:
            raise BadRequest("say which messages to delete", "query")
        deleted, before = 0, 1 << 62
        while chosen := await self._search(finished, account, query, before):
            before = chosen[-1]
            deleted += await self._write(forgetting.delete_messages, chosen)
        return deleted
