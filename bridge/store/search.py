"""The index of words in messages and received SMS, which finds a part of a text or number in any number of rows.

It is built in bites once there is time, and costs nothing when a message is accepted; rows after its position are
looked through one by one. A row that is deleted or changed leaves it in the same transaction, by triggers.
"""

import sqlite3

from bridge.dataclass import dataclass
from bridge.store.connections import Connections, reads, writes
from bridge.store.sql import is_sqlite
from bridge.store.words import words_of
from bridge.store.writer import Tx

#: rows that are indexed in one transaction; fewer wait for more, and a page looks through them
BITE = 250
#: pages that are merged in one transaction, some 4 ms of the writing thread. FTS5 itself would merge hundreds at once
_PAGES = 16
#: the same after a bite, which is as many pages again at each of a few levels
_MERGED = 32
#: share of the rows that must be gone before the words of a large index are merged for it, and up to which it is small
_WORTH, ALWAYS = 0.1, 10_000


@dataclass(frozen=True, slots=True)
class Index:
    """A table and the index of its words."""

    table: str
    words: str
    #: of the table: "''" where every account sees every row
    account: str
    number: str


MESSAGES = Index("messages", "message_words", "account", "recipient")
RECEIVED = Index("received", "received_words", "''", "sender")


def position(conn: sqlite3.Connection, index: Index) -> int:
    """Up to which row its words are indexed."""
    row = conn.execute("SELECT seq FROM indexed WHERE name = ?", (index.table,)).fetchone()
    return int(row[0]) if row else 0


def waiting(conn: sqlite3.Connection) -> int:
    """How many rows there may be to index."""
    return sum(_last(conn, index) - position(conn, index) for index in (MESSAGES, RECEIVED))


def _last(conn: sqlite3.Connection, index: Index) -> int:
    return int(conn.execute(f"SELECT coalesce(max(seq), 0) FROM {index.table}").fetchone()[0])


def index_some(tx: Tx) -> bool:
    """Index the next rows; whether there are enough left for another bite."""
    more = [_index_some(tx, index) for index in (MESSAGES, RECEIVED)]
    return any(more)


def merge_some(tx: Tx) -> None:
    """Merge words where four pieces of the index are of one size, so that it never has many, and all never at once."""
    for index in (MESSAGES, RECEIVED):
        _merge(tx, index, _PAGES)


def _merge(tx: Tx, index: Index, pages: int) -> bool:
    """Merge so many pages, of all pieces when negative; whether there may be more to do."""
    if not is_sqlite(tx.conn):
        return False  # PostgreSQL's index needs none of it
    by_itself = tx.conn.execute(f"SELECT v FROM {index.words}_config WHERE k = 'automerge'").fetchone()
    if by_itself is None or by_itself[0]:
        tx.conn.execute(f"INSERT INTO {index.words} ({index.words}, rank) VALUES ('automerge', 0)")
    before = tx.conn.total_changes
    tx.conn.execute(f"INSERT INTO {index.words} ({index.words}, rank) VALUES ('merge', {pages})")
    # "less than 2: it had nothing to do" (FTS5, "The 'merge' Command")
    return tx.conn.total_changes - before >= 2


def _index_some(tx: Tx, index: Index) -> bool:
    rows = tx.conn.execute(
        f"SELECT seq, {index.account}, {index.number}, text FROM {index.table} WHERE seq > ? ORDER BY seq LIMIT ?",
        (position(tx.conn, index), BITE),
    ).fetchall()
    if not rows:
        return False
    tx.conn.executemany(
        f"INSERT INTO {index.words} (rowid, words) VALUES (?, ?)", [(row[0], words_of(*row[1:])) for row in rows]
    )
    tx.conn.execute(
        "INSERT INTO indexed (name, seq) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq",
        (index.table, rows[-1][0]),
    )
    _merge(tx, index, _MERGED)
    last = int(rows[-1][0])
    return _last(tx.conn, index) - last >= BITE


def forget_some(tx: Tx) -> bool:
    """Take words out of the file of which rows are gone, where those are worth it; whether there is more to do.

    FTS5 does so when it merges all that it has, which is done a bite at a time.
    """
    more = False
    for index in (MESSAGES, RECEIVED):
        row = tx.conn.execute("SELECT gone, seq FROM indexed WHERE name = ? AND gone > 0", (index.table,)).fetchone()
        if row is None or (row[0] < _WORTH * row[1] and row[1] > ALWAYS):
            continue
        if _merge(tx, index, -_PAGES):
            more = True
        else:
            tx.conn.execute("UPDATE indexed SET gone = 0 WHERE name = ?", (index.table,))
    return more


class Search(Connections):
    """Implements `UpkeepStore` where words are concerned."""

    to_index = reads(waiting)
    index_words = writes(index_some)
    forget_words = writes(forget_some)
