"""What is new in the phone's SMS store: a mark that survives restarts, deletions and a store that begins anew.

The store is never written, so what was taken in is remembered here. A row is known by its number and its content:
the phone gives numbers of deleted messages to new ones. What moves the mark is the core's acknowledgement alone.
"""

import json
from collections.abc import Iterable

from bridge.ports.driver import Memory
from device_drivers.android_adb.store import Row, Store

KEY = "inbox"
#: so many known rows are read again with each look, to see that the store is still the one we know
KEPT = 24
#: and the mark is moved up when there are so many
MOST = 48


class Inbox:
    """The rows of one phone that nobody has taken in yet."""

    def __init__(self, store: Store, memory: Memory) -> None:
        self._store = store
        self._memory = memory
        #: rows up to this number are never looked at
        self._floor = 0
        #: number → digest of rows above the floor that are done with
        self._known: dict[int, str] = {}
        #: Unix ms by the phone's clock of the newest row that is done with
        self._date = 0
        #: slot → row that was given out and not acknowledged
        self._given: dict[str, Row] = {}
        #: number → digest at the last look
        self._latest: dict[int, str] = {}

    async def open(self, import_existing: bool) -> None:
        """Find the mark, or set it behind what is there when the phone is new. Raises Unheard, Garbled."""
        kept = self._memory.get(KEY)
        if kept is not None:
            state = json.loads(kept)
            self._floor, self._date = int(state["floor"]), int(state["date"])
            self._known = {int(key): str(digest) for key, digest in state["known"].items()}
        elif not import_existing:
            await self._settle_below(await self._store.newest() or 0)
            await self._keep()

    async def look(self, back_to: int | None = None) -> list[Row]:
        """Every row above the mark, known ones too; and above `back_to`, when that is lower. Raises Unheard, Garbled.

        When not one row is left that we know, the store was emptied or begins anew; then the mark is set by date.
        """
        found = await self._above(back_to)
        if self._known and not any(self._known.get(row.id) == row.digest for row in found):
            await self._find_footing()
            found = await self._above(back_to)
        self._latest = {row.id: row.digest for row in found}
        return found

    def new(self, found: Iterable[Row]) -> list[Row]:
        """Those that were not given out yet. They are from now on."""
        fresh = [
            row
            for row in found
            if row.id > self._floor and self._known.get(row.id) != row.digest and row.slot not in self._given
        ]
        self._given.update((row.slot, row) for row in fresh)
        return fresh

    def forget(self, row: Row) -> None:
        """Nobody needs to be told of it; remembered with the next acknowledgement."""
        if self._given.pop(row.slot, None) is None:
            return
        if self._latest.get(row.id, row.digest) == row.digest:  # else another one has its number by now
            self._known[row.id] = row.digest
            self._date = row.date
            self._move_up()

    async def acknowledge(self, slot: str) -> None:
        """It is safe. Harmless for what was not given out, or not by this link."""
        row = self._given.get(slot)
        if row is not None:
            self.forget(row)
            await self._keep()

    async def _above(self, back_to: int | None) -> list[Row]:
        floor = self._floor if back_to is None else min(self._floor, back_to)
        return await self._store.rows(f"_id>{int(floor)}")

    async def _find_footing(self) -> None:
        newest = await self._store.newest()
        if newest is None:
            return  # not an empty store: the phone would not let us look
        # an older tool cuts dates to 32 bits; then nothing can be told by date, and what is there counts as old
        old = await self._store.newest(f"date<={int(self._date)}") if self._date > 1 << 32 else newest
        self._known = {}
        await self._settle_below(old or 0)
        await self._keep()

    async def _settle_below(self, newest: int) -> None:
        """Everything up to this number is done with."""
        self._floor = max(newest - KEPT, 0)
        for row in await self._store.rows(f"_id>{self._floor}"):
            if row.id <= newest:
                self._known[row.id] = row.digest
                self._date = row.date

    def _move_up(self) -> None:
        if len(self._known) <= MOST:
            return
        waiting = min((row.id for row in self._given.values()), default=None)
        floor = sorted(self._known)[-KEPT - 1]
        self._floor = max(self._floor, floor if waiting is None else min(floor, waiting - 1))
        self._known = {key: digest for key, digest in self._known.items() if key > self._floor}

    async def _keep(self) -> None:
        state = {"floor": self._floor, "date": self._date, "known": self._known}
        await self._memory.put(KEY, json.dumps(state, separators=(",", ":")))
