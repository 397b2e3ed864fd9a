"""Identifies phones by their own serial, as adb's name may be an address, and stores values for each.

Another phone may be plugged into the place of the first. What was remembered of the first one says nothing of what the
other holds, which is somebody's private messages: it begins with nothing, and the first one goes on where it was.
"""

import json
from collections.abc import Iterable

from bridge.ports.driver import Memory
from device_drivers.android_adb.facts import Phone

KEY = "phones"
#: of so many phones it is remembered that they were here
MOST = 20


class MemoryOf:
    """Stored values of one phone. Implements `bridge.ports.driver.Memory`.

    They are `shared` by all devices that lead to it (on its cable, on the network), so that one goes on where another
    was; without that, and with earlier releases, each device has its own.
    """

    def __init__(self, memory: Memory, serial: str, shared: Memory | None = None) -> None:
        self._memory = memory
        self._shared = shared
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
        """Whether no other phone has been used before."""
        return self._seen in ([], [self.serial])

    @property
    def before(self) -> str:
        """The serial of the phone used last, if it is another one; else ""."""
        return self._seen[-1] if self._seen and self._seen[-1] != self.serial else ""

    async def settle(self, keys: Iterable[str] = ()) -> None:
        """Record this phone as the current one, and share what this device alone remembered under these keys."""
        for key in keys if self._shared is not None else ():
            if (value := self.get(key)) is not None:
                await self.put(key, value)
        if self._seen[-1:] != [self.serial]:
            self._seen = [*(each for each in self._seen if each != self.serial), self.serial][-MOST:]
            await self._memory.put(KEY, json.dumps({"seen": self._seen, "heir": self._heir}, separators=(",", ":")))

    def get(self, key: str) -> str | None:
        """Return the value stored for this phone."""
        if self._shared is not None and (value := self._shared.get(key)) is not None:
            return value
        kept = self._memory.get(f"{key}:{self.serial}")
        if kept is None and self._heir == self.serial:
            return self._memory.get(key)
        return kept

    async def put(self, key: str, value: str) -> None:
        """Store a value for this phone."""
        if self._shared is not None:
            await self._shared.put(key, value)
            return
        await self._memory.put(f"{key}:{self.serial}", value)


def hardware(phone: Phone) -> str:
    """The phone by its own serial: adb names it otherwise on a cable than on the network. "" when it tells none."""
    return f"phone {phone.serial}" if phone.serial else ""


def last_seen(memory: Memory) -> str:
    """The serial of the phone used last; "" without one."""
    kept = memory.get(KEY)
    seen: list[str] = json.loads(kept)["seen"] if kept is not None else []
    return seen[-1] if seen else ""
