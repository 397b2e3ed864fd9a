"""Batches in the store: files that are sent, and their rows."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bridge.errors import NoSuchThing, NotPossible
from bridge.model.account import Author
from bridge.model.batch import Batch, BatchState, Plan, Row, RowResult, RowState
from bridge.model.query import Page
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, reads, writes
from bridge.store.sql import position, replacing
from bridge.store.writer import Tx

_COLUMNS = (
    "id, account, plan, columns, digest, created_by, created_at, state, reason, rows, judged, parts, started_at, "
    "finished_at, position, reserved"
)
_ROW = "row, cells, state, number, parts, problem, message"
#: state → those that it may be taken to by a person, or by itself
_MOVES = {
    BatchState.DRAFT: {BatchState.RUNNING, BatchState.CANCELLED},
    BatchState.RUNNING: {BatchState.PAUSED, BatchState.CANCELLED, BatchState.DONE},
    BatchState.PAUSED: {BatchState.RUNNING, BatchState.CANCELLED},
    BatchState.DONE: {BatchState.CANCELLED},
    BatchState.CANCELLED: set[BatchState](),
}
_ENDS = frozenset({BatchState.DONE, BatchState.CANCELLED})


def _batch(row: Sequence[Any]) -> Batch:
    name, account, plan, columns, digest, created_by, created_at, state, reason, rows, judged, *rest = row
    counts = {RowState(name): count for name, count in json.loads(judged).items()}
    return Batch(
        name, account, Plan(**json.loads(plan)), tuple(json.loads(columns)), digest, created_by, created_at,
        BatchState(state), reason, rows, counts, *rest,
    )  # fmt: skip


def _row(row: Sequence[Any]) -> Row:
    return Row(row[0], tuple(json.loads(row[1])), RowState(row[2]), *row[3:7])


def add(tx: Tx, batch: Batch, by: Author) -> None:
    """Keep a new batch; its rows follow."""
    values = (
        batch.id, batch.account, json.dumps(asdict(batch.plan)), json.dumps(batch.columns), batch.digest,
        batch.created_by, batch.created_at, batch.state, batch.reason, batch.rows, "{}", 0, 0, 0, 0, 0,
    )  # fmt: skip
    tx.conn.execute(f"INSERT INTO batches ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)
    audit(tx, by, "add_batch", batch.account, f"{batch.id}, {batch.plan.name}, {batch.rows} rows")


def add_rows(tx: Tx, id: str, rows: Sequence[Row]) -> None:
    """Add rows, or replace those of the same places."""
    tx.conn.executemany(
        f"INSERT INTO batch_rows (batch, {_ROW}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        f"ON CONFLICT (batch, row) DO UPDATE SET {replacing(_ROW)}",
        [
            (id, row.row, json.dumps(row.cells, ensure_ascii=False), row.state, row.number, row.parts, row.problem,
             row.message)
            for row in rows
        ],
    )  # fmt: skip


def find(conn: sqlite3.Connection, view: str, limit: int, cursor: str) -> Page[Batch]:
    """List batches, newest first."""
    rows = conn.execute(
        f"SELECT {_COLUMNS}, seq FROM batches WHERE (? = '' OR account = ?) AND seq < ? ORDER BY seq DESC LIMIT ?",
        (view, view, position(cursor), limit + 1),
    ).fetchall()
    page = tuple(_batch(row[:-1]) for row in rows[:limit])
    return Page(page, str(rows[limit - 1][-1]) if len(rows) > limit else "")


def get(conn: sqlite3.Connection, view: str, id: str) -> Batch:
    """Return a batch. Raises NoSuchThing."""
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM batches WHERE id = ? AND (? = '' OR account = ?)", (id, view, view)
    ).fetchone()
    if row is None:
        raise NoSuchThing(f"there is no batch {id!r}")
    return _batch(row)


def running(conn: sqlite3.Connection) -> Sequence[Batch]:
    """List those that run, the oldest first."""
    return [_batch(row) for row in conn.execute(f"SELECT {_COLUMNS} FROM batches WHERE state = 'running' ORDER BY seq")]


def same_files(conn: sqlite3.Connection, batch: Batch) -> Sequence[Batch]:
    """List others of its account that were started with the same file, newest first."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM batches WHERE account = ? AND digest = ? AND id <> ? AND started_at > 0 "
        "ORDER BY seq DESC LIMIT 10",
        (batch.account, batch.digest, batch.id),
    )
    return [_batch(row) for row in rows]


def plan(tx: Tx, id: str, plan: Plan) -> None:
    """Change a draft. Raises NoSuchThing, NotPossible."""
    if get(tx.conn, "", id).state is not BatchState.DRAFT:
        raise NotPossible("the batch was started: only drafts can be changed")
    tx.conn.execute("UPDATE batches SET plan = ?, judged = '{}' WHERE id = ?", (json.dumps(asdict(plan)), id))


def judge(tx: Tx, id: str) -> Batch:
    """Count the rows by state."""
    rows = tx.conn.execute("SELECT state, count(*), sum(parts) FROM batch_rows WHERE batch = ? GROUP BY state", (id,))
    counted = {state: (number, parts) for state, number, parts in rows}
    judged = json.dumps({state: number for state, (number, _) in counted.items()})
    parts = counted.get(RowState.OK, (0, 0))[1]
    tx.conn.execute("UPDATE batches SET judged = ?, parts = ? WHERE id = ?", (judged, parts, id))
    return get(tx.conn, "", id)


def move(tx: Tx, id: str, state: BatchState, by: Author, reason: str = "") -> Batch:
    """Take a batch to another state. Raises NoSuchThing, NotPossible."""
    batch = get(tx.conn, "", id)
    if state not in _MOVES[batch.state]:
        raise NotPossible(f"the batch is {batch.state}: it cannot become {state}")
    if state is BatchState.RUNNING and sum(batch.judged.values()) != batch.rows:
        raise NotPossible("the rows are still being looked at: try again in a moment, or send the file again")
    if state is BatchState.RUNNING and not batch.judged.get(RowState.OK):
        raise NotPossible("no row can be sent: see what is wrong with them")
    tx.conn.execute(
        "UPDATE batches SET state = ?, reason = ?, started_at = iif(started_at, started_at, ?), finished_at = ? "
        "WHERE id = ?",
        (state, reason, by.at if state is BatchState.RUNNING else 0, by.at if state in _ENDS else 0, id),
    )
    audit(tx, by, "batch", batch.account, f"{id}, {state}{f', {reason}' if reason else ''}")
    if state is BatchState.CANCELLED:
        _find_accepted(tx, batch)
    return get(tx.conn, "", id)


def _find_accepted(tx: Tx, batch: Batch) -> None:
    """Write down the rows that were accepted last, where a bridge was killed before it did: they are its, too."""
    found = tx.conn.execute(
        "SELECT ids FROM idempotency WHERE account = ? AND key = ?", (batch.account, batch.key)
    ).fetchone()
    if found is not None:
        names = json.loads(found[0])
        next_rows = rows(tx.conn, batch.id, RowState.OK, batch.position, len(names))
        accepted(
            tx, batch.id, batch.reserved, [(row.row, name) for row, name in zip(next_rows, names, strict=False)], ()
        )


def drop(tx: Tx, id: str, by: Author) -> None:
    """Delete a batch with its rows. Raises NoSuchThing, NotPossible."""
    batch = get(tx.conn, "", id)
    if batch.state in (BatchState.RUNNING, BatchState.PAUSED):
        raise NotPossible(f"the batch is {batch.state}: cancel it first")
    tx.conn.execute("DELETE FROM batch_rows WHERE batch = ?", (id,))
    tx.conn.execute("DELETE FROM batches WHERE id = ?", (id,))
    tx.forgets = True
    audit(tx, by, "remove_batch", batch.account, f"{id}, {batch.plan.name}")


# -- rows -------------------------------------------------------------------------------------------
def rows(conn: sqlite3.Connection, id: str, state: RowState | None, after: int, limit: int) -> Sequence[Row]:
    """List rows behind one, in order."""
    which = "AND state = ?" if state is not None else ""
    values = (id, state, after, limit) if state is not None else (id, after, limit)
    found = conn.execute(
        f"SELECT {_ROW} FROM batch_rows WHERE batch = ? {which} AND row > ? ORDER BY row LIMIT ?", values
    )
    return [_row(row) for row in found]


def results(conn: sqlite3.Connection, id: str, state: RowState | None, after: int, limit: int) -> Sequence[RowResult]:
    """List rows behind one with their messages, in order."""
    found = []
    for row in rows(conn, id, state, after, limit):
        became = conn.execute(
            "SELECT state, error, sent_at, delivered_at FROM messages WHERE id = ?", (row.message,)
        ).fetchone()
        found.append(RowResult(row, *became) if became else RowResult(row))
    return found


def counts(conn: sqlite3.Connection, id: str) -> dict[str, int]:
    """Count the messages of a batch by state."""
    found = conn.execute(
        "SELECT m.state, count(*) FROM batch_rows r JOIN messages m ON m.id = r.message "
        "WHERE r.batch = ? AND r.message <> '' GROUP BY m.state",
        (id,),
    )
    return dict(found.fetchall())


def reserve(tx: Tx, id: str, end: int) -> Batch:
    """Rows up to here are about to be accepted."""
    tx.conn.execute("UPDATE batches SET reserved = ? WHERE id = ? AND state = 'running'", (end, id))
    return get(tx.conn, "", id)


def accepted(tx: Tx, id: str, end: int, messages: Sequence[tuple[int, str]], problems: Sequence[Row]) -> Batch:
    """Rows up to here were dealt with."""
    tx.conn.executemany(
        "UPDATE batch_rows SET message = ? WHERE batch = ? AND row = ?", [(name, id, row) for row, name in messages]
    )
    if problems:
        add_rows(tx, id, problems)
    tx.conn.execute("UPDATE batches SET position = ?, reserved = ? WHERE id = ?", (end, end, id))
    return get(tx.conn, "", id)


_LAST = "SELECT message FROM batch_rows WHERE batch = ? AND row <= ? ORDER BY row DESC LIMIT ?"


def under_way(conn: sqlite3.Connection, id: str, limit: int) -> int:
    """Count those of the last messages that wait to be sent."""
    batch = get(conn, "", id)
    row = conn.execute(
        f"SELECT count(*) FROM messages WHERE id IN ({_LAST}) AND state IN ('queued', 'sending')",
        (id, batch.position, limit),
    ).fetchone()
    return int(row[0])


def waiting(conn: sqlite3.Connection, id: str) -> Sequence[str]:
    """List ids of messages of a batch that wait to be sent."""
    found = conn.execute(
        "SELECT m.id FROM batch_rows r JOIN messages m ON m.id = r.message WHERE r.batch = ? AND r.message <> '' "
        "AND m.state IN ('queued', 'scheduled')",
        (id,),
    )
    return [name for (name,) in found]


class Batches(Connections):
    """Implements `BatchStore`."""

    add_batch = writes(add)
    add_rows = writes(add_rows)
    batches = reads(find)
    batch = reads(get)
    running_batches = reads(running)
    same_files = reads(same_files)
    plan_batch = writes(plan)
    judge_batch = writes(judge)
    move_batch = writes(move)
    drop_batch = writes(drop)
    rows = reads(rows)
    results = reads(results)
    row_counts = reads(counts)
    reserve_rows = writes(reserve)
    rows_accepted = writes(accepted)
    under_way = reads(under_way)
    waiting_messages = reads(waiting)
