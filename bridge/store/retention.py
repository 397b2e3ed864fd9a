"""Deletes old rows: walks through each table in steps of a few milliseconds, so that no send waits for it."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bridge.dataclass import dataclass
from bridge.model.event import MESSAGE_RECEIVED
from bridge.model.message import PENDING
from bridge.model.webhook import DeliveryState
from bridge.store import counts, forgetting, loopbacks, search, write_ahead_log
from bridge.store.connections import Connections
from bridge.store.sql import marks
from bridge.store.writer import Tx

#: that one step takes before it lets others write
STEP = 0.004  # s
#: rows that are looked at together, and that are deleted together: a message takes a tenth of a millisecond or two
SLICE, BITE = 200, 20
#: the walk ends at rows that are too young; every so many sweeps it does not, since a clock that was wrong once has
#: left young stamps on old rows
THOROUGH = 24

_WAITING = ", ".join(f"'{state}'" for state in sorted(PENDING))


@dataclass(frozen=True, slots=True)
class Aged:
    """A table whose old rows are deleted."""

    table: str
    #: its primary key, in whose order it is walked through
    key: tuple[str, ...]
    #: SQL of when it was made, Unix ms
    at: str
    #: SQL: whether it may be deleted at all
    ended: str = "true"
    #: rows come in the order of their key, so that behind young ones there are no old ones
    in_order: bool = True


def _log(table: str, at: str, ended: str = "true") -> Aged:
    return Aged(table, ("seq",), at, ended)


#: kept as long as the configuration says; what speaks of another goes after it
_KEPT = (
    _log("ledger", "created_at", f"state <> '{DeliveryState.OWED}'"),
    _log("messages", "created_at", f"state NOT IN ({_WAITING})"),
    _log("received", "received_at"),
    _log("typed", "recorded_at"),
    _log("calls", "recorded_at"),
    _log("events", "at", "NOT EXISTS (SELECT 1 FROM ledger WHERE event = events.seq)"),
    _log("movements", "at"),
    _log("audit", "at"),
    _log("alarms", "began_at", "ended_at > 0"),
    Aged(
        "batch_rows",
        ("batch", "row"),
        "(SELECT created_at FROM batches WHERE id = batch_rows.batch)",
        "(SELECT state FROM batches WHERE id = batch_rows.batch) IN ('draft', 'done', 'cancelled')",
        in_order=False,
    ),
    _log("batches", "created_at", "NOT EXISTS (SELECT 1 FROM batch_rows WHERE batch = batches.id)"),
    Aged("conversations", ("account", "number"), "at", in_order=False),
    # marks on received SMS that are gone, with all that told of them
    Aged(
        "received_marks",
        ("account", "received"),
        "0",
        "NOT EXISTS (SELECT 1 FROM received WHERE seq = received_marks.received) AND NOT EXISTS (SELECT 1 FROM events"
        f" WHERE about = received_marks.received AND name = '{MESSAGE_RECEIVED}')",
        in_order=False,
    ),
)
#: of use for a week and no longer, whatever is configured
_SHORT_LIVED = (
    Aged("idempotency", ("account", "key"), "created_at", in_order=False),
    # no message is put off for more than a year, and no time zone is two days away from another
    Aged("daily", ("account", "recipient", "day"), "(strftime('%s', day) + 172800) * 1000", in_order=False),
    _log("kept_reports", "heard_at"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sweep continues."""

    #: Unix ms: what is older goes; 0 for nothing. The second is for what counts for a week
    older_than: int
    keys_older_than: int
    thorough: bool
    #: index of the table, and the last key that was looked at there
    table: int = 0
    after: tuple[Any, ...] = ()


def step(tx: Tx, place: Place) -> Place | None:
    """Delete for a few milliseconds, and merge words as long; the place to go on from, None at the end."""
    place_after = _delete(tx, place)
    search.merge_some(tx)
    return place_after


def _delete(tx: Tx, place: Place) -> Place | None:
    ends = time.monotonic() + STEP
    walks = _walks(place)
    while place.table < len(walks):
        aged, older_than = walks[place.table]
        rows = _slice(tx, aged, older_than, place.after)
        old = [key for _, goes, *key in rows if goes]
        for start in range(0, len(old), BITE):
            bite = old[start : start + BITE]
            forgetting.drop(tx, aged.table, aged.key, bite)
            place = replace(place, after=tuple(bite[-1]))
            if time.monotonic() >= ends:
                return place
        place = replace(place, after=tuple(rows[-1][2:]) if rows else ())
        if len(rows) < SLICE or (aged.in_order and not place.thorough and not any(row[0] for row in rows)):
            place = replace(place, table=place.table + 1, after=())
        if time.monotonic() >= ends:
            break
    return place if place.table < len(walks) else None


def _walks(place: Place) -> list[tuple[Aged, int]]:
    kept = [(aged, place.older_than) for aged in _KEPT] if place.older_than else []
    return [*kept, *((aged, place.keys_older_than) for aged in _SHORT_LIVED)]


def _slice(tx: Tx, aged: Aged, older_than: int, after: tuple[Any, ...]) -> list[Sequence[Any]]:
    """The next rows in the order of their key: whether each is old, whether it is to be deleted, and its key."""
    key = ", ".join(aged.key)
    behind = f"({key}) > ({marks(aged.key)})" if after else "true"
    return tx.conn.execute(
        f"SELECT {aged.at} < ?1, {aged.at} < ?1 AND {aged.ended}, {key} FROM {aged.table} WHERE {behind} "
        f"ORDER BY {key} LIMIT {SLICE}",
        (older_than, *after),
    ).fetchall()


class Retention(Connections):
    """Implements `UpkeepStore`, with the modules of each subject."""

    #: of the sweep under way
    _place: Place | None = None
    _sweeps = 0

    async def sweep(self, older_than: int, keys_older_than: int) -> bool:
        """One step. A sweep keeps to the arguments of its first one."""
        if self._place is None:
            await self._write(loopbacks.sweep, keys_older_than)
            await self._write(counts.fold, keys_older_than)
            self._place = Place(older_than, keys_older_than, thorough=self._sweeps % THOROUGH == 0)
            self._sweeps += 1
        self._place = await self._write(step, self._place)
        return self._place is not None

    async def tidy(self) -> None:
        """Empty the write-ahead log, which still holds what was deleted."""
        await self._writer.do_outside(write_ahead_log.truncate)
