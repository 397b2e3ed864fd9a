"""Hands each report and each received SMS out once to an account that pulls, by its position in the event log."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from bridge.errors import NoSuchThing
from bridge.messages.phone_numbers import same_subscriber
from bridge.model.event import (
    MESSAGE_CANCELLED,
    MESSAGE_DELIVERED,
    MESSAGE_EXPIRED,
    MESSAGE_FAILED,
    MESSAGE_RECEIVED,
    MESSAGE_SENT,
    MESSAGE_UNKNOWN,
)
from bridge.model.inbox import Received
from bridge.model.line import Channel
from bridge.model.message import Message, State
from bridge.store import event_log, inbox
from bridge.store.connections import Connections
from bridge.store.messages import QUALIFIED, message_of
from bridge.store.sql import marks
from bridge.store.writer import Tx

REPORTS, RECEIVED = "reports", "received"
#: events behind a mark that are looked at together, whether they concern its account or not
GAP = 5000

_SUCCESSES = (MESSAGE_SENT, MESSAGE_DELIVERED)
#: kind → the events it is about, and whose those are: "" for everybody's
_TOLD = {
    REPORTS: (*_SUCCESSES, MESSAGE_FAILED, MESSAGE_EXPIRED, MESSAGE_UNKNOWN, MESSAGE_CANCELLED),
    RECEIVED: (MESSAGE_RECEIVED,),
}

#: messages to numbers with the same last seven digits among which the one that an SMS answers is looked for
LOOK_BACK = 20

End = tuple[Message, bool, int]


def any_news(conn: sqlite3.Connection, account: str, kind: str) -> bool:
    """Whether there may be something new; avoids a transaction."""
    mark, names = _mark(conn, account, kind), _TOLD[kind]
    if event_log.newest(conn) - mark > GAP:
        return True
    found = conn.execute(
        f"SELECT 1 FROM events WHERE seq BETWEEN ? AND ? AND account IN ('', ?) AND name IN ({marks(names)}) LIMIT 1",
        (mark + 1, mark + GAP, account, *names),
    ).fetchone()
    return found is not None


def reports(tx: Tx, account: str, report_on: str, reporting: frozenset[str], limit: int) -> Sequence[End]:
    """Messages as they were when they ended, with success and time (Unix ms); oldest first, of the next events."""
    names, first = _TOLD[REPORTS], _mark(tx.conn, account, REPORTS) + 1
    mark = min(event_log.newest(tx.conn), first + GAP - 1)
    # the log in its own order, not SQLite's choice of one
    rows = tx.conn.execute(
        f"SELECT e.seq, e.name, e.at, e.data, m.reported, {QUALIFIED} FROM events e CROSS JOIN messages m "
        f"ON m.id = e.subject WHERE e.seq BETWEEN ? AND ? AND e.account = ? AND e.name IN ({marks(names)}) "
        "ORDER BY e.seq",
        (first, mark, account, *names),
    )
    found: list[End] = []
    succeeded: set[str] = set()
    with closing(rows):
        for seq, name, at, data, reported, *columns in rows:
            message = _as_it_was(message_of(columns), data)
            if reported or message.id in succeeded or not _is_end(message, name, report_on, reporting):
                continue
            if len(found) == limit:
                mark = seq - 1
                break
            found.append((message, name in _SUCCESSES, at))
            if name in _SUCCESSES:
                succeeded.add(message.id)
    tx.conn.executemany("UPDATE messages SET reported = 1 WHERE id = ?", [(each,) for each in succeeded])
    _move(tx, account, REPORTS, mark)
    return found


def _as_it_was(message: Message, data: str) -> Message:
    then = json.loads(data)
    return replace(
        message,
        state=State(then["state"]),
        error=then["error"],
        line=then["line"],
        sent_at=then["sent_at"],
        delivered_at=then["delivered_at"],
    )


def _is_end(message: Message, name: str, report_on: str, reporting: frozenset[str]) -> bool:
    if name != MESSAGE_SENT:
        return True
    return report_on == "sent" or (report_on == "" and not (message.report and message.line in reporting))


def received(tx: Tx, account: str, since: int, limit: int) -> Sequence[Received]:
    """Received SMS after the position and since this time (Unix ms), oldest first, without deleted ones."""
    first = _mark(tx.conn, account, RECEIVED) + 1
    mark = min(event_log.newest(tx.conn), first + GAP - 1)
    rows = tx.conn.execute(
        "SELECT seq, subject FROM events WHERE seq BETWEEN ? AND ? AND name = ? AND at >= ? "
        f"AND coalesce(json_extract(data, '$.channel'), '{Channel.SMS}') = '{Channel.SMS}' ORDER BY seq LIMIT ?",
        (first, mark, MESSAGE_RECEIVED, since, limit),
    ).fetchall()
    found = []
    for _, subject in rows:
        try:
            found.append(inbox.get(tx.conn, account, subject))
        except NoSuchThing:
            continue
    _move(tx, account, RECEIVED, rows[-1][0] if len(rows) == limit else mark)
    return found


def _mark(conn: sqlite3.Connection, account: str, kind: str) -> int:
    row = conn.execute("SELECT event FROM handed_out WHERE account = ? AND kind = ?", (account, kind)).fetchone()
    return int(row[0]) if row else 0


def _move(tx: Tx, account: str, kind: str, event: int) -> None:
    tx.conn.execute(
        "INSERT INTO handed_out VALUES (?, ?, ?) ON CONFLICT (account, kind) DO UPDATE SET event = excluded.event",
        (account, kind, event),
    )


def tag_before(conn: sqlite3.Connection, account: str, dialect: str, sender: str, at: int) -> str:
    """The tag of the last message to a sender, in whatever spelling, before a moment; "" for none."""
    rows = conn.execute(
        "SELECT recipient, tag FROM messages WHERE substr(recipient, -7) = ? AND account = ? AND dialect = ? "
        "AND created_at <= ? ORDER BY seq DESC LIMIT ?",
        (sender[-7:], account, dialect, at, LOOK_BACK),
    ).fetchall()
    return next((str(tag) for recipient, tag in rows if same_subscriber(recipient, sender)), "")


def tags(conn: sqlite3.Connection, account: str, dialect: str, answers: Sequence[Received]) -> Sequence[str]:
    """The tags of the messages that received SMS answer."""
    return [tag_before(conn, account, dialect, each.sender, each.received_at) for each in answers]


class Pulls(Connections):
    """Implements `PullStore`."""

    async def hand_out_reports(
        self, account: str, report_on: str, reporting: frozenset[str], limit: int
    ) -> Sequence[End]:
        """Hand out reports; calls that find nothing new cost no transaction."""
        while await self._read(any_news, account, REPORTS):
            if found := await self._write(reports, account, report_on, reporting, limit):
                return found
        return []

    async def hand_out_received(self, account: str, since: int, limit: int) -> Sequence[Received]:
        """Hand out received SMS; calls that find nothing new cost no transaction."""
        while await self._read(any_news, account, RECEIVED):
            if found := await self._write(received, account, since, limit):
                return found
        return []

    async def tags(self, account: str, dialect: str, answers: Sequence[Received]) -> Sequence[str]:
        """See `PullStore.tags`."""
        return await self._read(tags, account, dialect, answers) if answers else []
