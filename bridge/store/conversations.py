"""Conversations in the store: an index of numbers that follows the messages, and the messages of one number.

The index is not kept by the transactions that accept messages, which are too many and too quick for it: whoever looks,
and the scheduler, brings it up to date in bites.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bridge.errors import BadRequest
from bridge.model.account import Suppressed
from bridge.model.conversation import MOST_UNREAD, Conversation, ConversationQuery, Thread
from bridge.model.inbox import Received
from bridge.model.message import Message
from bridge.model.query import Page
from bridge.store import accounts, contacts, counts, inbox, suppression, visibility
from bridge.store.connections import Connections, reads, writes
from bridge.store.messages import QUALIFIED, message_of
from bridge.store.suppression import TAIL, is_same
from bridge.store.words import number_of
from bridge.store.writer import Tx

#: rows that are taken notice of in one transaction: some 10 ms of the writer, in which nobody is accepted
BITE = 100
_END = 1 << 62
_FOREIGN = visibility.foreign("?", "r.line", "r.device")
_NUMBERS_OF = f"SELECT number FROM conversations WHERE account = ? AND substr(number, -{TAIL}) = ?"


def index(tx: Tx) -> bool:
    """Take notice of some messages that came since; whether more are left."""
    sent, received = tx.conn.execute("SELECT sent, received FROM conversations_made").fetchone()
    last_sent = _end_of_bite(tx.conn, "messages", sent)
    for view in ("''", "account"):
        tx.conn.execute(
            "INSERT INTO conversations (account, number, at, sent, received) "
            f"SELECT {view}, recipient, max(created_at), max(seq), 0 FROM messages WHERE seq > ? AND seq <= ? "
            "GROUP BY 1, 2 ON CONFLICT (account, number) DO UPDATE SET at = max(conversations.at, excluded.at), "
            "sent = max(conversations.sent, excluded.sent)",
            (sent, last_sent),
        )
    last_received = _end_of_bite(tx.conn, "received", received)
    rows = tx.conn.execute(
        "SELECT seq, sender, received_at, line, device FROM received WHERE seq > ? AND seq <= ? AND sender <> ''",
        (received, last_received),
    ).fetchall()
    views = {"": frozenset[str]()}
    if rows:
        views |= {each.name: frozenset(each.terms.inbound_lines) for each in accounts.everyone(tx.conn)}
    for seq, sender, at, line, device in rows:
        for view in (name for name, limits in views.items() if visibility.includes(limits, line, device)):
            tx.conn.execute(
                "INSERT INTO conversations (account, number, at, sent, received) VALUES (?, ?, ?, 0, ?) "
                "ON CONFLICT (account, number) DO UPDATE SET at = max(conversations.at, excluded.at), "
                "received = max(conversations.received, excluded.received)",
                (view, _known_as(tx.conn, view, sender), at, seq),
            )
    if (last_sent, last_received) != (sent, received):
        tx.conn.execute("UPDATE conversations_made SET sent = ?, received = ?", (last_sent, last_received))
    return bool(last_sent - sent >= BITE or last_received - received >= BITE)


def _end_of_bite(conn: sqlite3.Connection, table: str, after: int) -> int:
    """The last row of a bite; rows may be missing."""
    row = conn.execute(f"SELECT max(seq) FROM {table}").fetchone()
    return max(after, min(row[0] or 0, after + BITE))


def _known_as(conn: sqlite3.Connection, view: str, sender: str) -> str:
    """How the number of a sender is spelled in the conversation that there is."""
    for (number,) in conn.execute(_NUMBERS_OF, (view, sender[-TAIL:])):
        if is_same(number, sender):
            return str(number)
    return sender


# -- the list -------------------------------------------------------------------------------------
def find(conn: sqlite3.Connection, view: str, account: str, query: ConversationQuery) -> Page[Conversation]:
    """List conversations, newest first; what was deleted since is left out."""
    at, number = _place(query.cursor)
    conditions, values = ["account = ?", "(at, number) < (?, ?)"], [view, at, number]
    if query.unread:
        conditions.append("received > read")
    if query.keyword:
        named = contacts.tails(conn, account, query.keyword)
        conditions.append(f"(instr(number, ?) > 0 OR substr(number, -{TAIL}) IN (SELECT value FROM json_each(?)))")
        values += [number_of(query.keyword.strip()), named]
    rows = conn.execute(
        f"SELECT number, at, sent, received, read FROM conversations WHERE {' AND '.join(conditions)} "
        "ORDER BY at DESC, number DESC LIMIT ?",
        (*values, query.limit + 1),
    ).fetchall()
    found = (_conversation(conn, view, account, *row) for row in rows[: query.limit])
    page = tuple(each for each in found if each is not None and (each.unread or not query.unread))
    more = len(rows) > query.limit
    return Page(page, f"{rows[query.limit - 1][1]}.{rows[query.limit - 1][0]}" if more else "")


def _place(cursor: str) -> tuple[int, str]:
    if not cursor:
        return _END, ""
    at, _, number = cursor.partition(".")
    if not (at.isascii() and at.isdecimal() and len(at) <= 18):
        raise BadRequest("unknown cursor: use the one that came with the previous page", "cursor")
    return int(at), number


def _conversation(
    conn: sqlite3.Connection, view: str, account: str, number: str, at: int, sent: int, received: int, read: int
) -> Conversation | None:
    last = _newest(conn, account, sent, received)
    if last is None:  # deleted, but maybe not all
        entries = thread(conn, view, account, number, 1).entries
        if not entries:
            return None
        last = entries[0]
    unread = _unread(conn, account, number, read) if received > read else 0
    contact = contacts.known(conn, account, number)
    return Conversation(number, at, last, unread, contact, _suppressed(conn, account, number))


def _newest(conn: sqlite3.Connection, account: str, sent: int, received: int) -> Message | Received | None:
    message, came = _message_at(conn, sent), inbox.seen_at(conn, account, received)
    if message is None or came is None:
        return message or came
    return message if message.created_at >= came.received_at else came


def _message_at(conn: sqlite3.Connection, seq: int) -> Message | None:
    row = conn.execute(f"SELECT {QUALIFIED} FROM messages m WHERE m.seq = ?", (seq,)).fetchone()
    return None if row is None else message_of(row)


def _unread(conn: sqlite3.Connection, account: str, number: str, read: int) -> int:
    rows = conn.execute(
        f"SELECT sender FROM received r INDEXED BY received_number WHERE substr(sender, -{TAIL}) = ? AND seq > ? "
        "AND NOT EXISTS (SELECT 1 FROM received_marks k WHERE k.account = ? AND k.received = r.seq "
        f"AND (k.read_at > 0 OR k.hidden_at > 0)) AND NOT {_FOREIGN} LIMIT {MOST_UNREAD}",
        (number[-TAIL:], read, account, account),
    )
    return sum(is_same(number, sender) for (sender,) in rows)


def _suppressed(conn: sqlite3.Connection, account: str, number: str) -> Suppressed | None:
    return suppression.why(conn, account, number)


# -- one number -----------------------------------------------------------------------------------
def thread(conn: sqlite3.Connection, view: str, account: str, number: str, limit: int, cursor: str = "") -> Thread:
    """Messages to and from a number, newest first; maybe fewer than `limit`, with a cursor all the same."""
    sent, received = _places(cursor)
    out, came = list(_sent(conn, view, number, sent, limit)), list(_came(conn, account, number, received, limit))
    more = limit in (len(out), len(came))
    entries: list[Message | Received] = []
    while (out or came) and len(entries) < limit:
        if out and (not came or out[0].created_at >= came[0].received_at):
            entries.append(out.pop(0))
            sent = entries[-1].seq
        else:
            entries.append(came.pop(0))
            received = entries[-1].seq
    kept = tuple(each for each in entries if is_same(number, _number_of(each)))
    end = f"{sent}.{received}" if more or out or came else ""
    row = conn.execute("SELECT read FROM conversations WHERE account = ? AND number = ?", (view, number)).fetchone()
    unread = _unread(conn, account, number, row[0] if row else 0)
    return Thread(number, kept, end, unread, contacts.known(conn, account, number), _suppressed(conn, account, number))


def _number_of(entry: Message | Received) -> str:
    return entry.recipient if isinstance(entry, Message) else entry.sender


def _places(cursor: str) -> tuple[int, int]:
    """Behind which rows to go on, of what went out and of what came in."""
    if not cursor:
        return _END, _END
    sent, _, received = cursor.partition(".")
    if not all(part.isascii() and part.isdecimal() and len(part) <= 19 for part in (sent, received)):
        raise BadRequest("unknown cursor: use the one that came with the previous page", "cursor")
    return min(int(sent), _END), min(int(received), _END)


def _sent(conn: sqlite3.Connection, view: str, number: str, before: int, limit: int) -> Iterator[Message]:
    """To numbers with this end, by each account's range of the index."""
    names = [view] if view else sorted({name for name, _ in counts.totals(conn, "")})
    found: list[Sequence[object]] = []
    for name in names:
        found += conn.execute(
            f"SELECT {QUALIFIED}, m.seq FROM messages m INDEXED BY messages_recipient "
            f"WHERE substr(m.recipient, -{TAIL}) = ? AND m.account = ? AND m.seq < ? ORDER BY m.seq DESC LIMIT ?",
            (number[-TAIL:], name, before, limit),
        ).fetchall()
    newest = sorted(found, key=lambda row: -int(str(row[-1])))[:limit]
    return (replace(message_of(row[:-1]), seq=int(str(row[-1]))) for row in newest)


def _came(conn: sqlite3.Connection, account: str, number: str, before: int, limit: int) -> Iterator[Received]:
    rows = conn.execute(
        f"SELECT seq FROM received r INDEXED BY received_number WHERE substr(sender, -{TAIL}) = ? AND seq < ? "
        f"AND NOT {_FOREIGN} ORDER BY seq DESC LIMIT ?",
        (number[-TAIL:], before, account, limit),
    )
    return (each for (seq,) in rows.fetchall() if (each := inbox.seen_at(conn, account, seq)) is not None)


def read_thread(tx: Tx, view: str, account: str, number: str, now: int) -> None:
    """Mark all that came from this number as read."""
    row = tx.conn.execute(
        "SELECT read, received FROM conversations WHERE account = ? AND number = ?", (view, number)
    ).fetchone()
    if row is None:
        return
    rows = tx.conn.execute(
        f"SELECT seq, sender FROM received r INDEXED BY received_number WHERE substr(sender, -{TAIL}) = ? AND seq > ? "
        f"AND NOT {_FOREIGN}",
        (number[-TAIL:], row[0], account),
    ).fetchall()
    inbox.mark_read(tx, account, [seq for seq, sender in rows if is_same(number, sender)], now)
    newest = max([row[1], *(seq for seq, _ in rows)])
    tx.conn.execute(
        "UPDATE conversations SET read = ?, received = max(received, ?) WHERE account = ? AND number = ?",
        (newest, newest, view, number),
    )


class Conversations(Connections):
    """Implements `ConversationStore`."""

    index_conversations = writes(index)
    conversations = reads(find)
    thread = reads(thread)
    read_thread = writes(read_thread)
