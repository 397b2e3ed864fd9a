"""Finds the rows of a period of time without reading others, by tables of hours that triggers keep.

Rows lie in the order of their time, but for a few seconds (who is accepted at once is kept in any order) and for what
came while the clock was set back. An hour's `odd` says that rows came after those of a later hour, and `mixed` that
rows came more than `LATE` after younger ones. Rows of any other hour are found by halving.
"""

import sqlite3

from bridge.dataclass import dataclass

_HOUR = 3_600_000  # ms
#: the triggers of `schema_8.sql` have the same, ms
LATE = 5_000
#: rows that are looked at rather than halved
_GRAIN = 32
_END = 1 << 62


@dataclass(frozen=True, slots=True)
class Hours:
    """A table of hours, and that of whose rows it speaks."""

    table: str
    rows: str
    #: when one was accepted or received, Unix ms
    at: str


MESSAGES = Hours("message_hours", "messages", "created_at")
RECEIVED = Hours("received_hours", "received", "received_at")


@dataclass(frozen=True, slots=True)
class Span:
    """Rows by their `seq`, the last ones included."""

    #: a row of the time lies between these; one that does may be of another time
    first: int
    last: int
    #: each row between these is of the time; there are none where the first is after the last
    sure_first: int
    sure_last: int


def span(conn: sqlite3.Connection, hours: Hours, since: int, until: int) -> Span:
    """The rows of a time, both ends included (Unix ms, 0 for no limit)."""
    if not (since or until):
        return Span(0, _END, 0, _END)
    first, sure_first, last, sure_last = 0, 0, _END, _END
    # mostly there is none
    odd = conn.execute(f"SELECT 1 FROM {hours.table} WHERE odd LIMIT 1").fetchone() is not None
    if since:
        before, sure_first = _edge(conn, hours, since - 1, odd)
        first = before + 1
    if until:
        sure_last, behind = _edge(conn, hours, until, odd)
        last = behind - 1
    if odd:
        least = f"SELECT min(first) FROM {hours.table} WHERE odd AND hour >= ?"
        most = f"SELECT max(last) FROM {hours.table} WHERE odd AND hour <= ?"
        first = min(first, _number(conn.execute(least, (since // _HOUR,)), _END)) if since else 0
        last = max(last, _number(conn.execute(most, (until // _HOUR,)), -1)) if until else _END
        if _is_odd(conn, hours, sure_first, sure_last):
            sure_first, sure_last = _END, 0
    return Span(first, last, sure_first, sure_last)


def _number(cursor: sqlite3.Cursor, none: int) -> int:
    found = cursor.fetchone()[0]
    return none if found is None else int(found)


def _is_odd(conn: sqlite3.Connection, hours: Hours, first: int, last: int) -> bool:
    """Whether rows that came while the clock was set back may be among these."""
    odd = f"SELECT 1 FROM {hours.table} WHERE odd AND first <= ? AND last >= ? LIMIT 1"
    return conn.execute(odd, (last, first)).fetchone() is not None


def _edge(conn: sqlite3.Connection, hours: Hours, moment: int, odd: bool) -> tuple[int, int]:
    """The row up to which all are of this moment or before, and the one from which on all are after it.

    But for odd hours; `odd`: there are some.
    """
    hour = moment // _HOUR
    near = "SELECT hour, first, last, mixed FROM {} WHERE hour {} ? AND NOT odd ORDER BY hour {} LIMIT 1"
    own = conn.execute(near.format(hours.table, "<=", "DESC"), (hour,)).fetchone()
    if own is not None and own[0] == hour:
        _, first, last, mixed = own
        if not mixed and last - first >= 2 * _GRAIN and not (odd and _is_odd(conn, hours, first, last)):
            return _halved(conn, hours, first - 1, last + 1, moment)
        before = first - 1
    else:
        before = own[2] if own is not None else 0
    after = conn.execute(near.format(hours.table, ">", ""), (hour,)).fetchone()
    return before, after[1] if after else _END


def _halved(conn: sqlite3.Connection, hours: Hours, low: int, high: int, moment: int) -> tuple[int, int]:
    """Two near positions between these: no row up to the first is after the moment, each from the second on is."""
    statement = f"SELECT seq, {hours.at} FROM {hours.rows} WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT 1"
    end = high
    while high - low > _GRAIN:
        middle = (low + high) // 2
        row = conn.execute(statement, (middle, high)).fetchone()
        if row is not None and row[1] <= moment - LATE:
            low = row[0]
        else:
            high = middle
    # few rows are as young as that, and then behind each other
    stride = _GRAIN
    while high < end:
        row = conn.execute(statement, (high, end)).fetchone()
        if row is None or row[1] > moment + LATE:
            break
        high, stride = min(row[0] + stride, end), 2 * stride
    return low, high
