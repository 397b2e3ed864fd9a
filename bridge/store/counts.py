"""How many messages there are, from counters that SQLite keeps in the transaction of every change.

The triggers of `schema_6.sql` keep them: by quarter of an hour of acceptance, account, line and state, and over all.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from bridge.model.message import State
from bridge.model.query import MessageQuery
from bridge.model.statistics import Counted
from bridge.store import visibility
from bridge.store.connections import Connections, searches, writes
from bridge.store.sql import marks
from bridge.store.writer import Tx

#: of the counters, ms
QUARTER = 900_000

_SUM = (
    "SELECT coalesce(sum(messages), 0) FROM message_counts "
    "WHERE account = ? AND quarter BETWEEN ? AND ? AND state IN ({})"
)
_BY_LINE = (
    "SELECT line, state, sum(messages), sum(parts) FROM message_counts "
    "WHERE account = ? AND quarter >= ? AND quarter < ? GROUP BY line, state"
)
_RECEIVED = "SELECT line, sum(messages) FROM received_counts WHERE quarter >= ? AND quarter < ? GROUP BY line"


def totals(conn: sqlite3.Connection, account: str = "") -> Mapping[tuple[str, State], int]:
    """(account, state) → messages, of everybody for account "". Those of which there are none are not in it."""
    rows = conn.execute(
        "SELECT account, state, messages FROM message_totals WHERE messages > 0 AND (? = '' OR account = ?)",
        (account, account),
    )
    return {(row[0], State(row[1])): row[2] for row in rows}


def by_state(conn: sqlite3.Connection) -> Mapping[State, int]:
    """Messages of all accounts by state."""
    found: Counter[State] = Counter()
    for (_, state), number in totals(conn).items():
        found[state] += number
    return found


def waiting(tx: Tx) -> int:
    """How many are queued or scheduled."""
    found = by_state(tx.conn)
    return found[State.QUEUED] + found[State.SCHEDULED]


def within(conn: sqlite3.Connection, accounts: Iterable[str], states: Iterable[State], first: int, last: int) -> int:
    """How many were accepted in these quarters of an hour, both inclusive, and are in one of these states now."""
    wanted = sorted(states)
    query = _SUM.format(marks(wanted))
    return sum(conn.execute(query, (account, first, last, *wanted)).fetchone()[0] for account in accounts)


def deleted(conn: sqlite3.Connection, account: str, since: int = 0) -> int:
    """How many were sent, and deleted since; of all accounts for "". `since`: accepted then, Unix ms."""
    row = conn.execute(
        "SELECT coalesce(sum(messages), 0) FROM deleted_counts WHERE (? = '' OR account = ?) AND quarter >= ?",
        (account, account, -(-since // QUARTER)),
    ).fetchone()
    return int(row[0])


def fold(tx: Tx, older_than: int) -> None:
    """Keep one count of those that were deleted of which no day is asked for any more."""
    old = "quarter BETWEEN 1 AND ?"
    tx.conn.execute(
        f"INSERT INTO deleted_counts SELECT account, 0, sum(messages) FROM deleted_counts WHERE {old} GROUP BY account "
        "ON CONFLICT (account, quarter) DO UPDATE SET messages = deleted_counts.messages + excluded.messages",
        (older_than // QUARTER,),
    )
    tx.conn.execute(f"DELETE FROM deleted_counts WHERE {old}", (older_than // QUARTER,))


def quarters(query: MessageQuery) -> tuple[int, int]:
    """The first and the last quarter of an hour that lie in the query's time as a whole; the last may be before."""
    last = (query.until + 1) // QUARTER - 1 if query.until else 1 << 50
    return -(-query.since // QUARTER), last


def statistics(conn: sqlite3.Connection, account: str, edges: Sequence[int]) -> Sequence[Counted]:
    """For each period between two edges (Unix ms, ascending): its messages by line and state, its SMS by line."""
    accounts = sorted({name for name, _ in totals(conn, account)})
    names = visibility.named(conn, account)
    found = []
    for period, (start, end) in enumerate(pairwise(edge // QUARTER for edge in edges)):
        for name in accounts:
            for line, state, messages, parts in conn.execute(_BY_LINE, (name, start, end)):
                found.append(Counted(period, line, State(state), messages, parts))
        for line, messages in conn.execute(_RECEIVED, (start, end)):
            if visibility.includes(names, line):
                found.append(Counted(period, line, None, messages))
    return found


class Counts(Connections):
    """Implements `StatisticsStore`."""

    statistics = searches(statistics)
    pulse = writes(waiting)
