"""What is remembered of lines: their signal by the quarter of an hour, past alarms and loop-back SMS."""

import re
import sqlite3
from collections.abc import Sequence
from typing import Any

from bridge.errors import BadRequest
from bridge.model.history import QUARTER, HistoryQuery, Latest, PastAlarm, Quarter
from bridge.model.loopback import Trip
from bridge.model.query import Page
from bridge.store import loopbacks
from bridge.store.connections import Connections, searches, writes
from bridge.store.sql import position
from bridge.store.writer import Tx

_CURSOR = re.compile(r"(\d{1,18})-([a-z2-7]{26})")
#: some of those that a line took last are not sent yet, or never will be; they are in no order of when they were
LAST_SENT = (
    "SELECT max(sent_at) FROM "
    "(SELECT sent_at FROM messages WHERE line = :line AND line <> '' ORDER BY seq DESC LIMIT 100) last"
)
LAST_RECEIVED = (
    "SELECT max(received_at) FROM (SELECT received_at FROM received WHERE line = :line ORDER BY seq DESC LIMIT 1) last"
)
_ALARM = "key, title, reason, line, began_at, raised_at, ended_at"


def keep(tx: Tx, quarters: Sequence[Quarter], older_than: int) -> None:
    """Add what was seen of lines, to what another run saw in the same quarter; forget what is older."""
    tx.conn.executemany(
        "INSERT INTO line_quarters VALUES (?, ?, ?, ?, ?) ON CONFLICT (quarter, line) DO UPDATE SET "
        "signal = coalesce(excluded.signal, line_quarters.signal), away = line_quarters.away + excluded.away, "
        "watched = line_quarters.watched + excluded.watched",
        [(each.at // QUARTER, each.line, each.signal_dbm, each.away, each.watched) for each in quarters],
    )
    tx.conn.execute("DELETE FROM line_quarters WHERE quarter < ?", (older_than // QUARTER,))


def quarters(conn: sqlite3.Connection, line: str, since: int, until: int) -> Sequence[Quarter]:
    """A line's quarters that begin in this span (Unix ms, both inclusive), oldest first."""
    rows = conn.execute(
        "SELECT quarter, signal, away, watched FROM line_quarters WHERE quarter BETWEEN ? AND ? AND line = ? "
        "ORDER BY quarter",
        (-(-since // QUARTER), until // QUARTER, line),
    )
    return [Quarter(line, quarter * QUARTER, *rest) for quarter, *rest in rows]


def latest(conn: sqlite3.Connection, lines: Sequence[str]) -> Sequence[Latest]:
    """When these lines last sent, of the messages that each took last, and last received."""
    return [
        Latest(
            *(conn.execute(statement, {"line": line}).fetchone()[0] or 0 for statement in (LAST_SENT, LAST_RECEIVED))
        )
        for line in lines
    ]


def note_alarms(tx: Tx, alarms: Sequence[PastAlarm]) -> None:
    """Remember alarms that begin or end."""
    tx.conn.executemany(
        f"INSERT INTO alarms ({_ALARM}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key, began_at) DO UPDATE SET "
        "reason = excluded.reason, ended_at = excluded.ended_at",
        [(a.key, a.title, a.reason, a.line, a.began_at, a.raised_at, a.ended_at) for a in alarms],
    )


def alarms(conn: sqlite3.Connection, query: HistoryQuery) -> Page[PastAlarm]:
    """List alarms, those told last first. Raises BadRequest for an unknown cursor."""
    of_line, values = ("line = ? AND ", [query.line]) if query.line else ("", [])
    rows = conn.execute(
        f"SELECT {_ALARM}, seq FROM alarms WHERE {of_line}seq < ? ORDER BY seq DESC LIMIT ?",
        (*values, position(query.cursor), query.limit + 1),
    ).fetchall()
    found = tuple(PastAlarm(*row[:-1]) for row in rows[: query.limit])
    return Page(found, str(rows[query.limit - 1][-1]) if len(rows) > query.limit else "")


def past_trips(conn: sqlite3.Connection, query: HistoryQuery) -> Page[Trip]:
    """List loop-back SMS, newest first. Raises BadRequest for an unknown cursor."""
    before, values = "true", list[Any]()
    if query.cursor:
        place = _CURSOR.fullmatch(query.cursor)
        if place is None:
            raise BadRequest("unknown cursor: use the one that came with the previous page", "cursor")
        before, values = "(started_at, token) < (?, ?)", [int(place[1]), place[2]]
    newest = f"{before} ORDER BY started_at DESC, token DESC LIMIT ?"
    values.append(query.limit + 1)
    select = f"SELECT {loopbacks.COLUMNS} FROM loopbacks WHERE"
    statement, asked = f"{select} {newest}", values
    if query.line:
        # each from its own index, and then the newest of both
        sent, came = f"{select} sender = ? AND {newest}", f"{select} receiver = ? AND sender <> ? AND {newest}"
        statement = f"SELECT * FROM ({sent}) s UNION ALL SELECT * FROM ({came}) c ORDER BY started_at DESC, token DESC"
        asked = [query.line, *values, query.line, query.line, *values]
    rows = [Trip(*row) for row in conn.execute(statement, asked).fetchall()]
    found = tuple(rows[: query.limit])
    return Page(found, f"{found[-1].started_at}-{found[-1].token}" if len(rows) > query.limit else "")


class LineHistory(Connections):
    """Implements `HistoryStore`."""

    keep_quarters = writes(keep)
    quarters = searches(quarters)
    latest = searches(latest)
    past_alarms = searches(alarms)
    past_trips = searches(past_trips)
