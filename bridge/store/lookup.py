"""Which rows a query finds, newest first, each way by an index: what is not given out is hardly looked at.

A query is answered out of *streams*: ranges of an index in which the rows lie in the order in which they were accepted.
Where a condition takes several (a state of every account), SQLite merges them as it goes.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.model.message import State
from bridge.model.query import MessageQuery
from bridge.store import counts
from bridge.store.sql import marks, position

#: what went out; `messages_sent_deleted` of the schema has the same
OUT = frozenset({State.SENT, State.DELIVERED})
#: so many rows may be looked through for what no index tells
FEW = 10_000
#: SQLite merges 500 at most
_MOST_MERGED = 250


@dataclass(frozen=True, slots=True)
class Stream:
    """A range of an index, or "" for the table itself."""

    index: str
    where: str = "1"
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """The streams in which a query's rows are, and what else must hold for each."""

    streams: Sequence[Stream]
    where: str
    values: tuple[Any, ...]

    def select(self, columns: str, stream: Stream) -> tuple[str, tuple[Any, ...]]:
        """The statement for one stream, in no order."""
        hint = f"INDEXED BY {stream.index}" if stream.index else "NOT INDEXED"
        statement = f"SELECT {columns} FROM messages m {hint} WHERE {stream.where} AND {self.where}"
        return statement, (*stream.values, *self.values)


def search(conn: sqlite3.Connection, account: str, query: MessageQuery, more: str = "1") -> Search:
    """How to find a query's rows; `account` "" looks at everybody's. `more`: a further condition on `m`."""
    conditions: list[tuple[str, tuple[Any, ...]]] = [(more, ()), *_bounds(conn, query), *_filters(account, query)]
    where = " AND ".join(text for text, _ in conditions)
    return Search(_streams(conn, account, query), where, tuple(value for _, some in conditions for value in some))


def positions(conn: sqlite3.Connection, found: Search, limit: int, offset: int = 0) -> list[int]:
    """The first rows of a search after some, newest first. `limit` -1 for all."""
    several = len(found.streams) > _MOST_MERGED
    rows: list[int] = []
    for start in range(0, len(found.streams), _MOST_MERGED):
        arms = [found.select("m.seq AS seq", stream) for stream in found.streams[start : start + _MOST_MERGED]]
        paging = (-1 if limit < 0 else limit + offset, 0) if several else (limit, offset)
        statement = " UNION ALL ".join(text for text, _ in arms) + " ORDER BY seq DESC LIMIT ? OFFSET ?"
        values = [value for _, some in arms for value in some]
        rows += [row[0] for row in conn.execute(statement, (*values, *paging))]
    if not several:
        return rows
    return sorted(rows, reverse=True)[offset : None if limit < 0 else offset + limit]


def number(conn: sqlite3.Connection, account: str, query: MessageQuery) -> int:
    """How many rows a query finds, whatever the page: from the counters where they know."""
    if not _is_counted(query):
        found = search(conn, account, query)
        return _number(conn, found)
    totals = counts.totals(conn, account)
    wanted = {key: some for key, some in totals.items() if not query.states or key[1] in query.states}
    if not (query.since or query.until):
        return sum(wanted.values())
    first, last = counts.quarters(query)
    if first > last:
        return _number(conn, search(conn, account, query))
    accounts, states = sorted({name for name, _ in wanted}), {state for _, state in wanted}
    return counts.within(conn, accounts, states, first, last) + sum(
        _number(conn, search(conn, account, edge)) for edge in _edges(query, first, last)
    )


def sent(conn: sqlite3.Connection, account: str, since: int = 0) -> int:
    """How many messages an account has sent, those included that were deleted since; of all accounts for "".

    `since`: only of those that were accepted since then, Unix ms in whole quarters of an hour.
    """
    kept = number(conn, account, MessageQuery(states=OUT, since=since))
    return kept + counts.deleted(conn, account, since)


def _number(conn: sqlite3.Connection, found: Search) -> int:
    return sum(int(conn.execute(*found.select("count(*)", stream)).fetchone()[0]) for stream in found.streams)


def _is_counted(query: MessageQuery) -> bool:
    return not (
        query.ids or query.client_ref or query.recipient or query.keyword or query.before_id or query.line
        or query.dialect or query.cursor
    )  # fmt: skip


def _edges(query: MessageQuery, first: int, last: int) -> Iterator[MessageQuery]:
    """The query for what lies before the first whole quarter of an hour and after the last."""
    start, end = first * counts.QUARTER, (last + 1) * counts.QUARTER
    if query.since < start:
        yield MessageQuery(query.states, since=query.since, until=start - 1)
    if query.until and end <= query.until:
        yield MessageQuery(query.states, since=end, until=query.until)


# -- where to look --------------------------------------------------------------------------------
def _streams(conn: sqlite3.Connection, account: str, query: MessageQuery) -> Sequence[Stream]:
    if query.ids:
        return [Stream("sqlite_autoindex_messages_1", f"m.id IN ({marks(query.ids)})", query.ids)]
    totals = counts.totals(conn, account)
    accounts = sorted({name for name, _ in totals})
    if query.client_ref:
        # without the second half SQLite does not see that the partial index will do
        reference = "m.account = ? AND m.client_ref = ? AND m.client_ref <> ''"
        return [Stream("messages_client_ref", reference, (name, query.client_ref)) for name in accounts]
    if query.recipient:
        recipient = "substr(m.recipient, -7) = ? AND m.account = ?"
        return [Stream("messages_recipient", recipient, (query.recipient[-7:], name)) for name in accounts]
    wanted = sorted(key for key in totals if not query.states or key[1] in query.states)
    by_state = [Stream("messages_account", "m.account = ? AND m.state = ?", key) for key in wanted]
    if query.states and (not query.line or sum(totals[key] for key in wanted) <= FEW):
        return by_state
    if query.line:
        return [Stream("messages_line", "m.line = ? AND m.line <> ''", (query.line,))]
    return by_state if account else [Stream("")]


def _filters(account: str, query: MessageQuery) -> Iterator[tuple[str, tuple[Any, ...]]]:
    if account and (query.ids or query.line):
        yield "m.account = ?", (account,)
    if query.states:
        yield f"m.state IN ({marks(query.states)})", tuple(sorted(query.states))
    if query.keyword:
        yield "(instr(m.recipient, ?) OR instr(lower(m.text), lower(?)))", (query.keyword, query.keyword)
    for column in ("client_ref", "recipient", "line", "dialect"):
        if value := getattr(query, column):
            yield f"m.{column} = ?", (value,)
    if query.since:
        yield "m.created_at >= ?", (query.since,)
    if query.until:
        yield "m.created_at <= ?", (query.until,)


# -- between which rows ---------------------------------------------------------------------------
_HOUR = 3_600_000  # ms
#: those of hours that came in the rows' order, of which the nearest will do, and of all others
_LAST = (
    "SELECT max(last) FROM (SELECT * FROM (SELECT last FROM {0} WHERE hour <= :hour AND NOT odd ORDER BY hour DESC "
    "LIMIT 1) UNION ALL SELECT max(last) FROM {0} WHERE odd AND hour <= :hour)"
)
_FIRST = (
    "SELECT min(first) FROM (SELECT * FROM (SELECT first FROM {0} WHERE hour >= :hour AND NOT odd ORDER BY hour "
    "LIMIT 1) UNION ALL SELECT min(first) FROM {0} WHERE odd AND hour >= :hour)"
)


def between(conn: sqlite3.Connection, hours: str, since: int, until: int) -> Iterator[tuple[str, tuple[int]]]:
    """Conditions on `m.seq` for rows of a time (Unix ms, 0 for no limit), by the table that knows their hours."""
    for moment, statement, condition, none in (
        (since, _FIRST, "m.seq >= ?", 1 << 62),
        (until, _LAST, "m.seq <= ?", -1),
    ):
        if moment:
            found = conn.execute(statement.format(hours), {"hour": moment // _HOUR}).fetchone()[0]
            yield condition, (none if found is None else found,)


def _bounds(conn: sqlite3.Connection, query: MessageQuery) -> Iterator[tuple[str, tuple[int]]]:
    before = position(query.cursor)
    if query.before_id:
        row = conn.execute("SELECT seq FROM messages WHERE id = ?", (query.before_id,)).fetchone()
        before = min(before, row[0]) if row else 0
    yield "m.seq < ?", (before,)
    yield from between(conn, "message_hours", query.since, query.until)
