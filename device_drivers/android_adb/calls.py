"""Reads the phone's call log, where its shell may.

A backup that is restored puts calls of years into it, which are told to nobody. Its provider takes plain columns only,
so the two columns that hold other people's words are asked for one by one.
"""

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bridge.model.radio import Call
from bridge.ports.driver import Memory
from device_drivers.android_adb import rows
from device_drivers.android_adb.clocks import Clock, Stamp
from device_drivers.android_adb.freshness import SLACK, at_first
from device_drivers.android_adb.shell import Shell
from device_drivers.android_adb.store import is_plausible

KEY = "calls"
URI = "content://call_log/calls"
#: what the shell needs for it; stock phones give it from Android 12 or 13 on
PERMISSION = "READ_CALL_LOG"

_COLUMNS = ("_id", "type", "date", "duration")
#: `CallLog.Calls.TYPE`: incoming, outgoing, missed, rejected, answered elsewhere
_KINDS = {1: "incoming", 2: "outgoing", 3: "missed", 5: "missed", 7: "incoming"}


class CallLog:
    """New entries of the call log. The mark moves when the core acknowledges.

    `phone_clock` tells the phone's time in Unix ms, 0 where it is not known, and raises Unheard.
    """

    def __init__(
        self, shell: Shell, memory: Memory, line: str, phone_clock: Callable[[], Awaitable[int]], clock: Clock
    ) -> None:
        self._shell = shell
        self._memory = memory
        self._line = line
        self._phone_clock = phone_clock
        self._clock = clock
        self._done = 0
        self._given = 0
        #: Unix ms by the phone's clock, of the newest call that was given out, or when it was first opened; 0 where an
        #: earlier release wrote neither down
        self._newest = 0
        #: the last look; before the first one, when something was written down
        self._looked = Stamp(0.0)

    async def open(self) -> None:
        """Load the mark, or set it after the existing entries. Raises Unheard, Garbled."""
        # an answer that is empty for once must not make everything new
        listed = await self._list(0) or await self._list(0)
        newest = max((rows.number(row["_id"]) for row in listed), default=0)
        kept = json.loads(self._memory.get(KEY) or "null")
        mark = self._recall(kept) if isinstance(kept, dict) else kept
        # a mark above all there is was another log's; above an empty log it stays, for no number is given twice there
        self._given = self._done = newest if mark is None else min(mark, newest or mark)
        if kept is None:
            self._newest = at_first(await self._phone_clock(), int(self._clock.wall() * 1000)).stored
            self._looked = self._clock.stamp()
            await self._keep()

    async def new(self) -> list[Call]:
        """Calls not reported yet. Raises Unheard, Garbled."""
        found, listed = [], await self._list(self._given)
        since = await self._old_before() if listed else 0
        for row in listed:
            call = None if _ended(row) < since else await self._call(row)
            self._given = rows.number(row["_id"])
            if call is not None:
                self._newest = call.at if is_plausible(call.at) else self._newest
                found.append(call)
        self._looked = self._clock.stamp()
        return found

    async def _old_before(self) -> int:
        """Unix ms: a call that ended before is old by the last call and by the phone's clock, so it was restored.

        Raises Unheard.
        """
        now = await self._phone_clock() or int(self._clock.wall() * 1000)
        return min(self._newest, now - int(self._clock.since(self._looked) * 1000)) - SLACK

    async def acknowledge(self, slot: str) -> None:
        """The entry is stored."""
        number = int(slot.split(":")[1])
        if number > self._done:
            self._done = number
            await self._keep()

    async def _keep(self) -> None:
        at = self._clock.stamp()
        state = {"done": self._done, "newest": self._newest, "at": at.wall, "up": at.monotonic, "boot": at.boot}
        await self._memory.put(KEY, json.dumps(state, separators=(",", ":")))

    def _recall(self, kept: Mapping[str, Any]) -> int:
        self._newest, self._looked = int(kept["newest"]), Stamp(kept["at"], kept["up"], kept["boot"])
        return int(kept["done"])

    async def _list(self, above: int) -> list[dict[str, str | None]]:
        answer = await self._shell.run(rows.plain(URI, _COLUMNS, f"_id>{int(above)}", "_id ASC"))
        return rows.parse(answer.out, _COLUMNS)

    async def _call(self, row: Mapping[str, str | None]) -> Call | None:
        """Convert a row; None for types that are no calls: voicemail, blocked numbers."""
        kind = _KINDS.get(rows.any_number(row["type"]))
        if kind is None:
            return None
        key, at = rows.number(row["_id"]), rows.any_number(row["date"])
        number, name = await self._words(key, "number"), await self._words(key, "name")
        when = at if is_plausible(at) else time.time_ns() // 1_000_000
        return Call(self._line, f"call:{key}:{at}", kind, number, name, when, rows.any_number(row["duration"]))

    async def _words(self, key: int, column: str) -> str:
        answer = await self._shell.run(rows.plain(f"{URI}/{int(key)}", (column,)))
        value = rows.single(answer.out, column)
        return "" if value in {None, rows.NULL} else str(value)


def _ended(row: Mapping[str, str | None]) -> int:
    """When the call was over, Unix ms; a date that is none counts as now."""
    date = rows.any_number(row["date"])
    return date + 1000 * rows.any_number(row["duration"]) if is_plausible(date) else 1 << 62
