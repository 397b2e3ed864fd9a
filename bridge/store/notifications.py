"""Reads notifications to the bridge's owner from the event log."""

import json
import sqlite3
from typing import Any

from bridge.model.event import NOTIFICATION_SENT
from bridge.model.notification import Notification, NotificationQuery
from bridge.model.query import Page
from bridge.model.webhook import MAIL, DeliveryState
from bridge.store.connections import Connections, searches
from bridge.store.sql import position

# literals, so that SQLite sees that the partial indices will do
_MAILED = (
    "(SELECT max(l.delivered_at) FROM ledger l INDEXED BY ledger_mailed WHERE l.event = e.seq "
    f"AND l.endpoint = '{MAIL}' AND l.state = '{DeliveryState.DELIVERED}')"
)
FIND = (
    f"SELECT * FROM (SELECT e.seq AS seq, e.account AS account, e.at AS at, e.data AS data, "
    f"coalesce({_MAILED}, 0) AS mailed_at FROM events e "
    f"WHERE e.name = '{NOTIFICATION_SENT}' AND e.seq < ? AND {{account}}) n WHERE {{where}} ORDER BY seq DESC LIMIT ?"
)


def find(conn: sqlite3.Connection, account: str, query: NotificationQuery) -> Page[Notification]:
    """List notifications, newest first; `account` "" reads all accounts'. Raises BadRequest for an unknown cursor."""
    conditions: list[str] = ["true"]
    values: list[Any] = []
    if query.sid:
        conditions.append("lower(json_extract(data, '$.sid')) = lower(?)")
        values.append(query.sid)
    if query.mailed is not None:
        conditions.append("mailed_at > 0" if query.mailed else "mailed_at = 0")
    for condition, moment in (("at >= ?", query.since), ("at <= ?", query.until)):
        if moment:
            conditions.append(condition)
            values.append(moment)
    statement = FIND.format(account="e.account = ?" if account else "true", where=" AND ".join(conditions))
    own = (account,) if account else ()
    rows = conn.execute(statement, (position(query.cursor), *own, *values, query.limit + 1)).fetchall()
    found = tuple(_notification(*row) for row in rows[: query.limit])
    return Page(found, str(found[-1].id) if len(rows) > query.limit else "")


def _notification(seq: int, account: str, at: int, data: str, mailed_at: int) -> Notification:
    said = json.loads(data)
    return Notification(seq, account, said["sid"], said["title"], said["type"], said["text"], at, mailed_at)


class Notifications(Connections):
    """Implements the notifications of `EventStore`."""

    notifications = searches(find)
