"""Long submissions where several bridges share a database: each is of one bridge, and of another once that is gone."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from bridge.errors import StoreClosed, StoreUnavailable
from bridge.model.line import Line
from bridge.model.neighbour import Beat
from bridge.retry import retry_until_stored
from bridge.store import acceptance, bulk
from bridge.store.postgresql.neighbours import GONE, IS_FREE, Neighbours
from bridge.store.postgresql.place import Place, on_duty
from bridge.store.submission import Submission
from bridge.store.writer import Tx

#: for the first call of an idempotency key to be finished by another bridge, also one that takes it over
PATIENCE = 30.0  # s
_PAUSE = 0.2  # s

#: those of no bridge are of a release before this
_OWN = "SELECT id FROM bulk LEFT JOIN bulk_owners ON bulk = id WHERE coalesce(bridge, ?1) = ?1 ORDER BY id"
_GOING_ON = (
    "SELECT id, bridge FROM bulk JOIN bulk_owners ON bulk = id WHERE account = ? AND key = ? ORDER BY id LIMIT 1"
)
_LEFT = (
    "SELECT DISTINCT o.bridge FROM bulk_owners o LEFT JOIN bridges b ON b.name = o.bridge "
    f"WHERE o.bridge <> ? AND ({GONE})"
)
_GOES_ON = (
    "the first call with this idempotency key is still being taken in by the bridge {!r}: nothing more was accepted; "
    "repeat it with the same key"
)


def begin(tx: Tx, place: Place, account: str, key: str, digest: str) -> int | Sequence[str] | None:
    """See `Submission._begin`; None while the first call of its key is not finished. Raises IdempotencyConflict."""
    if key:
        if _going_on(tx.conn, account, key) is not None:
            return None
        if (ids := acceptance.remembered(tx.conn, account, key, digest)) is not None:
            return ids
    number = bulk.begin(tx, account)
    tx.conn.execute("INSERT INTO bulk_owners (bulk, bridge, key) VALUES (?, ?, ?)", (number, place.name, key))
    return number


def _going_on(conn: sqlite3.Connection, account: str, key: str) -> tuple[int, str] | None:
    """The submission with a key that is not finished, and whose it is."""
    row = conn.execute(_GOING_ON, (account, key)).fetchone()
    return (int(row[0]), str(row[1])) if row else None


def _left(conn: sqlite3.Connection, name: str, lease: float) -> Sequence[str]:
    """Other bridges that were not heard of for so long, or ended, and have left something."""
    return [owner for (owner,) in conn.execute(_LEFT, (name, lease)).fetchall()]


def take_over(tx: Tx, place: Place, lease: float) -> Sequence[int]:
    """Take what bridges that are gone have left; returns the ids of all that is this bridge's then."""
    for owner in _left(tx.conn, place.name, lease):
        if not tx.conn.execute(IS_FREE, (owner,)).fetchone()[0]:
            continue  # it lives
        tx.conn.execute("UPDATE bulk_owners SET bridge = ? WHERE bridge = ?", (place.name, owner))
    mine = tx.conn.execute("SELECT bulk FROM bulk_owners WHERE bridge = ?", (place.name,))
    return [row[0] for row in mine.fetchall()]


class LongSubmissions(Neighbours, Submission):
    """Takes long submissions beside other bridges, and finishes what those have left that are gone."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        #: ids of those that are taken in here, or finished
        self._mine: set[int] = set()
        #: something may have been taken over by a transaction whose answer was lost
        self._has_taken = False

    def _recover(self) -> None:
        """Finish what this bridge has left, and nothing of another."""
        ids = self._write_connection.execute(_OWN, (self._my_place.name,)).fetchall()
        bulk.recover(self._write_connection, self._opt_out, [row[0] for row in ids])

    async def beat(self, lease: float, lines: Mapping[str, Sequence[Line]], asks: bool = True, role: str = "") -> Beat:
        """See `NeighbourStore.beat`; who has the duties finishes what bridges that are gone have left."""
        beat = await super().beat(lease, lines, asks, role)
        left = await self._read(_left, self._my_place.name, lease) if beat.on_duty else ()
        if left or (beat.on_duty and self._has_taken):
            self._has_taken = True
            with on_duty():
                known = await self._write(take_over, self._my_place, lease)
            for each in set(known) - self._mine:
                self._mine.add(each)
                self._long.start(self._finish_at_last(each), "submission of a bridge that is gone")
            self._has_taken = False
        return beat

    async def _finish_at_last(self, id: int) -> None:
        with suppress(StoreClosed):
            await retry_until_stored(partial(self._finish, id))

    async def _begin(self, account: str, key: str, digest: str) -> int | Sequence[str]:
        while True:
            begun = await self._write(begin, self._my_place, account, key, digest)
            if begun is not None:
                if isinstance(begun, int):
                    self._mine.add(begun)
                return begun
            await self._wait_for(account, key)

    async def _finished(self, account: str, key: str) -> None:
        await super()._finished(account, key)
        await self._wait_for(account, key)

    async def _wait_for(self, account: str, key: str) -> None:
        """Wait until no bridge has a submission with this key. Raises StoreUnavailable where that takes long."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + PATIENCE
        while (found := await self._read(_going_on, account, key)) is not None:
            number, bridge = found
            if bridge == self._my_place.name:  # taken over, or begun when the answer to that was lost
                await self._finish(number)
            elif loop.time() >= ends:
                raise StoreUnavailable(_GOES_ON.format(bridge))
            else:
                await asyncio.sleep(_PAUSE)
