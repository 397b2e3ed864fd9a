"""Reads the phone's call log, where its shell may.

Its provider takes plain columns only, so the two columns that hold other people's words are asked for one by one.
"""

import time
from collections.abc import Mapping

from bridge.model.radio import Call
from bridge.ports.driver import Memory
from device_drivers.android_adb import rows
from device_drivers.android_adb.shell import Shell

KEY = "calls"
URI = "content://call_log/calls"
#: what the shell needs for it; stock phones give it from Android 12 or 13 on
PERMISSION = "READ_CALL_LOG"

_COLUMNS = ("_id", "type", "date", "duration")
#: `CallLog.Calls.TYPE`: incoming, outgoing, missed, rejected, answered elsewhere
_KINDS = {1: "incoming", 2: "outgoing", 3: "missed", 5: "missed", 7: "incoming"}


class CallLog:
    """New entries of the call log. The mark moves when the core acknowledges."""

    def __init__(self, shell: Shell, memory: Memory, line: str) -> None:
        self._shell = shell
        self._memory = memory
        self._line = line
        self._done = 0
        self._given = 0

    async def open(self) -> None:
        """Load the mark, or set it after the existing entries. Raises Unheard, Garbled."""
        newest = max((rows.number(row["_id"]) for row in await self._list(0)), default=0)
        kept = self._memory.get(KEY)
        self._given = self._done = newest if kept is None else min(int(kept), newest)
        if kept is None:
            await self._memory.put(KEY, str(newest))

    async def new(self) -> list[Call]:
        """Calls not reported yet. Raises Unheard, Garbled."""
        found = []
        for row in await self._list(self._given):
            call = await self._call(row)
            self._given = rows.number(row["_id"])
            if call is not None:
                found.append(call)
        return found

    async def acknowledge(self, slot: str) -> None:
        """The entry is stored."""
        number = int(slot.split(":")[1])
        if number > self._done:
            self._done = number
            await self._memory.put(KEY, str(number))

    async def _list(self, above: int) -> list[dict[str, str | None]]:
        answer = await self._shell.run(rows.plain(URI, _COLUMNS, f"_id>{int(above)}", "_id ASC"))
        return rows.parse(answer.out, _COLUMNS)

    async def _call(self, row: Mapping[str, str | None]) -> Call | None:
        """Convert a row; None for types that are no calls: voicemail, blocked numbers."""
        kind = _KINDS.get(rows.number(row["type"]))
        if kind is None:
            return None
        key, at = rows.number(row["_id"]), rows.number(row["date"])
        number, name = await self._words(key, "number"), await self._words(key, "name")
        # an older tool cuts the date to 32 bits
        when = at if at > 1 << 32 else time.time_ns() // 1_000_000
        return Call(self._line, f"call:{key}:{at}", kind, number, name, when, rows.number(row["duration"]))

    async def _words(self, key: int, column: str) -> str:
        answer = await self._shell.run(rows.plain(f"{URI}/{int(key)}", (column,)))
        value = rows.single(answer.out, column)
        return "" if value in {None, rows.NULL} else str(value)
