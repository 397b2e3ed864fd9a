"""Webhook endpoints in the store. Each change is read, merged, written and audited in one transaction."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any
from urllib.parse import urlsplit

from bridge.errors import NoSuchThing, NotPossible
from bridge.model.account import THE_BRIDGE, Author
from bridge.model.webhook import Endpoint, EndpointChange
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, reads, writes
from bridge.store.sql import marks
from bridge.store.writer import Tx

_COLUMNS = "id, account, url, format, events, secret, next_secret, created_at, paused, max_attempts"
#: the account's as it is now: it is no business of the endpoint's row
_ZONE = "coalesce((SELECT zone FROM accounts WHERE name = account), 'UTC')"


def _endpoint(row: Sequence[Any]) -> Endpoint:
    values = list(row)
    values[4], values[8] = tuple(json.loads(values[4])), bool(values[8])
    return Endpoint(*values)


def add(tx: Tx, endpoint: Endpoint, by: Author, spare_secret: str = "") -> Endpoint:
    """Add an endpoint. Without its own secret it gets its account's current one, else the spare one."""
    if not endpoint.secret:
        row = tx.conn.execute("SELECT webhook_secret FROM accounts WHERE name = ?", (endpoint.account,)).fetchone()
        endpoint = replace(endpoint, secret=(row and row[0]) or spare_secret)
    values = _values({name: getattr(endpoint, name) for name in _COLUMNS.split(", ")})
    tx.conn.execute(f"INSERT INTO endpoints ({_COLUMNS}) VALUES ({marks(tuple(values))})", tuple(values.values()))
    tx.endpoints.append(endpoint.id)
    audit(tx, by, "add_endpoint", endpoint.account, f"{endpoint.id}, {endpoint.format} to {_place(endpoint.url)}")
    return get(tx.conn, endpoint.account, endpoint.id)


def get(conn: sqlite3.Connection, account: str, id: str) -> Endpoint:
    """Return an endpoint; `account` "" for any account's. Raises NoSuchThing."""
    row = conn.execute(
        f"SELECT {_COLUMNS}, {_ZONE} FROM endpoints WHERE id = ? AND (? = '' OR account = ?)", (id, account, account)
    ).fetchone()
    if row is None:
        raise NoSuchThing(f"there is no webhook endpoint {id!r}")
    return _endpoint(row)


def find(conn: sqlite3.Connection, account: str = "") -> Sequence[Endpoint]:
    """List endpoints, oldest first; `account` "" for all."""
    rows = conn.execute(
        f"SELECT {_COLUMNS}, {_ZONE} FROM endpoints WHERE ? = '' OR account = ? ORDER BY created_at, rowid",
        (account, account),
    )
    return [_endpoint(row) for row in rows]


def change(tx: Tx, account: str, id: str, change: EndpointChange, by: Author) -> Endpoint:
    """Change the named fields. Raises NoSuchThing."""
    return _change(tx, get(tx.conn, account, id), change, by, "change_endpoint")


def begin_rotation(tx: Tx, account: str, id: str, fresh: str, by: Author) -> Endpoint:
    """Begin a rotation: a new secret signs too. Raises NoSuchThing."""
    return _change(tx, get(tx.conn, account, id), EndpointChange(next_secret=fresh), by, "rotate_endpoint")


def finish_rotation(tx: Tx, account: str, id: str, by: Author) -> Endpoint:
    """The second secret becomes the only one. Raises NoSuchThing, NotPossible."""
    before = get(tx.conn, account, id)
    if not before.next_secret:
        raise NotPossible("no rotation was begun")
    return _change(tx, before, EndpointChange(secret=before.next_secret, next_secret=""), by, "rotate_endpoint")


def pause(tx: Tx, endpoint: str, url: str, reason: str, now: int) -> None:
    """Pause it on the bridge's own decision; no effect when it was removed or got another URL meanwhile."""
    try:
        before = get(tx.conn, "", endpoint)
    except NoSuchThing:
        return
    if before.url == url:
        _change(tx, before, EndpointChange(paused=True), Author(THE_BRIDGE, now), "change_endpoint", reason)


def _change(tx: Tx, before: Endpoint, change: EndpointChange, by: Author, what: str, reason: str = "") -> Endpoint:
    named = {field.name: value for field in fields(change) if (value := getattr(change, field.name)) is not None}
    changed = {name: value for name, value in named.items() if value != getattr(before, name)}
    if changed:
        values = _values(changed)
        assignments = ", ".join(f"{name} = ?" for name in values)
        tx.conn.execute(f"UPDATE endpoints SET {assignments} WHERE id = ?", (*values.values(), before.id))
        tx.endpoints.append(before.id)
        audit(tx, by, what, before.account, ", ".join(filter(None, (before.id, *_told(changed), reason))))
    return replace(before, **changed)


def _values(changed: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values as columns."""
    return {name: json.dumps(value) if name == "events" else value for name, value in changed.items()}


def _told(changed: Mapping[str, Any]) -> list[str]:
    """The change as the audit trail shows it: without secrets, and a URL by its host only."""
    if "next_secret" in changed:
        return ["a second secret signs along" if changed["next_secret"] else "the second secret is the only one now"]
    shown: Mapping[str, Callable[[Any], str]] = {
        "events": " ".join, "url": _place, "secret": lambda _: "another", "paused": str,
    }  # fmt: skip
    return [f"{name}: {shown[name](value)}" for name, value in changed.items()]


def _place(url: str) -> str:
    parts = urlsplit(url)
    return parts.hostname or parts.scheme


def remove(tx: Tx, account: str, id: str, by: Author) -> None:
    """Remove an endpoint and its waiting deliveries; past deliveries stay in the ledger. Raises NoSuchThing."""
    gone = get(tx.conn, account, id)
    tx.conn.execute("DELETE FROM endpoints WHERE id = ?", (id,))
    tx.conn.execute("DELETE FROM ledger WHERE endpoint = ? AND state = 'owed'", (id,))
    tx.forgets = True
    tx.endpoints.append(id)
    audit(tx, by, "remove_endpoint", gone.account, f"{id}, {_place(gone.url)}")


class Endpoints(Connections):
    """Implements `EndpointStore` and, with `bridge.store.deliveries`, `DeliveryStore`."""

    add_endpoint = writes(add)
    endpoints = reads(find)
    endpoint = reads(get)
    change_endpoint = writes(change)
    begin_rotation = writes(begin_rotation)
    finish_rotation = writes(finish_rotation)
    pause_endpoint = writes(pause)
    remove_endpoint = writes(remove)
