"""The message memories of a SIM and its modem (3GPP TS 27.005 §3.1), which survive a reset and an unplug."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from enum import IntEnum

from bridge.dataclass import dataclass


class Status(IntEnum):
    """TS 27.005 §3.1 <stat>, as PDU mode numbers it."""

    REC_UNREAD = 0
    REC_READ = 1
    STO_UNSENT = 2
    STO_SENT = 3


#: <stat> as text mode spells it, and 4 for all of them
STATUS_TEXT = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT", "ALL")


@dataclass(slots=True)
class Stored:
    """A message in a memory."""

    #: with the service centre's address in front
    pdu: str
    status: Status
    #: on the monotonic clock, in seconds
    at: float = field(default_factory=time.monotonic)

    def read(self) -> None:
        """Somebody has seen it."""
        if self.status is Status.REC_UNREAD:
            self.status = Status.REC_READ


class Memory:
    """One memory: numbered places, the lowest free one is filled first."""

    def __init__(self, size: int, first: int = 1) -> None:
        self.size = size
        #: the number of the first place: 1 by the standard's examples, 0 on many modems
        self.first = first
        self._places: dict[int, Stored] = {}
        #: every place below this one is taken
        self._from = first

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[tuple[int, Stored]]:
        return iter(sorted(self._places.items()))

    @property
    def full(self) -> bool:
        """No place is left."""
        return len(self._places) >= self.size

    def put(self, pdu: str, status: Status) -> int | None:
        """Keep a message; the number of its place, or None when the memory is full."""
        if self.full:
            return None
        index = self._from
        while index in self._places:
            index += 1
        self._places[index] = Stored(pdu, status)
        self._from = index + 1
        return index

    def get(self, index: int) -> Stored | None:
        """The message in a place; None when it is empty. Raises IndexError when there is no such place."""
        if not self.first <= index < self.first + self.size:
            raise IndexError(index)
        return self._places.get(index)

    def delete(self, index: int) -> None:
        """Empty a place; harmless when it is. Raises IndexError when there is no such place."""
        if self.get(index) is not None:
            del self._places[index]
            self._from = min(self._from, index)

    def close_up(self) -> None:
        """Number the messages anew, from the first place on, without a gap."""
        self._places = {index: stored for index, (_, stored) in enumerate(self, self.first)}
        self._from = self.first + len(self)

    def purge(self, unwanted: Callable[[Stored], bool]) -> None:
        """Empty every place whose message is `unwanted`."""
        for index, stored in self:
            if unwanted(stored):
                self.delete(index)

    def settled(self, lag: float) -> int:
        """How many messages are older than `lag` seconds: the counter of a modem that is slow to count."""
        if not lag:
            return len(self)
        now = time.monotonic()
        return sum(1 for stored in self._places.values() if now - stored.at >= lag)


class Storage:
    """The memories by name: "SM" on the SIM, "ME" in the modem, "SR" for status reports; "MT" means "ME".

    While `is_one` says so, "SM" means "ME" too.
    """

    def __init__(self, sizes: Mapping[str, int], first: int = 1, is_one: Callable[[], bool] = lambda: False) -> None:
        self._memories = {name: Memory(size, first) for name, size in sizes.items()}
        self._is_one = is_one

    def __getitem__(self, name: str) -> Memory:
        """Raises KeyError for a memory it has not."""
        if "ME" in self._memories and (name == "MT" or (name == "SM" and self._is_one())):
            return self._memories["ME"]
        return self._memories[name]

    def put_sim(self, memory: Memory) -> None:
        """Another SIM brings its own memory."""
        self._memories["SM"] = memory

    def __contains__(self, name: str) -> bool:
        return name in self._memories or (name == "MT" and "ME" in self._memories)
