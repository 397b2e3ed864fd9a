"""The ledger of webhook deliveries in the store."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bridge.model.event import MESSAGE_RECEIVED, Event
from bridge.model.payload_format import FORMATS
from bridge.model.query import LedgerQuery, Page
from bridge.model.webhook import Delivery, DeliveryState
from bridge.store import index_streams
from bridge.store.connections import Connections, reads, searches
from bridge.store.event_log import event_of
from bridge.store.index_streams import Selection, Stream
from bridge.store.pulls import tag_before
from bridge.store.sql import marks, position
from bridge.store.writer import Tx

#: deliveries that are requeued in one transaction
AT_ONCE = 1000

_DELIVERY = (
    "l.id, l.seq, l.endpoint, l.account, e.id, e.name, l.state, l.attempts, l.due_at, l.created_at, l.delivered_at, "
    "l.status, l.error"
)
_FROM = "FROM ledger l JOIN events e ON e.seq = l.event"


def _delivery(row: Sequence[Any]) -> Delivery:
    values = list(row)
    values[6] = DeliveryState(values[6])
    return Delivery(*values)


def owed(conn: sqlite3.Connection, endpoint: str, limit: int, after: int = 0) -> Sequence[tuple[Delivery, Event]]:
    """The oldest waiting deliveries of an endpoint behind a position, with their events."""
    rows = conn.execute(
        f"SELECT {_DELIVERY}, e.seq, e.id, e.name, e.account, e.at, e.subject, e.data {_FROM} "
        "WHERE l.endpoint = ? AND l.state = 'owed' AND l.seq > ? ORDER BY l.seq LIMIT ?",
        (endpoint, after, limit),
    )
    found = [(_delivery(row[:13]), event_of(row[13:])) for row in rows]
    dialect = _answering(conn, endpoint) if found else ""
    return [(delivery, _with_tag(conn, delivery.account, dialect, event)) for delivery, event in found]


def _answering(conn: sqlite3.Connection, endpoint: str) -> str:
    """The dialect whose messages an endpoint's format takes a received SMS for an answer to; "" for none."""
    row = conn.execute("SELECT format FROM endpoints WHERE id = ?", (endpoint,)).fetchone()
    wording = FORMATS.get(row[0]) if row else None
    return wording.answers if wording else ""


def _with_tag(conn: sqlite3.Connection, account: str, dialect: str, event: Event) -> Event:
    """A received SMS with the tag of the last message before it to its sender: the same however often it is asked."""
    if not dialect or event.name != MESSAGE_RECEIVED:
        return event
    tag = tag_before(conn, account, dialect, event.data.get("from", ""), event.at)
    return replace(event, data={**event.data, "tag": tag})


def record_attempts(tx: Tx, deliveries: Sequence[Delivery]) -> None:
    """Write attempts back. A row that was dropped or requeued meanwhile stays so."""
    tx.conn.executemany(
        "UPDATE ledger SET state = ?, attempts = ?, due_at = ?, delivered_at = ?, status = ?, error = ? "
        "WHERE seq = ? AND attempts = ? - 1",
        [
            (row.state, row.attempts, row.due_at, row.delivered_at, row.status, row.error, row.seq, row.attempts)
            for row in deliveries
        ],
    )


#: each endpoint that has deliveries, removed ones too, and whose they are: from the index, whatever is there
_ENDPOINTS = """
WITH RECURSIVE known(endpoint) AS (
  SELECT min(endpoint) FROM ledger
  UNION ALL
  SELECT (SELECT min(endpoint) FROM ledger WHERE endpoint > known.endpoint) FROM known WHERE endpoint IS NOT NULL)
SELECT endpoint, (SELECT account FROM ledger l WHERE l.endpoint = known.endpoint ORDER BY state, seq LIMIT 1)
FROM known WHERE endpoint IS NOT NULL
"""
#: ledger rows, and the events that they are about
_EVENT = "JOIN events e ON e.seq = m.event"


def _select(conn: sqlite3.Connection, account: str, query: LedgerQuery, ids: Sequence[str] = ()) -> Selection:
    """The rows of a query, by the index of endpoints and states."""
    conditions = list(_filters(account, query))
    where = " AND ".join(["true", *(text for text, _ in conditions)])
    found = _streams(conn, account, query, tuple(ids))
    values = tuple(value for _, value in conditions)
    return Selection("ledger", found, where, values, last=position(query.cursor) - 1, join=_EVENT)


def _streams(conn: sqlite3.Connection, account: str, query: LedgerQuery, ids: tuple[str, ...]) -> Sequence[Stream]:
    if ids:
        return [Stream("sqlite_autoindex_ledger_1", f"m.id IN ({marks(ids)})", ids)]
    owners = conn.execute(_ENDPOINTS).fetchall()
    wanted = [endpoint for endpoint, owner in owners if account in ("", owner) and query.endpoint in ("", endpoint)]
    states = list(DeliveryState) if query.state is None else [query.state]
    return [
        Stream("ledger_endpoint", "m.endpoint = ? AND m.state = ?", (endpoint, state))
        for endpoint in wanted
        for state in states
    ]


def _filters(account: str, query: LedgerQuery) -> Iterator[tuple[str, Any]]:
    if account:
        yield "m.account = ?", account
    if query.state is not None:
        yield "m.state = ?", query.state
    for column, value in (("m.endpoint", query.endpoint), ("e.name", query.event), ("e.id", query.event_id)):
        if value:
            yield f"{column} = ?", value
    if query.since:
        yield "m.created_at >= ?", query.since
    if query.until:
        yield "m.created_at <= ?", query.until


def find(conn: sqlite3.Connection, account: str, query: LedgerQuery) -> Page[Delivery]:
    """List deliveries, newest first."""
    found = index_streams.positions(conn, _select(conn, account, query), query.limit + 1)
    rows = conn.execute(
        f"SELECT {_DELIVERY} {_FROM} WHERE l.seq IN (SELECT value FROM json_each(?)) ORDER BY l.seq DESC",
        (json.dumps(found[: query.limit]),),
    ).fetchall()
    return Page(tuple(_delivery(row) for row in rows), str(found[query.limit - 1]) if len(found) > query.limit else "")


def chosen(conn: sqlite3.Connection, account: str, query: LedgerQuery, ids: Sequence[str]) -> Sequence[int]:
    """The positions of deliveries, by id or by what they match, oldest first."""
    return index_streams.positions(conn, _select(conn, account, query, ids), -1)[::-1]


def requeue(tx: Tx, deliveries: Sequence[int], now: int) -> int:
    """Requeue deliveries from attempt one, except those of removed endpoints."""
    tx.endpoints.append("")
    return tx.conn.execute(
        "UPDATE ledger SET state = 'owed', attempts = 0, due_at = ?, delivered_at = 0, status = 0, error = '' "
        "WHERE endpoint IN (SELECT id FROM endpoints) AND seq IN (SELECT value FROM json_each(?))",
        (now, json.dumps(deliveries)),
    ).rowcount


def dead(conn: sqlite3.Connection, account: str, limit: int) -> Sequence[Delivery]:
    """List deliveries that were given up, newest first."""
    rows = conn.execute(
        f"SELECT {_DELIVERY} FROM ledger l INDEXED BY ledger_dead JOIN events e ON e.seq = l.event "
        "WHERE l.state = 'dead' AND (? = '' OR l.account = ?) ORDER BY l.seq DESC LIMIT ?",
        (account, account, limit),
    )
    return [_delivery(row) for row in rows]


def of_events(conn: sqlite3.Connection, account: str, events: Sequence[int]) -> Sequence[Delivery]:
    """List the deliveries of events, by their positions."""
    rows = conn.execute(
        f"SELECT {_DELIVERY} {_FROM} WHERE l.event IN ({marks(events)}) AND (? = '' OR l.account = ?) ORDER BY l.seq",
        (*events, account, account),
    )
    return [_delivery(row) for row in rows]


class Deliveries(Connections):
    """Implements `LedgerStore` and, with `bridge.store.endpoints`, `DeliveryStore`."""

    owed = reads(owed)
    ledger = searches(find)

    async def redeliver(self, account: str, query: LedgerQuery, ids: Sequence[str], now: int) -> int:
        """Requeue deliveries, so many at a time that nobody waits for them."""
        found = await self._search(chosen, account, query, ids)
        parts = [found[start : start + AT_ONCE] for start in range(0, len(found), AT_ONCE)]
        return sum([await self._write(requeue, part, now) for part in parts])

    async def record_attempts(self, deliveries: Sequence[Delivery], within: float = 0.0) -> None:
        """Write them in another job's transaction where one comes in time."""
        await self._writer.do_within(within, lambda tx: record_attempts(tx, deliveries))
