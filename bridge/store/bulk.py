"""Stores submissions that are too long for one transaction, a slice at a time, so that nobody waits for all of one.

All of it is put down first, packed, where nothing looks for messages. One row then accepts it as a whole: from that
moment its messages are to be sent, whatever happens. After that its slices become messages, and only then its caller
hears of it. What a crash leaves of it is finished at the next start, or is gone where it was not accepted.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bridge.dataclass import dataclass
from bridge.errors import StoreUnavailable
from bridge.messages.opt_out import OptOut
from bridge.model.message import Message, restamped
from bridge.store import acceptance, account_limits, balance, suppression
from bridge.store.messages import message_of
from bridge.store.writer import Tx

#: messages of a slice: some 10 ms of the writing thread, which others wait for. One statement takes as many
SLICE = 512
_DISCARDED = "it was interrupted, and what had come of it was discarded: nothing was accepted; try again"
_NOT_THERE = "{} of these messages are not there any more: look for the others before you send them again"


class Missing(StoreUnavailable):
    """What was put down is not there any more."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A slice that was put down."""

    #: id → why a message has failed as soon as it is accepted
    blocked: Mapping[str, str]
    #: credits of the others
    parts: int


def begin(tx: Tx, account: str) -> int:
    """Begin a submission; returns its id."""
    return tx.conn.execute("INSERT INTO bulk (account) VALUES (?)", (account,)).lastrowid or 0


def stage(tx: Tx, id: int, place: int, messages: Sequence[Message], packed: bytes) -> Staged:
    """Put a slice down, of which `packed` was made before. Raises AlreadyUsed, DailyLimit, Missing."""
    if tx.conn.execute("SELECT 1 FROM bulk WHERE id = ?", (id,)).fetchone() is None:
        raise Missing(_DISCARDED)
    rules = account_limits.rules_of(tx.conn, messages)
    blocked = account_limits.blocked_of(tx.conn, rules, messages)
    wanted = [message for message in messages if message.id not in blocked]
    account_limits.count(tx, rules, wanted)
    acceptance.reserve(tx, messages)
    tx.conn.execute("INSERT INTO bulk_slices VALUES (?, ?, ?)", (id, place, packed + _packed(dict(blocked))))
    return Staged(blocked, sum(message.parts for message in wanted))


def accept(tx: Tx, id: int, first: Message, parts: int, slices: int) -> None:
    """Accept a submission of so many slices, by one of its messages. Raises OutOfCredit, Missing."""
    if tx.conn.execute("SELECT count(*) FROM bulk_slices WHERE bulk = ?", (id,)).fetchone()[0] != slices:
        raise Missing(_DISCARDED)
    rule = account_limits.rules_of(tx.conn, (first,)).get(first.account)
    before = balance.spend(tx, first.account, parts) + parts if rule is not None and rule.counted else None
    tx.conn.execute("UPDATE bulk SET accepted = 1, balance = ? WHERE id = ?", (before, id))


def settle(tx: Tx, id: int, place: int, messages: Sequence[Message], blocked: Mapping[str, str]) -> Sequence[Message]:
    """Make messages of a slice of an accepted submission; returns them as they are then. Raises Missing."""
    row = tx.conn.execute(
        "SELECT balance, stepped FROM bulk JOIN bulk_slices ON bulk = id WHERE id = ? AND place = ?", (id, place)
    ).fetchone()
    if row is None:  # it was, although the disk failed in that moment, or by who took it over
        there = acceptance.left(tx.conn, [message.id for message in messages])
        if len(there) != len(messages):
            raise Missing(_NOT_THERE.format(len(messages) - len(there)))
        return there
    before, step = row
    if step:
        messages = [restamped(message, step) for message in messages]
    acceptance.release(tx, messages)
    last = acceptance.put(tx, messages)
    stored = {message.id: message for message in messages}
    _block(tx, stored, blocked)
    if before is not None:
        account, now = messages[0].account, messages[0].created_at
        left = balance.record(tx, account, last - len(messages) + 1, last, now, before)
        tx.conn.execute("UPDATE bulk SET balance = ? WHERE id = ?", (left, id))
    # numbers that were put on a list since then
    _block(tx, stored, account_limits.blocked_of(tx.conn, account_limits.rules_of(tx.conn, messages), messages))
    _drop(tx, id, place)
    return tuple(stored.values())


def discard(tx: Tx, id: int, place: int) -> None:
    """Drop a slice of a submission that was not accepted."""
    messages, blocked = _read(tx.conn, id, place)
    wanted = [message for message in messages if message.id not in blocked]
    account_limits.count(tx, account_limits.rules_of(tx.conn, messages), wanted, undo=True)
    acceptance.release(tx, messages)
    _drop(tx, id, place)


def finish(tx: Tx, id: int) -> bool:
    """Settle one slice of a submission, or discard it if that was not accepted; False when there was none left."""
    row = tx.conn.execute(
        "SELECT place, accepted FROM bulk_slices JOIN bulk ON id = bulk WHERE bulk = ? ORDER BY place LIMIT 1", (id,)
    ).fetchone()
    if row is None:
        tx.conn.execute("DELETE FROM bulk WHERE id = ?", (id,))
        return False
    place, accepted = row
    if accepted:
        settle(tx, id, place, *_read(tx.conn, id, place))
    else:
        discard(tx, id, place)
    return True


def recover(conn: sqlite3.Connection, opt_out: OptOut, ids: Sequence[int]) -> None:
    """Finish the submissions that a crash interrupted."""
    for each in ids:
        more = True
        while more:
            conn.execute("BEGIN IMMEDIATE")
            more = finish(Tx(conn, opt_out=opt_out), each)
            conn.execute("COMMIT")


def _block(tx: Tx, stored: dict[str, Message], blocked: Mapping[str, str]) -> None:
    for each, error in blocked.items():
        if not stored[each].error:
            stored[each] = suppression.block(tx, stored[each], stored[each].created_at, error)


def _drop(tx: Tx, id: int, place: int) -> None:
    tx.conn.execute("DELETE FROM bulk_slices WHERE bulk = ? AND place = ?", (id, place))


def packed(messages: Sequence[Message]) -> bytes:
    """What `stage` writes of a slice: its columns, those in which all rows are alike by one value."""
    columns = zip(*map(acceptance.row_of, messages), strict=True)
    return _packed([column[:1] if len(set(column)) == 1 else column for column in columns])


def _packed(value: object) -> bytes:
    return zlib.compress(json.dumps(value).encode(), 1)


def _read(conn: sqlite3.Connection, id: int, place: int) -> tuple[Sequence[Message], Mapping[str, str]]:
    """The messages of a slice, and those that failed at once."""
    row = conn.execute("SELECT messages FROM bulk_slices WHERE bulk = ? AND place = ?", (id, place)).fetchone()
    first, *rest = _unpacked(row[0])
    if not rest:  # put down by a release that kept rows
        return [message_of(each) for each in first[0]], first[1]
    number = max(map(len, first))
    rows = zip(*(column if len(column) == number else column * number for column in first), strict=True)
    return [message_of(each) for each in rows], rest[0]


def _unpacked(packed: bytes) -> Iterator[Any]:
    """The values that were packed one behind the other."""
    while packed:
        one = zlib.decompressobj()
        yield json.loads(one.decompress(packed))
        packed = one.unused_data
