"""Data of phones in the store: SMS typed on them, calls, and values of their drivers."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.errors import BadRequest, InvalidNumber
from bridge.messages.phone_numbers import normalise
from bridge.model.event import CALL_INCOMING, CALL_MISSED, CALL_OUTGOING, MESSAGE_TYPED, Event, call_data, typed_data
from bridge.model.history import PastAlarm
from bridge.model.inbox import CallKind, LoggedCall, TypedMessage
from bridge.model.query import CallOrder, CallQuery, Page, TypedQuery
from bridge.model.radio import Call, Typed
from bridge.store import event_log, line_history, visibility
from bridge.store.connections import Connections, reads, searches, writes
from bridge.store.sql import marks
from bridge.store.words import found_in
from bridge.store.writer import Tx

_TOLD = {CallKind.MISSED: CALL_MISSED, CallKind.INCOMING: CALL_INCOMING, CallKind.OUTGOING: CALL_OUTGOING}
_TYPED = "id, line, device, recipient, text, sent_at, recorded_at, seq"
_CALLS = "id, line, device, kind, number, name, call_at, duration_seconds, recorded_at, seq"
_ORDERS = {
    CallOrder.AT: "call_at",
    CallOrder.NUMBER: "number",
    CallOrder.NAME: "name",
    CallOrder.DURATION: "duration_seconds",
}
_CURSOR = re.compile(r"([0-9]{1,17})\.([0-9]{1,17})", re.ASCII)
Conditions = list[tuple[str, Sequence[Any]]]


def keep(tx: Tx, item: Typed | Call, device: str, now: int) -> TypedMessage | LoggedCall | None:
    """Store and publish it; None when this line and slot are known."""
    if isinstance(item, Typed):
        return _keep_typed(tx, item, device, now)
    return _keep_call(tx, item, device, now)


def _keep_typed(tx: Tx, item: Typed, device: str, now: int) -> TypedMessage | None:
    recipient = _tidy(item.recipient)
    typed = TypedMessage(event_log.new_uuid(), item.line, device, recipient, item.text, item.sent_at, now)
    row = tx.conn.execute(
        "INSERT INTO typed (slot, id, line, device, recipient, text, sent_at, recorded_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (item.slot, typed.id, item.line, device, recipient, item.text, item.sent_at, now),
    )
    if not row.rowcount:
        return None
    event_log.tell(tx, MESSAGE_TYPED, "", now, typed.id, typed_data(typed))
    return typed


def _keep_call(tx: Tx, item: Call, device: str, now: int) -> LoggedCall | None:
    kind, number = CallKind(item.kind), _tidy(item.number)
    call = LoggedCall(event_log.new_uuid(), item.line, device, kind, number, item.name, item.at, item.duration, now)
    row = tx.conn.execute(
        "INSERT INTO calls (slot, id, line, device, kind, number, name, call_at, duration_seconds, "
        "recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (item.slot, call.id, item.line, device, kind, number, item.name, item.at, item.duration, now),
    )
    if not row.rowcount:
        return None
    event_log.tell(tx, _TOLD[kind], "", now, call.id, call_data(call))
    return call


def _tidy(number: str) -> str:
    """A number without brackets and blanks; a name as it is."""
    try:
        return normalise(number)
    except InvalidNumber:
        return number


def typed(conn: sqlite3.Connection, account: str, query: TypedQuery) -> Page[TypedMessage]:
    """List typed SMS, newest first by the phone's clock."""
    conditions = _period("sent_at", query.since, query.until) + _seen_by(account)
    if query.keyword:
        conditions.append(found_in("recipient", "text", query.keyword))
    conditions += _equal(line=query.line, recipient=query.recipient) + _before("sent_at", query.cursor)
    where, values = _joined(conditions)
    rows = conn.execute(
        f"SELECT {_TYPED} FROM typed WHERE {where} ORDER BY sent_at DESC, seq DESC LIMIT ?", (*values, query.limit + 1)
    ).fetchall()
    found = tuple(TypedMessage(*row) for row in rows[: query.limit])
    return Page(found, f"{found[-1].sent_at}.{found[-1].seq}" if len(rows) > query.limit else "")


def calls(conn: sqlite3.Connection, account: str, query: CallQuery) -> Page[LoggedCall]:
    """List calls in the requested order."""
    conditions = _period("call_at", query.since, query.until) + _seen_by(account)
    if query.kinds:
        conditions.append((f"kind IN ({marks(query.kinds)})", sorted(query.kinds)))
    if query.keyword:
        conditions.append(found_in("number", "name", query.keyword))
    conditions += _equal(line=query.line, number=query.number) + _before("call_at", query.cursor)
    where, values = _joined(conditions)
    direction = "ASC" if query.ascending else "DESC"
    rows = conn.execute(
        f"SELECT {_CALLS} FROM calls WHERE {where} ORDER BY {_ORDERS[query.order]} {direction}, seq {direction} "
        "LIMIT ? OFFSET ?",
        (*values, query.limit + 1, query.offset),
    ).fetchall()
    found = tuple(_call(row) for row in rows[: query.limit])
    more = len(rows) > query.limit and query.order is CallOrder.AT and not query.ascending
    return Page(found, f"{found[-1].call_at}.{found[-1].seq}" if more else "")


def _call(row: Sequence[Any]) -> LoggedCall:
    return LoggedCall(row[0], row[1], row[2], CallKind(row[3]), *row[4:])


def _period(column: str, since: int, until: int) -> Conditions:
    conditions: Conditions = [("true", [])]
    if since:
        conditions.append((f"{column} >= ?", [since]))
    if until:
        conditions.append((f"{column} <= ?", [until]))
    return conditions


def _seen_by(account: str) -> Conditions:
    return [(f"NOT {visibility.foreign('?', 'line', 'device')}", [account])]


def _equal(**columns: str) -> Conditions:
    return [(f"{column} = ?", [value]) for column, value in columns.items() if value]


def _before(column: str, cursor: str) -> Conditions:
    """The condition for rows after a cursor. Raises BadRequest for an unknown cursor."""
    if not cursor:
        return []
    place = _CURSOR.fullmatch(cursor)
    if place is None:
        raise BadRequest("unknown cursor: use the one that came with the previous page", "cursor")
    return [(f"({column}, seq) < (?, ?)", [int(place[1]), int(place[2])])]


def _joined(conditions: Conditions) -> tuple[str, list[Any]]:
    return " AND ".join(text for text, _ in conditions), [value for _, values in conditions for value in values]


def memories(conn: sqlite3.Connection, device: str) -> Mapping[str, str]:
    """All values stored by a device's driver."""
    return dict(conn.execute("SELECT key, value FROM device_memory WHERE device = ?", (device,)).fetchall())


def memorise(tx: Tx, device: str, key: str, value: str) -> None:
    """Store a value under a key, replacing the previous one."""
    tx.conn.execute(
        "INSERT INTO device_memory VALUES (?, ?, ?) ON CONFLICT (device, key) DO UPDATE SET value = excluded.value",
        (device, key, value),
    )


def note_together(
    tx: Tx, events: Sequence[Event], device: str, key: str, value: str, alarms: Sequence[PastAlarm] = ()
) -> None:
    """Log events, store a value, and remember alarms in one transaction."""
    for event in events:
        event_log.tell(tx, event.name, event.account, event.at, event.subject, event.data)
    memorise(tx, device, key, value)
    line_history.note_alarms(tx, alarms)


class Phones(Connections):
    """Implements `DeviceStore`, with `bridge.store.lifecycle`, and stores what phones report."""

    keep = writes(keep)
    typed = searches(typed)
    calls = searches(calls)
    memories = reads(memories)
    memorise = writes(memorise)
    note_together = writes(note_together)
