"""Received SMS in the store, with each account's read and deleted marks."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bridge.errors import BadRequest, NoSuchThing
from bridge.model.event import MESSAGE_RECEIVED, received_data
from bridge.model.inbox import Received
from bridge.model.line import Channel
from bridge.model.query import InboxQuery, Page
from bridge.store import event_log, forgetting, hours, index_streams, opt_out, search, visibility
from bridge.store.connections import Connections, reads
from bridge.store.index_streams import Selection, Stream
from bridge.store.sql import fitting, last_number, marks, position
from bridge.store.words import found_in
from bridge.store.writer import Tx

#: SMS that are deleted in one transaction
TOGETHER = 50
#: which column is the text
_TEXT = 4
_COLUMNS = "id, line, device, sender, text, sent_at, received_at, partial, data, error, channel, media"
#: where in a row of `_SELECT` its position is
_SEQ = _COLUMNS.count(",") + 1


def keep(tx: Tx, received: Received, now: int) -> Received:
    """Store a received SMS and publish it."""
    values = [getattr(received, name.strip()) for name in _COLUMNS.split(",")]
    row = tx.conn.execute(f"INSERT INTO received ({_COLUMNS}) VALUES ({marks(values)})", values)
    seq = last_number(row)
    _tell(tx, received, now)
    return replace(received, seq=seq)


def keep_more(tx: Tx, received: Received, now: int) -> Received:
    """Store that more of an SMS has come, under its id, and publish it again."""
    tx.conn.execute(
        "UPDATE received SET text = ?, data = ?, sent_at = ?, partial = ? WHERE seq = ?",
        (received.text, received.data, received.sent_at, received.partial, received.seq),
    )
    _tell(tx, received, now)
    return received


def _tell(tx: Tx, received: Received, now: int) -> None:
    event_log.tell(tx, MESSAGE_RECEIVED, "", now, received.id, received_data(received))
    opt_out.heed(tx, received, now)


def at(conn: sqlite3.Connection, seq: int) -> Received | None:
    """The SMS at a position of the inbox, without marks; None when it was deleted."""
    row = conn.execute(f"SELECT {_COLUMNS}, seq, 0 FROM received WHERE seq = ?", (seq,)).fetchone()
    return _received(row) if row is not None else None


def _received(row: Sequence[Any]) -> Received:
    values = list(row)
    values[7], values[10], values[13] = bool(values[7]), Channel(values[10]), bool(values[13])
    return Received(*values)


_SELECT = (
    f"SELECT {', '.join(f'r.{name}' for name in _COLUMNS.split(', '))}, r.seq, coalesce(k.read_at, 0) > 0 "
    "FROM received r LEFT JOIN received_marks k ON k.received = r.seq AND k.account = ? "
)
#: of `_SELECT`: the account sees it, and has not deleted it
_SEEN = f"coalesce(k.hidden_at, 0) = 0 AND NOT {visibility.foreign('?', 'r.line', 'r.device')}"
_MARKS = "LEFT JOIN received_marks k ON k.received = {seq} AND k.account = ?"


def seen_at(conn: sqlite3.Connection, account: str, seq: int) -> Received | None:
    """The SMS at a position of the inbox as an account sees it; None when it was deleted or is not for it."""
    row = conn.execute(f"{_SELECT} WHERE r.seq = ? AND {_SEEN}", (account, seq, account)).fetchone()
    return _received(row) if row is not None else None


def mark_read(tx: Tx, account: str, rows: Sequence[int], now: int) -> None:
    """Mark SMS as read, by their positions; those that are already keep their time."""
    tx.conn.executemany(
        "INSERT INTO received_marks VALUES (?, ?, ?, 0) ON CONFLICT (account, received) DO UPDATE SET "
        "read_at = CASE WHEN received_marks.read_at = 0 THEN excluded.read_at ELSE received_marks.read_at END",
        [(account, seq, now) for seq in rows],
    )


def _select(conn: sqlite3.Connection, account: str, query: InboxQuery) -> Selection:
    """The rows of a query, each by an index."""
    span = hours.span(conn, hours.RECEIVED, query.since, query.until)
    first = span.first
    if query.unread:
        first = max(first, _read_to(conn, account, query) + 1)
    names = visibility.named(conn, account)
    conditions = [*_filters(query), *_limits(account, names)]
    where = " AND ".join(text for text, _ in conditions)
    values = tuple(value for _, some in conditions for value in some)
    found, last = _streams(conn, query, names), min(span.last, position(query.cursor) - 1)
    return Selection("received", found, where, values, first, last, _MARKS, (account,))


def _limits(account: str, names: frozenset[str]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """For an account that is limited to some lines."""
    if names:
        yield f"NOT {visibility.foreign('?', 'm.line', 'm.device')}", (account,)


def _streams(conn: sqlite3.Connection, query: InboxQuery, names: frozenset[str]) -> Sequence[Stream]:
    """`names`: of the lines and devices to which the account is limited."""
    if query.ids:
        ids = tuple(each.lower() for each in query.ids)
        return [Stream("sqlite_autoindex_received_1", f"m.id IN ({marks(ids)})", ids)]
    if query.sender:
        return [Stream("received_sender", "m.sender = ?", (query.sender,))]
    if query.keyword:
        return list(index_streams.with_words(conn, search.RECEIVED, [""], query.keyword))
    if query.line:
        return [Stream("received_line", "m.line = ?", (query.line,))]
    if query.channel:
        return [Stream("received_channel", "m.channel = ?", (query.channel,))]
    if names:
        return [Stream("received_line", "m.line = ?", (line,)) for line in visibility.lines(conn, names)]
    return [Stream("")]


def _filters(query: InboxQuery) -> Iterator[tuple[str, tuple[Any, ...]]]:
    yield "coalesce(k.hidden_at, 0) = 0", ()
    if query.keyword:
        yield found_in("m.sender", "m.text", query.keyword)
    for column in ("sender", "line", "channel"):
        if value := getattr(query, column):
            yield f"m.{column} = ?", (value,)
    if query.since:
        yield "m.received_at >= ?", (query.since,)
    if query.until:
        yield "m.received_at <= ?", (query.until,)
    if query.unread:
        yield "coalesce(k.read_at, 0) = 0", ()


def find(conn: sqlite3.Connection, account: str, query: InboxQuery) -> Page[Received]:
    """List SMS, newest first, without those this account deleted."""
    found = index_streams.positions(conn, _select(conn, account, query), query.limit + 1)
    rows = conn.execute(
        f"{_SELECT} WHERE r.seq IN (SELECT value FROM json_each(?)) ORDER BY r.seq DESC",
        (account, json.dumps(found[: query.limit])),
    ).fetchall()
    page = fitting(rows, _TEXT)
    return Page(tuple(_received(row) for row in page), str(page[-1][_SEQ]) if len(found) > len(page) else "")


def find_all(conn: sqlite3.Connection, account: str, query: InboxQuery) -> tuple[Page[Received], int]:
    """List SMS like `find`, and a position up to which nothing was missed."""
    newest = int(conn.execute("SELECT coalesce(max(seq), 0) FROM received").fetchone()[0])
    return find(conn, account, query), newest


def _reader(account: str, query: InboxQuery) -> str:
    """Who has read up to somewhere in `read_to`: an account, or what it reads of one channel alone."""
    return f"{account}\n{query.channel}" if query.channel else account


def _read_to(conn: sqlite3.Connection, account: str, query: InboxQuery) -> int:
    """Up to here it has read or deleted everything that the query may find."""
    row = conn.execute(
        "SELECT max(seq) FROM read_to WHERE account IN (?, ?)", (account, _reader(account, query))
    ).fetchone()
    return int(row[0] or 0)


def mark(tx: Tx, account: str, query: InboxQuery, page: Page[Received], newest: int, now: int) -> Page[Received]:
    """Mark what was found as read. Of the unread, what another call has marked or hidden meanwhile is left out."""
    gone = _marked(tx.conn, account, [received.seq for received in page.rows]) if query.unread else frozenset()
    rows = tuple(received for received in page.rows if received.seq not in gone)
    mark_read(tx, account, [received.seq for received in rows], now)
    if query == replace(InboxQuery(unread=True, mark_read=True), limit=query.limit, channel=query.channel) and (
        not page.cursor
    ):
        # nothing unread is left: the next look begins here
        tx.conn.execute(
            "INSERT INTO read_to VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET seq = excluded.seq",
            (_reader(account, query), newest),
        )
    return replace(page, rows=rows)


def _marked(conn: sqlite3.Connection, account: str, found: Sequence[int]) -> frozenset[int]:
    rows = conn.execute(
        "SELECT received FROM received_marks WHERE account = ? AND received IN (SELECT value FROM json_each(?))",
        (account, json.dumps(found)),
    )
    return frozenset(row[0] for row in rows)


def get(conn: sqlite3.Connection, account: str, id: str) -> Received:
    """Return an SMS. Raises NoSuchThing."""
    row = conn.execute(f"{_SELECT} WHERE r.id = ? AND {_SEEN}", (account, id.lower(), account)).fetchone()
    if row is None:
        raise NoSuchThing(f"there is no received SMS {id!r}")
    return _received(row)


def hide(tx: Tx, account: str, positions: Sequence[int], now: int) -> None:
    """Hide SMS from this account, with all that tells it of them."""
    for seq in positions:
        forgetting.hide_received(tx, seq, account, now)


class Inbox(Connections):
    """Implements `InboxStore`, with `bridge.store.phones`."""

    received = reads(get)

    async def delete_received(self, account: str, query: InboxQuery, now: int) -> int:
        """In several transactions, so that nobody waits for all of them. Raises BadRequest for a query of all."""
        if not query.chooses:
            raise BadRequest("say which received SMS to delete", "query")
        query, hidden = replace(query, limit=TOGETHER, cursor=""), 0
        while True:
            page = await self._search(find, account, query)
            await self._write(hide, account, [received.seq for received in page.rows], now)
            hidden += len(page.rows)
            if not page.cursor:
                return hidden
            query = replace(query, cursor=page.cursor)

    async def inbox(self, account: str, query: InboxQuery, now: int) -> Page[Received]:
        """List received SMS; marking them as read is a write."""
        if not query.mark_read:
            return await self._search(find, account, query)
        page, newest = await self._search(find_all, account, query)
        return await self._write(mark, account, query, page, newest, now)
