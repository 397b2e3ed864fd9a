"""The event log, and the webhook deliveries that each event causes, in the transaction of the change."""

import itertools
import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from bridge.model.event import (
    FOR_OPERATORS,
    MESSAGE_RECEIVED,
    MESSAGE_SENT,
    MESSAGE_SUBMITTED,
    NAMES,
    OF_INBOUND,
    Event,
)
from bridge.model.line import Channel
from bridge.model.payload_format import FORMATS, OUTCOMES, Wording
from bridge.store import visibility
from bridge.store.connections import Connections, hears, writes
from bridge.store.sql import UUID, last_number
from bridge.store.writer import Tx

#: whether an event `e` is its message's end for its account: as soon as it is sent where no report is waited for
_IS_END = (
    "(SELECT CASE WHEN a.report_on = 'sent' OR (a.report_on = '' AND NOT m.report)"
    f" THEN e.name = '{MESSAGE_SENT}' OR m.sent_at = 0 ELSE e.name <> '{MESSAGE_SENT}' END"
    " FROM accounts a, messages m WHERE a.name = e.account AND m.id = e.subject)"
)


def _fitting(format: str, wording: Wording) -> str:
    """The SQL condition under which a format can express event `e` for endpoint `p`; "" when it always can."""
    conditions = []
    if wording.events != frozenset(NAMES):
        named = ", ".join(f"'{name}'" for name in sorted(wording.events))
        conditions.append(f"e.name IN ({named})")
    if wording.dialect:
        conditions.append(f"json_extract(e.data, '$.dialect') = '{wording.dialect}'")
        conditions.append("json_extract(e.data, '$.client_ref') <> ''")
    if wording.channel:
        # events of before there was another do not say it
        conditions.append(f"coalesce(json_extract(e.data, '$.channel'), '{Channel.SMS}') = '{wording.channel}'")
    if wording.ends:
        conditions.append(_IS_END)
    return f"  AND (p.format <> '{format}' OR ({' AND '.join(conditions)}))" if conditions else ""


_OF_INBOUND = ", ".join(f"'{name}'" for name in sorted(OF_INBOUND))


def _kept_from(account: str) -> str:
    """The SQL condition under which event `e` is of a line that an account does not see."""
    line, device = (f"json_extract(e.data, '$.{name}')" for name in ("line", "device"))
    return f"(e.name IN ({_OF_INBOUND}) AND {visibility.foreign(account, line, device)})"


_FOR_OPERATORS = ", ".join(f"'{name}'" for name in sorted(FOR_OPERATORS))
#: an endpoint hears an event of its own account or of everybody ("") that it asked for and its format can tell
_FAN_OUT = f"""
INSERT INTO ledger (id, endpoint, account, event, state, attempts, due_at, created_at, delivered_at, status, error)
SELECT {UUID},
       p.id, p.account, e.seq, 'owed', 0, e.at, e.at, 0, 0, ''
FROM events e JOIN endpoints p ON (e.account = '' OR p.account = e.account
  OR (e.name IN ({_FOR_OPERATORS}) AND p.account IN (SELECT name FROM accounts WHERE operator)))
WHERE e.seq BETWEEN ? AND ?
  AND NOT {_kept_from("p.account")}
  AND (p.events LIKE '%"*"%' OR instr(p.events, '"' || e.name || '"') > 0)
{{fitting}}
ORDER BY e.seq
"""


@lru_cache
def _fan_out(formats: tuple[tuple[str, Wording], ...]) -> str:
    """The statement that creates deliveries of events for endpoints with these formats."""
    return _FAN_OUT.format(fitting="\n".join(filter(None, itertools.starmap(_fitting, formats))))


#: event → the table with the row that it is about
_TOLD_OF = {MESSAGE_RECEIVED: "received", **dict.fromkeys((MESSAGE_SUBMITTED, *OUTCOMES), "messages")}
#: an SMS that this account deleted
_HIDDEN = (
    f"(e.name = '{MESSAGE_RECEIVED}' AND EXISTS (SELECT 1 FROM received_marks k "
    "WHERE k.account = ? AND k.received = e.about AND k.hidden_at > 0))"
)
#: events that are looked at together for those of one account
SPAN = 5000
_COLUMNS = "seq, id, name, account, at, subject, data"


def new_uuid() -> str:
    """A random UUID (version 4, RFC 9562), several times faster than the standard library's."""
    h = secrets.token_hex(16)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def tell(tx: Tx, name: str, account: str, at: int, subject: str, data: Mapping[str, Any]) -> Event:
    """Log one event and create its deliveries."""
    event_id = new_uuid()
    about = f"(SELECT seq FROM {_TOLD_OF[name]} WHERE id = ?5)" if name in _TOLD_OF else "NULL"
    row = tx.conn.execute(
        f"INSERT INTO events (id, name, account, at, subject, data, about) VALUES (?1, ?2, ?3, ?4, ?5, ?6, {about})",
        (event_id, name, account, at, subject, json.dumps(data)),
    )
    seq = last_number(row)
    owe(tx.conn, seq, seq)
    event = Event(seq, event_id, name, account, at, subject, data)
    tx.events.append(event)
    return event


def note(tx: Tx, event: Event) -> Event:
    """Log an event that belongs to no other change; returns it with its position."""
    return tell(tx, event.name, event.account, event.at, event.subject, event.data)


def owe(conn: sqlite3.Connection, first: int, last: int) -> None:
    """Create deliveries for the events `first` to `last`."""
    conn.execute(_fan_out(tuple(FORMATS.items())), (first, last))


def read(
    conn: sqlite3.Connection, account: str, after: int, limit: int, reader: str = "", until: int = 1 << 62
) -> Sequence[Event]:
    """Events after a position and up to another, oldest first; `account` "" reads all accounts'.

    What `reader`, or else the account, deleted or does not see is left out.
    """
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM events e WHERE seq BETWEEN ? + 1 AND ? AND (? = '' OR account IN ('', ?)) "
        f"AND NOT {_HIDDEN} AND NOT {_kept_from('?')} ORDER BY seq LIMIT ?",
        (after, until, account, account, reader or account, reader or account, limit),
    )
    return [event_of(row) for row in rows]


def newest(conn: sqlite3.Connection) -> int:
    """The position of the last event."""
    # of all that ever were: the last one may be forgotten by now
    row = conn.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    return int(row[0]) if row is not None else 0


def position_at(conn: sqlite3.Connection, at: int) -> int:
    """The position after which events are from a moment on; found by halving, for the log has no index of times."""
    low, high = 0, newest(conn)
    while low < high:
        middle = (low + high) // 2
        row = conn.execute("SELECT seq, at FROM events WHERE seq > ? ORDER BY seq LIMIT 1", (middle,)).fetchone()
        if row is None or row[0] > high or row[1] >= at:
            high = middle
        else:
            low = int(row[0])
    return low


def event_of(row: Sequence[Any]) -> Event:
    """Build an event from its columns."""
    return Event(row[0], row[1], row[2], row[3], row[4], row[5], json.loads(row[6]))


class EventLog(Connections):
    """Implements `EventStore`, with `bridge.store.phones`."""

    note = writes(note)
    newest_event = hears(newest)
    event_position = hears(position_at)
    _events = hears(read)

    async def events(
        self, account: str, after: int, limit: int, reader: str = "", until: int = 1 << 62
    ) -> Sequence[Event]:
        """Read events like `read`, a span at a time: most of the log may be of others."""
        while True:
            end = min(until, after + SPAN)
            found = await self._events(account, after, limit, reader, end)
            if found or end >= until or end >= await self.newest_event():
                return found
            after = end
