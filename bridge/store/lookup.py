"""Finds and counts the messages that match a query."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bridge.model.line import Channel
from bridge.model.message import WHATSAPP_ROUTE, State
from bridge.model.query import MessageQuery
from bridge.store import counts, hours, index_streams, search
from bridge.store.index_streams import Selection, Stream
from bridge.store.sql import marks, position
from bridge.store.words import found_in

#: what went out; `messages_sent_deleted` of the schema has the same
OUT = frozenset({State.SENT, State.DELIVERED})
#: so many rows may be looked through for what no index tells
FEW = 10_000
#: rows that are sure to be of a time: as many are worth a statement of their own
_SURE = 200


def select(conn: sqlite3.Connection, account: str, query: MessageQuery, more: str = "true") -> Selection:
    """The rows of a query; `account` "" looks at everybody's. `more`: a further condition on `m`."""
    conditions: list[tuple[str, tuple[Any, ...]]] = [(more, ()), *_filters(account, query)]
    first, last = _bounds(conn, query)
    where = " AND ".join(text for text, _ in conditions)
    values = tuple(value for _, some in conditions for value in some)
    return Selection("messages", _streams(conn, account, query), where, values, first, last)


def number(conn: sqlite3.Connection, account: str, query: MessageQuery) -> int:
    """How many rows a query finds, whatever the page: from the counters where they know."""
    if not _is_counted(query):
        return index_streams.count(conn, select(conn, account, query))
    totals = counts.totals(conn, account)
    wanted = {key: some for key, some in totals.items() if not query.states or key[1] in query.states}
    if not (query.since or query.until):
        return sum(wanted.values())
    first, last = counts.quarters(query)
    if first > last:
        return _within(conn, account, query)
    accounts, states = sorted({name for name, _ in wanted}), {state for _, state in wanted}
    return counts.within(conn, accounts, states, first, last) + sum(
        _within(conn, account, edge) for edge in _edges(query, first, last)
    )


def _within(conn: sqlite3.Connection, account: str, query: MessageQuery) -> int:
    """How many are of a time: those of which that is sure by the index alone, and those at its ends one by one."""
    span = hours.span(conn, hours.MESSAGES, query.since, query.until)
    each = select(conn, account, query)
    if span.sure_last - span.sure_first < _SURE:
        return index_streams.count(conn, each)
    sure = replace(select(conn, account, replace(query, since=0, until=0)), first=span.sure_first, last=span.sure_last)
    ends = (replace(each, last=span.sure_first - 1), sure, replace(each, first=span.sure_last + 1))
    return sum(index_streams.count(conn, some) for some in ends if some.first <= some.last)


def sent(conn: sqlite3.Connection, account: str, since: int = 0) -> int:
    """How many messages an account has sent, those included that were deleted since; of all accounts for "".

    `since`: only of those that were accepted since then, Unix ms in whole quarters of an hour.
    """
    kept = number(conn, account, MessageQuery(states=OUT, since=since))
    return kept + counts.deleted(conn, account, since)


def _is_counted(query: MessageQuery) -> bool:
    return not (
        query.ids or query.client_ref or query.recipient or query.keyword or query.before_id or query.line
        or query.dialect or query.cursor or query.failed_by
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
    totals = counts.totals(conn)
    accounts = [account] if account else sorted({name for name, _ in totals})
    if query.client_ref:
        # without the second half SQLite does not see that the partial index will do
        reference = "m.account = ? AND m.client_ref = ? AND m.client_ref <> ''"
        return [Stream("messages_client_ref", reference, (name, query.client_ref)) for name in accounts]
    if query.recipient:
        recipient = "substr(m.recipient, -7) = ? AND m.account = ?"
        return [Stream("messages_recipient", recipient, (query.recipient[-7:], name)) for name in accounts]
    wanted = sorted(key for key in totals if key[0] in accounts and (not query.states or key[1] in query.states))
    by_state = [Stream("messages_account", "m.account = ? AND m.state = ?", key) for key in wanted]
    if (query.states or account) and sum(totals[key] for key in wanted) <= FEW:
        return by_state
    if query.keyword:
        return list(index_streams.with_words(conn, search.MESSAGES, accounts, query.keyword))
    if query.line:
        return [Stream("messages_line", "m.line = ? AND m.line <> ''", (query.line,))]
    return by_state if account or query.states else [Stream("")]


def _filters(account: str, query: MessageQuery) -> Iterator[tuple[str, tuple[Any, ...]]]:
    if account and (query.ids or query.line or query.keyword):
        yield "m.account = ?", (account,)
    # else each stream is of one state, and PostgreSQL would read both conditions, and nothing in order
    if query.states and (query.ids or query.client_ref or query.recipient or query.line or query.keyword):
        yield f"m.state IN ({marks(query.states)})", tuple(sorted(query.states))
    if query.failed_by:
        is_whatsapp = f"substr(m.route, 1, 1) = '{WHATSAPP_ROUTE}'"
        wanted = is_whatsapp if query.failed_by is Channel.WHATSAPP else f"NOT {is_whatsapp}"
        yield f"(m.state <> '{State.FAILED}' OR {wanted})", ()
    if query.keyword:
        yield found_in("m.recipient", "m.text", query.keyword)
    for column in ("client_ref", "recipient", "line", "dialect"):
        if value := getattr(query, column):
            # by +: else SQLite puts a recipient into the expression of its index, and reads all of that
            yield f"+m.{column} = ?", (value,)
    if query.since:
        yield "m.created_at >= ?", (query.since,)
    if query.until:
        yield "m.created_at <= ?", (query.until,)


def _bounds(conn: sqlite3.Connection, query: MessageQuery) -> tuple[int, int]:
    span = hours.span(conn, hours.MESSAGES, query.since, query.until)
    last = min(span.last, position(query.cursor) - 1)
    if query.before_id:
        row = conn.execute("SELECT seq FROM messages WHERE id = ?", (query.before_id,)).fetchone()
        last = min(last, row[0] - 1) if row else -1
    return span.first, last
