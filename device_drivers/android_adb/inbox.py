"""Finds new rows in the phone's SMS store, with a mark that survives restarts, deletions and a reset store.

The store is never written, so what was taken in is remembered here. A row is known by its number and its content:
the phone gives numbers of deleted messages to new ones. What moves the mark is the core's acknowledgement alone.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bridge.ports.driver import Memory
from device_drivers.android_adb.clocks import Clock, Stamp
from device_drivers.android_adb.freshness import PhoneTime, Seen, at_first
from device_drivers.android_adb.redating import First, doubtful, first_dates
from device_drivers.android_adb.rows import Garbled
from device_drivers.android_adb.store import Row, Store

log = logging.getLogger(__name__)

KEY = "inbox"
#: so many known rows are read again with each look, to see that the store is still the one we know
KEPT = 24
#: and the mark is moved up when there are so many
MOST = 48
#: contents that are remembered of rows below the mark, in so many hex digits each: a backup may bring them back
REMEMBERED, SHORT = 150, 8


class Inbox:
    """The unprocessed rows of one phone."""

    def __init__(self, store: Store, memory: Memory, clock: Clock) -> None:
        self._store = store
        self._memory = memory
        self._clock = clock
        #: rows up to this number are never looked at
        self._floor = 0
        #: number → digest of rows above the floor that are done with
        self._known: dict[int, str] = {}
        #: short digests of rows that were done with, below the floor or in a store that is no more
        self._past: list[str] = []
        #: rows up to this number were wanted, however old they are
        self._wanted = 0
        self._seen = Seen(0, 0)
        #: the last look of this link; before it, when a link before this one wrote something down, or this one opened
        self._looked = Stamp(0.0)
        #: number → origin of those rows, where the service centre's time is there: apps set the phone's own right
        self._origins: dict[int, str] = {}
        #: number → date at which it was first seen, of the others of those rows
        self._dates: dict[int, int] = {}
        #: number → date that an app has given it since
        self._moved: dict[int, int] = {}
        #: slot → row that was given out and not acknowledged
        self._given: dict[str, Row] = {}
        #: number → row at the last look
        self._latest: dict[int, Row] = {}

    async def open(self, import_existing: bool) -> None:
        """Load the mark, or set it after the existing rows of a new phone. Raises Unheard, Garbled."""
        kept = self._memory.get(KEY)
        if kept is not None:
            self._recall(json.loads(kept))
            return
        self._looked = self._clock.stamp()
        # an answer that is empty for once must not make everything new
        newest = await self._store.newest() or await self._store.newest()
        if newest is None:
            raise Garbled("the phone did not say what it holds")
        self._seen = at_first(await self._store.clock(), int(self._clock.wall() * 1000))
        if import_existing:
            self._wanted = newest
        else:
            await self._settle_below(newest)
        await self._keep()

    async def look(self, back_to: int | None = None) -> list[Row]:
        """All rows above the mark, known ones too, and above `back_to` if lower. Raises Unheard, Garbled.

        A row that an app has given another date since has its first one. When not one row is left that we know, the
        store was emptied or begins anew; then the mark is set by time.
        """
        found = await self._above(back_to)
        if self._is_lost(found):
            found = await self._above(back_to)  # a store that answers nothing once may answer the next time
            if self._is_lost(found):
                await self._find_footing()
                found = await self._above(back_to)
        self._latest = {row.id: row for row in found}
        return found

    async def new(self, found: Iterable[Row]) -> list[Row]:
        """Rows not reported before; they count as reported now. Raises Unheard, Garbled."""
        given = {mark for row in self._given.values() for mark in row.marks}
        unknown = [
            row for row in found if row.id > self._floor and not self._is_known(row) and given.isdisjoint(row.marks)
        ]
        fresh = await self._fresh(self._without_copies(unknown))
        self._looked = self._clock.stamp()
        self._given.update((row.slot, row) for row in unknown)
        old = [row for row in unknown if row not in fresh]
        for row in old:
            self.forget(row, is_old=True)
        if old:
            log.info("%d messages were put into the phone's store that are older than what it had", len(old))
            await self._keep()
        return fresh

    def forget(self, row: Row, is_old: bool = False) -> None:
        """Skip a row; saved with the next acknowledgement."""
        if self._given.pop(row.slot, None) is None:
            return
        now = self._latest.get(row.id, row)
        if not row.marks.isdisjoint(now.marks):  # else another one has its number by now
            self._note(now)
            if not is_old and row.id > self._wanted:
                self._seen = self._seen.after(row)
            self._move_up()

    async def acknowledge(self, slot: str) -> None:
        """The row is stored. Harmless for rows not reported by this link."""
        row = self._given.get(slot)
        if row is not None:
            self.forget(row)
            await self._keep()

    # -- known or not ---------------------------------------------------------------------------
    def _note(self, row: Row) -> None:
        self._known[row.id] = row.digest
        self._origins[row.id] = row.origin
        self._dates.pop(row.id, None)
        if not row.origin:
            self._dates[row.id] = row.date

    def _is_known(self, row: Row) -> bool:
        """Whether the row is done with; an app may have given it another date since."""
        if self._known.get(row.id) != row.digest and not (row.origin and self._origins.get(row.id) == row.origin):
            return False
        self._note(row)
        return True

    async def _with_first_dates(self, found: list[Row]) -> list[Row]:
        """The rows, with the date that each had at first where an app has set it since. Raises Unheard."""
        firsts = {key: First(date, self._known[key]) for key, date in self._dates.items()}
        firsts |= {row.id: First(row.date, row.digest) for row in self._given.values() if not row.origin}
        listed = doubtful(found, firsts)
        dates = {row.id: firsts[row.id].date for row in listed if self._moved.get(row.id) == row.date}
        if open_ones := [row for row in listed if row.id not in dates]:
            unchanged = {row.id for row in found if row.id in dates or self._is_known(row) or row.slot in self._given}
            dates |= first_dates(open_ones, firsts, unchanged, await self._phone_time())
        moved = {row.id: row.date for row in listed if row.id in dates}
        if moved != self._moved:
            self._moved = moved
            await self._keep()
        return [replace(row, date=dates.get(row.id, row.date)) for row in found]

    def _without_copies(self, unknown: Sequence[Row]) -> list[Row]:
        """The rows that no app has made of another row: of that one it has the date, to the ms."""
        before = {*self._known.values(), *(row.digest for row in self._given.values())}
        found = []
        for row in unknown:
            if not row.is_exact or (row.digest not in before and row.digest[:SHORT] not in self._past):
                found.append(row)
            before.add(row.digest)
        return found

    # -- old or new -----------------------------------------------------------------------------
    async def _fresh(self, unknown: Sequence[Row]) -> list[Row]:
        """Drop rows that are old although newly inserted."""
        doubtful = [row for row in unknown if not self._is_new(row)]
        if not doubtful:
            return list(unknown)
        time = await self._phone_time()
        old = {row.slot for row in doubtful if not time.is_new(row)}
        return [row for row in unknown if row.slot not in old]

    def _is_new(self, row: Row) -> bool:
        """Whether a row is new by its own times. A known row is new only if stored after everything known."""
        if row.id <= self._wanted:
            return True
        if row.digest[:SHORT] in self._past and row.date <= self._seen.stored:
            return False
        return self._seen.is_new(row)

    async def _phone_time(self) -> PhoneTime:
        """The phone's clock, else ours; queried only when rows leave it open. Raises Unheard."""
        now = await self._store.clock() or int(self._clock.wall() * 1000)
        return PhoneTime(now, int(self._clock.since(self._looked) * 1000))

    # -- the mark -------------------------------------------------------------------------------
    async def _above(self, back_to: int | None) -> list[Row]:
        floor = self._floor if back_to is None else min(self._floor, back_to)
        return await self._with_first_dates(await self._store.rows(f"_id>{int(floor)}"))

    def _is_lost(self, found: Iterable[Row]) -> bool:
        return bool(self._known) and not any(self._is_known(row) for row in found)

    async def _find_footing(self) -> None:
        """Set the mark below everything newer than what is known. Raises Garbled when the phone shows no store."""
        newest = await self._store.newest()
        if newest is None:  # an empty one would say so
            raise Garbled("the phone does not let its shell read SMS any more")
        time = await self._phone_time()
        recent = await self._store.rows(f"{self._seen.condition} OR {time.condition}")
        self._remember(self._known.values())
        self._known, self._origins, self._dates, self._wanted = {}, {}, {}, 0
        fresh = {row.id for row in recent if row.digest[:SHORT] not in self._past}
        self._floor = min(fresh, default=newest + 1) - 1
        for row in recent:
            if row.id > self._floor and row.id not in fresh:
                self._note(row)
        if not fresh:
            await self._settle_below(newest)
        await self._keep()

    async def _settle_below(self, newest: int) -> None:
        """Mark everything up to this id as processed."""
        self._floor = max(newest - KEPT, 0)
        for row in await self._store.rows(f"_id>{self._floor}"):
            if row.id <= newest:
                self._note(row)

    def _move_up(self) -> None:
        if len(self._known) <= MOST:
            return
        waiting = min((row.id for row in self._given.values()), default=None)
        floor = sorted(self._known)[-KEPT - 1]
        self._floor = max(self._floor, floor if waiting is None else min(floor, waiting - 1))
        self._remember(digest for key, digest in self._known.items() if key <= self._floor)
        self._known = {key: digest for key, digest in self._known.items() if key > self._floor}
        self._origins = {key: origin for key, origin in self._origins.items() if key > self._floor}
        self._dates = {key: date for key, date in self._dates.items() if key > self._floor}

    def _remember(self, digests: Iterable[str]) -> None:
        self._past = [*self._past, *(digest[:SHORT] for digest in digests)][-REMEMBERED:]

    # -- memory ---------------------------------------------------------------------------------
    async def _keep(self) -> None:
        kept = self._clock.stamp()
        state = {
            "floor": self._floor,
            "date": self._seen.stored,
            "sent": self._seen.sent,
            "known": self._known,
            "origins": {key: origin for key, origin in self._origins.items() if origin},
            "dates": self._dates,
            "moved": self._moved,
            "past": "".join(self._past),
            "wanted": self._wanted,
            "at": int(kept.wall),
            "up": int(kept.monotonic),
            "boot": kept.boot,
        }
        await self._memory.put(KEY, json.dumps(state, separators=(",", ":")))

    def _recall(self, state: dict[str, object]) -> None:
        """Load the state; earlier releases stored less."""
        known, origins, past = state["known"], state.get("origins", {}), str(state.get("past", ""))
        assert isinstance(known, dict) and isinstance(origins, dict)  # noqa: S101,PT018 - narrows: we wrote it
        self._floor, self._wanted = int(str(state["floor"])), int(str(state.get("wanted", 0)))
        self._known = {int(key): str(digest) for key, digest in known.items()}
        self._origins = {int(key): str(origin) for key, origin in origins.items()}
        self._dates, self._moved = _dates(state.get("dates")), _dates(state.get("moved"))
        self._past = [past[place : place + SHORT] for place in range(0, len(past), SHORT)]
        self._seen = Seen(int(str(state["date"])), int(str(state.get("sent", 0))))
        at, up = (float(str(state.get(name, 0))) for name in ("at", "up"))
        self._looked = Stamp(at, up, str(state.get("boot", "")))


def _dates(kept: object) -> dict[int, int]:
    return {int(key): int(date) for key, date in kept.items()} if isinstance(kept, dict) else {}
