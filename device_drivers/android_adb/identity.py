"""Which phone it is, and what is remembered of each: by the phone's own serial, for adb's name may be an address.

Another phone may be plugged into the place of the first. What was remembered of the first one says nothing of what the
other holds, which is somebody's private messages: it begins with nothing, and the first one goes on where it was.
"""

import json

from bridge.ports.driver import Memory

KEY = "phones"
#: of so many phones it is remembered that they were here
MOST = 20


class MemoryOf:
    """What is remembered of one phone. Obeys `bridge.ports.driver.Memory`."""

    def __init__(self, memory: Memory, serial: str) -> None:
        self._memory = memory
        self.serial = serial
        #: serials of the phones that were here, the last one at the end
        self._seen: list[str] = []
        #: the phone that what older releases remembered is about: the one that was here first
        self._heir = serial
        if (kept := memory.get(KEY)) is not None:
            state = json.loads(kept)
            self._seen, self._heir = state["seen"], state["heir"]

    @property
    def is_first(self) -> bool:
        """No other phone was ever here."""
        return self._seen in ([], [self.serial])

    @property
    def before(self) -> str:
        """The serial of the phone that was here last, if that is another one; else ""."""
        return self._seen[-1] if self._seen and self._seen[-1] != self.serial else ""

    async def settle(self) -> None:
        """This one is here now."""
        if self._seen[-1:] != [self.serial]:
            self._seen = [*(each for each in self._seen if each != self.serial), self.serial][-MOST:]
            await self._memory.put(KEY, json.dumps({"seen": self._seen, "heir": self._heir}, separators=(",", ":")))

    def get(self, key: str) -> str | None:
        """What was put last for this phone."""
        kept = self._memory.get(f"{key}:{self.serial}")
        if kept is None and self._heir == self.serial:
            return self._memory.get(key)
        return kept

    async def put(self, key: str, value: str) -> None:
        """Keep it for this phone."""
        await self._memory.put(f"{key}:{self.serial}", value)


def last_seen(memory: Memory) -> str:
    """The serial of the phone that was here last; "" for none."""
    kept = memory.get(KEY)
    seen: list[str] = json.loads(kept)["seen"] if kept is not None else []
    return seen[-1] if seen else ""
