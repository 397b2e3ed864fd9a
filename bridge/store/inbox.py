"""What came in, on disk: each slot once, parts put together, marks per account."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bridge.errors import BadRequest, NoSuchThing
from bridge.messages.segmentation import join
from bridge.model.event import MESSAGE_RECEIVED, received_data
from bridge.model.inbox import Received
from bridge.model.query import InboxQuery, Page
from bridge.model.radio import Held, InboundPart
from bridge.store import event_log, loopbacks, suppression
from bridge.store.connections import Connections, reads, writes
from bridge.store.sql import marks, position
from bridge.store.writer import Tx

#: 8-bit references come round again; a part with a known reference and another content starts a new set
FRAGMENT_WINDOW = 24 * 3600 * 1000  # ms

_COLUMNS = "id, line, device, sender, text, sent_at, received_at, partial, data, error"


def receive(tx: Tx, item: InboundPart, device: str, now: int) -> Received | None:
    """Commit what came in; the complete SMS when this made one, None for a re-read or while parts are missing."""
    fresh = tx.conn.execute("INSERT OR IGNORE INTO slots VALUES (?, ?)", (item.line, item.slot)).rowcount
    if not fresh:
        return None
    if loopbacks.arrive(tx, item, now):
        return None
    if item.concat is None or item.error:
        text = join([item.text])
        received = Received(event_log.new_uuid(), item.line, device, item.sender, text, item.sent_at, now)
        return _keep(tx, replace(received, data=item.data, error=item.error))
    return _fragment(tx, item, device, now)


def _keep(tx: Tx, received: Received) -> Received:
    """Commit a complete SMS and tell of it."""
    values = [getattr(received, name.strip()) for name in _COLUMNS.split(",")]
    row = tx.conn.execute(f"INSERT INTO received ({_COLUMNS}) VALUES ({marks(values)})", values)
    event_log.tell(tx, MESSAGE_RECEIVED, "", received.received_at, received.id, received_data(received))
    suppression.heed(tx, received)
    return replace(received, seq=row.lastrowid or 0)


def _received(row: Sequence[Any]) -> Received:
    values = list(row)
    values[7], values[11] = bool(values[7]), bool(values[11])
    return Received(*values)


def _fragment(tx: Tx, item: InboundPart, device: str, now: int) -> Received | None:
    concat = item.concat
    assert concat is not None  # noqa: S101 - the caller looked
    key = (item.line, item.sender, concat.reference, concat.bits, concat.total)
    row = tx.conn.execute(
        "SELECT id, done FROM fragment_sets WHERE line = ? AND sender = ? AND reference = ? AND bits = ? AND total = ? "
        "AND started_at >= ? ORDER BY id DESC LIMIT 1",
        (*key, now - FRAGMENT_WINDOW),
    ).fetchone()
    text = item.text.encode("utf-8", "surrogatepass")
    if row is not None:
        known = tx.conn.execute(
            "SELECT text, sent_at FROM fragments WHERE fragment_set = ? AND idx = ?", (row[0], concat.index)
        ).fetchone()
        if known == (text, item.sent_at):
            return None  # the network gave us the same part twice
        if known is not None or row[1]:
            if not row[1]:
                _put_together(tx, row[0], now)
            row = None
    if row is None:
        made = tx.conn.execute(
            "INSERT INTO fragment_sets (line, sender, reference, bits, total, device, started_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*key, device, now),
        )
        row = (made.lastrowid, 0)
    tx.conn.execute(
        "INSERT INTO fragments VALUES (?, ?, ?, ?, ?)", (row[0], concat.index, text, item.data, item.sent_at)
    )
    have = tx.conn.execute("SELECT count(*) FROM fragments WHERE fragment_set = ?", (row[0],)).fetchone()[0]
    return _put_together(tx, row[0], now) if have == concat.total else None


def _put_together(tx: Tx, set_id: int, now: int) -> Received:
    """Make one SMS of a set; gaps are marked in its text. The set stays a while, to know late twins by."""
    line, device, sender, total = tx.conn.execute(
        "SELECT line, device, sender, total FROM fragment_sets WHERE id = ?", (set_id,)
    ).fetchone()
    rows = tx.conn.execute(
        "SELECT idx, text, data, sent_at FROM fragments WHERE fragment_set = ? ORDER BY idx", (set_id,)
    ).fetchall()
    texts = {row[0]: row[1].decode("utf-8", "surrogatepass") for row in rows}
    missing = [index for index in range(1, total + 1) if index not in texts]
    text = join([texts.get(index, f"[part {index} of {total} missing]") for index in range(1, total + 1)])
    data = "".join(row[2] for row in rows)
    if data and not any(texts.values()):
        text = ""
    tx.conn.execute("UPDATE fragment_sets SET done = 1 WHERE id = ?", (set_id,))
    # its time is when the sender's network took the first part
    sent_at = min((row[3] for row in rows if row[3]), default=0)
    received = Received(event_log.new_uuid(), line, device, sender, text, sent_at, now, bool(missing), data)
    return _keep(tx, received)


_GONE = (
    "FROM slots WHERE line = ? AND slot >= ? AND substr(slot, 1, ?) = ? "
    "AND slot NOT IN (SELECT value FROM json_each(?))"
)


def _gone(item: Held) -> tuple[str | int, ...]:
    return item.line, item.place, len(item.place), item.place, json.dumps(item.slots)


def let_go(tx: Tx, item: Held) -> None:
    """Forget the slots of a place that the device does not hold any more."""
    tx.conn.execute(f"DELETE {_GONE}", _gone(item))


def any_gone(conn: sqlite3.Connection, item: Held) -> bool:
    """Whether `let_go` has anything to forget."""
    return conn.execute(f"SELECT 1 {_GONE} LIMIT 1", _gone(item)).fetchone() is not None


def release_partial(tx: Tx, older_than: int, now: int) -> Sequence[Received]:
    """Give out what waited too long for its other parts, and forget what was given out long ago."""
    tx.conn.execute("DELETE FROM fragment_sets WHERE done = 1 AND started_at < ?", (now - FRAGMENT_WINDOW,))
    waiting = tx.conn.execute(
        "SELECT id FROM fragment_sets WHERE done = 0 AND started_at <= ? ORDER BY id", (older_than,)
    ).fetchall()
    return [_put_together(tx, row[0], now) for row in waiting]


_SELECT = (
    "SELECT r.id, r.line, r.device, r.sender, r.text, r.sent_at, r.received_at, r.partial, r.data, r.error, r.seq, "
    "coalesce(k.read_at, 0) > 0 FROM received r LEFT JOIN received_marks k ON k.received = r.seq AND k.account = ? "
)


def _where(query: InboxQuery) -> tuple[str, list[Any]]:
    conditions: list[tuple[str, list[Any]]] = [("coalesce(k.hidden_at, 0) = 0", [])]
    if query.ids:
        conditions.append((f"r.id IN ({marks(query.ids)})", [received.lower() for received in query.ids]))
    if query.keyword:
        conditions.append(("(instr(r.sender, ?) OR instr(lower(r.text), lower(?)))", [query.keyword] * 2))
    for column in ("sender", "line"):
        if value := getattr(query, column):
            conditions.append((f"r.{column} = ?", [value]))
    if query.since:
        conditions.append(("r.received_at >= ?", [query.since]))
    if query.until:
        conditions.append(("r.received_at <= ?", [query.until]))
    if query.unread:
        conditions.append(("coalesce(k.read_at, 0) = 0", []))
    return " AND ".join(text for text, _ in conditions), [value for _, values in conditions for value in values]


def find(conn: sqlite3.Connection, account: str, query: InboxQuery) -> Page[Received]:
    """Newest first, without what this account deleted."""
    where, values = _where(query)
    rows = conn.execute(
        f"{_SELECT} WHERE {where} AND r.seq < ? ORDER BY r.seq DESC LIMIT ?",
        (account, *values, position(query.cursor), query.limit + 1),
    ).fetchall()
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    return Page(tuple(_received(row) for row in rows), str(rows[-1][10]) if more else "")


def read(tx: Tx, account: str, query: InboxQuery, now: int) -> Page[Received]:
    """Like `find`, and mark what is given out as read."""
    page = find(tx.conn, account, query)
    tx.conn.executemany(
        "INSERT INTO received_marks VALUES (?, ?, ?, 0) ON CONFLICT (account, received) DO UPDATE SET "
        "read_at = CASE WHEN read_at = 0 THEN excluded.read_at ELSE read_at END",
        [(account, received.seq, now) for received in page.rows],
    )
    return page


def get(conn: sqlite3.Connection, account: str, id: str) -> Received:
    """Raises NoSuchThing."""
    row = conn.execute(f"{_SELECT} WHERE r.id = ? AND coalesce(k.hidden_at, 0) = 0", (account, id.lower())).fetchone()
    if row is None:
        raise NoSuchThing(f"there is no received SMS {id!r}")
    return _received(row)


def hide(tx: Tx, account: str, query: InboxQuery, now: int) -> int:
    """Take received SMS out of this account's sight; how many."""
    if not query.chooses:
        raise BadRequest("say which received SMS to delete", "query")
    where, values = _where(query)
    rows = tx.conn.execute(f"{_SELECT} WHERE {where}", (account, *values)).fetchall()
    tx.conn.executemany(
        "INSERT INTO received_marks VALUES (?, ?, 0, ?) "
        "ON CONFLICT (account, received) DO UPDATE SET hidden_at = excluded.hidden_at",
        [(account, row[10], now) for row in rows],
    )
    return len(rows)


class Inbox(Connections):
    """Obeys `InboxStore`, with `bridge.store.phones`, and the receiving half of `ReceivingStore`."""

    receive = writes(receive)
    release_partial = writes(release_partial)
    received = reads(get)
    delete_received = writes(hide)

    async def let_go(self, item: Held) -> None:
        """Most looks at a device find nothing new, and those cost no transaction."""
        if await self._read(any_gone, item):
            await self._write(let_go, item)

    async def inbox(self, account: str, query: InboxQuery, now: int) -> Page[Received]:
        """Marking as read is a write."""
        if query.mark_read:
            return await self._write(read, account, query, now)
        return await self._read(find, account, query)
