"""The phone's call log, where its shell may read it: who called while nobody was there."""

from collections.abc import Iterable

from bridge.ports import Call, Memory
from device_drivers.android_adb import rows
from device_drivers.android_adb.shell import Shell
from device_drivers.android_adb.store import PATIENCE

KEY = "calls"
URI = "content://call_log/calls"
#: what the shell needs for it; stock phones give it from Android 12 or 13 on
PERMISSION = "READ_CALL_LOG"

_COLUMNS = {
    "id": "_id",
    "type": "type",
    "dt": rows.whole("date"),
    "du": "duration",
    "nu": rows.escaped("number"),
    "na": rows.escaped("name"),
}
_NEWEST = {"n": "count(*)", "m": "max(_id)"}
#: `CallLog.Calls.TYPE`: incoming, outgoing, missed, rejected, answered elsewhere
_KINDS = {1: "incoming", 2: "outgoing", 3: "missed", 5: "missed", 7: "incoming"}


class CallLog:
    """What is new in it. The mark moves with the core's acknowledgement."""

    def __init__(self, shell: Shell, memory: Memory, line: str) -> None:
        self._shell = shell
        self._memory = memory
        self._line = line
        self._done = 0
        self._given = 0

    async def open(self) -> None:
        """Find the mark, or set it behind what is there. Raises Unheard, Garbled."""
        kept = self._memory.get(KEY)
        if kept is None:
            self._done = await self._newest()
            await self._memory.put(KEY, str(self._done))
        else:
            self._done = min(int(kept), await self._newest())
        self._given = self._done

    async def new(self) -> list[Call]:
        """Calls that were not given out yet. Raises Unheard, Garbled."""
        where = f"_id>{int(self._given)}"
        answer = await self._shell.run(rows.query(URI, _COLUMNS, where, "_id ASC"), PATIENCE)
        found = rows.parse(answer.out, tuple(_COLUMNS))
        self._given = max((rows.number(row["id"]) for row in found), default=self._given)
        return list(self._calls(found))

    async def acknowledge(self, slot: str) -> None:
        """It is safe."""
        number = int(slot.split(":")[1])
        if number > self._done:
            self._done = number
            await self._memory.put(KEY, str(number))

    async def _newest(self) -> int:
        answer = await self._shell.run(rows.query(URI, _NEWEST), PATIENCE)
        summary = rows.parse(answer.out, tuple(_NEWEST))
        return rows.number(summary[0]["m"]) if len(summary) == 1 else 0

    def _calls(self, found: Iterable[dict[str, str | None]]) -> Iterable[Call]:
        for row in found:
            key, at = rows.number(row["id"]), rows.number(row["dt"])
            kind = _KINDS.get(rows.number(row["type"]))
            if kind is None:
                continue
            number, name = rows.text(row["nu"]), rows.text(row["na"])
            yield Call(self._line, f"call:{key}:{at}", kind, number, name, at, rows.number(row["du"]))
