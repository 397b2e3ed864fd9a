"""Loop-back SMS in the store, and how an incoming one is recognised."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from bridge.accounts.credentials import OPERATOR
from bridge.model import loopback
from bridge.model.event import LOOPBACK_ARRIVED, LOOPBACK_LOST
from bridge.model.loopback import Trip
from bridge.model.radio import InboundPart
from bridge.store import event_log
from bridge.store.connections import Connections, reads, writes
from bridge.store.writer import Tx

COLUMNS = "token, sender, receiver, started_at, arrived_at, lost_at, reason"


def depart(tx: Tx, trip: Trip) -> bool:
    """Record a trip that is about to be sent; False when one is on its way between the same lines."""
    row = tx.conn.execute(
        "INSERT INTO loopbacks (token, sender, receiver, started_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (trip.token, trip.sender, trip.receiver, trip.started_at),
    )
    return bool(row.rowcount)


def arrive(tx: Tx, item: InboundPart, now: int) -> bool:
    """Whether a received SMS is a loop-back; its first arrival is published. The network may deliver it twice."""
    token = loopback.token_in(item.text)
    row = token and tx.conn.execute(f"SELECT {COLUMNS} FROM loopbacks WHERE token = ?", (token,)).fetchone()
    if not row:
        return False
    trip = Trip(*row)
    if not trip.arrived_at:
        tx.conn.execute("UPDATE loopbacks SET arrived_at = ? WHERE token = ?", (now, token))
        seconds = max(0, now - trip.started_at) / 1000
        # where it came in: a number may have moved to another line
        told = {"arrived_at": now, "seconds": seconds, "late": bool(trip.lost_at), "line": item.line}
        event_log.tell(tx, LOOPBACK_ARRIVED, OPERATOR, now, token, _told(trip) | told)
    return True


def lose(tx: Tx, token: str, reason: str, now: int) -> bool:
    """Mark a trip as lost and publish that; False when it arrived or was lost before."""
    lost = tx.conn.execute(
        f"UPDATE loopbacks SET lost_at = ?, reason = ? WHERE token = ? AND arrived_at = 0 AND lost_at = 0 "
        f"RETURNING {COLUMNS}",
        (now, reason, token),
    ).fetchone()
    if lost is None:
        return False
    event_log.tell(tx, LOOPBACK_LOST, OPERATOR, now, token, _told(Trip(*lost)) | {"lost_at": now, "reason": reason})
    return True


def forget(tx: Tx, token: str) -> None:
    """Delete a trip that was not sent."""
    tx.conn.execute("DELETE FROM loopbacks WHERE token = ?", (token,))


def trips(conn: sqlite3.Connection) -> Sequence[Trip]:
    """Trips on their way, and each pair's last arrival with everything since, oldest first."""
    rows = conn.execute(
        f"SELECT {COLUMNS} FROM loopbacks l WHERE (arrived_at = 0 AND lost_at = 0) OR started_at >= coalesce("
        "(SELECT max(started_at) FROM loopbacks a WHERE a.sender = l.sender AND a.receiver = l.receiver "
        "AND a.arrived_at > 0), 0) ORDER BY started_at, token"
    )
    return [Trip(*row) for row in rows]


def sweep(tx: Tx, older_than: int) -> None:
    """Delete old trips, except each pair's last and its last arrival."""
    newest = "SELECT max(n.started_at) FROM loopbacks n WHERE n.sender = l.sender AND n.receiver = l.receiver"
    tx.conn.execute(
        "DELETE FROM loopbacks WHERE token IN (SELECT token FROM loopbacks l WHERE started_at < ? "
        f"AND (arrived_at > 0 OR lost_at > 0) AND started_at < ({newest}) "
        f"AND started_at IS NOT ({newest} AND n.arrived_at > 0))",
        (older_than,),
    )


def _told(trip: Trip) -> dict[str, Any]:
    return {"from": trip.sender, "to": trip.receiver, "started_at": trip.started_at}


class Loopbacks(Connections):
    """Implements `LoopbackStore`."""

    depart = writes(depart)
    trips = reads(trips)
    lose_trip = writes(lose)
    forget_trip = writes(forget)
