"""Claims: which message a line sends next, with the intent on disk before each part is handed over."""

import json
import secrets
import sqlite3
import zlib
from collections.abc import Sequence
from functools import cache

from bridge.model.message import SIM_ROUTE, Message, State
from bridge.ports.store_rows import MOST_TOLD, Claim, Queued, Waiting
from bridge.store.messages import COLUMNS, message_of, move, parts
from bridge.store.writer import Tx

#: recipients share a count by their number's hash, so that no number is kept for it
BUCKETS = 4096
#: states of a part that has done its work
OUT = frozenset({State.SENT, State.DELIVERED})
#: of a route, so many are looked at for one whose time has not run out: the scheduler takes away the others, and tells
LOOKED_AT = 100
#: the numbers of a message's parts that have, as JSON
_OUT_OF = (
    "(SELECT json_group_array(p.idx) FROM parts p WHERE p.message = messages.id AND p.state IN ('sent', 'delivered'))"
)
_OLDEST = f"""
SELECT * FROM (
  SELECT due_at, seq FROM (
    SELECT due_at, seq, expires_at FROM messages WHERE state = 'queued' AND route = ? AND due_at <= ?
    ORDER BY due_at, seq LIMIT {LOOKED_AT}) looked_at
  WHERE expires_at = 0 OR expires_at > ? LIMIT 1) oldest
"""


def claim(tx: Tx, line: str, routes: Sequence[str], now: int, whole: bool = False, sim: str = "") -> Claim | None:
    """Claim the oldest due message that this line may carry, with the intent for its first missing part.

    `whole`: the line's device takes a long text in one piece, so one part stands for all of it. `sim`: `Line.sim`.
    """
    while True:
        values = [value for route in routes for value in (route, now, now)]
        best = tx.conn.execute(_first_of(len(routes)), values).fetchone()
        if best is None:
            return None
        out, *columns = best
        message, done = message_of(columns), frozenset(json.loads(out))
        if not done or not _keep_to_sim(tx, message, routes):
            break
    units = 1 if whole else message.parts
    message = move(tx, message, State.SENDING, now, line=line, units=units)
    concat_ref, index = _concat_ref(tx, message), _first_without(done)
    intend(tx, message.id, index, line, now, sim)
    return Claim(message, index, concat_ref, done)


@cache
def _first_of(routes: int) -> str:
    """The oldest of so many routes: each one's oldest by its index, then the oldest of those."""
    oldest = " UNION ALL ".join([_OLDEST] * routes)
    first = f"(SELECT seq FROM ({oldest}) each ORDER BY due_at, seq LIMIT 1)"
    return f"SELECT {_OUT_OF}, {COLUMNS} FROM messages WHERE seq = {first}"


def sent_by(conn: sqlite3.Connection, message: str) -> tuple[str, str] | None:
    """The line by which a part of a message was sent, and the route of its SIM; None when none was."""
    row = conn.execute(
        "SELECT line, sim FROM parts WHERE message = ? AND state IN ('sent', 'delivered') LIMIT 1", (message,)
    ).fetchone()
    return None if row is None else (row[0], f"{SIM_ROUTE}{row[1]}")


def _keep_to_sim(tx: Tx, message: Message, routes: Sequence[str]) -> bool:
    """Leave a message of which parts are sent to the SIM that sent them; False when these routes are its.

    That a part was sent may have been learned while the message waited to be sent by any line.
    """
    out = sent_by(tx.conn, message.id)
    if out is None or out[1] in routes:
        return False
    tx.conn.execute("UPDATE messages SET line = ?, route = ? WHERE id = ?", (*out, message.id))
    tx.queued.append(Queued(out[1], 1, 0, message.expires_at))
    return True


#: each route that has a queue, from the index: whatever waits there
ROUTES = """
WITH RECURSIVE routes(route) AS (
  SELECT min(route) FROM messages WHERE state = 'queued'
  UNION ALL
  SELECT (SELECT min(route) FROM messages WHERE state = 'queued' AND route > routes.route) FROM routes
  WHERE route IS NOT NULL)
"""
_NEXT = f"""{ROUTES}
SELECT * FROM (SELECT route,
  (SELECT seq FROM messages m WHERE m.state = 'queued' AND m.route = routes.route ORDER BY due_at, seq LIMIT 1),
  (SELECT due_at FROM messages m WHERE m.state = 'queued' AND m.route = routes.route ORDER BY due_at, seq LIMIT 1)
    AS due_at,
  (SELECT count(*) FROM (SELECT 1 FROM messages m
    WHERE m.state = 'queued' AND m.route = routes.route AND m.due_at <= :now LIMIT {MOST_TOLD}) due)
FROM routes WHERE route IS NOT NULL) next WHERE due_at <= :now
"""


def waiting(conn: sqlite3.Connection, now: int) -> Sequence[Waiting]:
    """The queues in which messages are due. A count stops at `MOST_TOLD`."""
    return [Waiting(row[0], row[1], row[2], row[3]) for row in conn.execute(_NEXT, {"now": now})]


def due_since(conn: sqlite3.Connection, now: int) -> int:
    """Unix ms since which the message that is due longest could have gone; 0 when none is due."""
    oldest = f"{ROUTES} SELECT min((SELECT min(due_at) FROM messages m WHERE m.state = 'queued' "
    row = conn.execute(f"{oldest} AND m.route = routes.route)) FROM routes").fetchone()
    return row[0] if row[0] is not None and row[0] <= now else 0


def progress(conn: sqlite3.Connection, message: str) -> tuple[frozenset[int], int]:
    """The parts of a message that were sent, and the first that was not."""
    done = frozenset(part.index for part in parts(conn, message) if part.state in OUT)
    return done, _first_without(done)


def _first_without(done: frozenset[int]) -> int:
    return next(number for number in range(1, len(done) + 2) if number not in done)


def _concat_ref(tx: Tx, message: Message) -> int:
    """The message's concatenation reference, kept for retries; it is counted up so that two long texts to one
    recipient never share one soon.
    """
    if message.parts == 1:
        return 0
    kept = tx.conn.execute("SELECT concat_ref FROM messages WHERE id = ?", (message.id,)).fetchone()[0]
    if kept is not None:
        return int(kept)
    row = tx.conn.execute(
        "INSERT INTO concat_refs VALUES (?, ?) "
        "ON CONFLICT (bucket) DO UPDATE SET last = (concat_refs.last + 1) % 256 RETURNING last",
        (zlib.crc32(message.recipient.encode()) % BUCKETS, secrets.randbelow(256)),
    ).fetchone()
    tx.conn.execute("UPDATE messages SET concat_ref = ? WHERE id = ?", (row[0], message.id))
    return int(row[0])


def intend(tx: Tx, message: str, index: int, line: str, now: int, sim: str = "") -> None:
    """Record that this part is about to be handed to the device.

    `sim`: `Line.sim`, by which reports find the part in whatever device the SIM is then.
    """
    tx.conn.execute(
        "INSERT INTO parts (message, idx, state, line, attempts, error, intent_at, sent_at, done_at, sim) "
        "VALUES (?, ?, 'sending', ?, 1, '', ?, 0, 0, ?) "
        "ON CONFLICT (message, idx) DO UPDATE SET state = 'sending', reference = NULL, line = excluded.line, "
        "attempts = parts.attempts + 1, error = '', intent_at = excluded.intent_at, centre_at = 0, sim = excluded.sim",
        (message, index, line, now, sim or line),
    )
