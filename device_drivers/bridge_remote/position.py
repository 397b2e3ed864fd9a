"""Keeps the position in the site's events up to which the core has everything, and the moment of that event."""

import asyncio
from collections import deque
from dataclasses import field
from datetime import UTC, datetime

from bridge.dataclass import dataclass
from bridge.model.radio import Held, Inbound, InboundPart, Typed
from bridge.ports.driver import Memory

_SITE, _AFTER, _SINCE = "site", "position", "since"
#: characters on the way into the store: while there are so many, nothing more is read
MOST_ON_THE_WAY = 1_000_000
#: ms for which each site keeps its events at least
_KEPT = 12 * 3_600_000


@dataclass(slots=True)
class _Step:
    seq: int
    #: Unix ms by the site's clock; 0 when it is not known
    at: int
    #: items of it that are not acknowledged, by their identity: two may be equal
    open: set[int] = field(default_factory=set)
    items: list[Inbound] = field(default_factory=list)


def kept_at(memory: Memory) -> int:
    """Unix ms by the site's clock of the last event whose position is kept; 0 for none."""
    return _kept(memory)[1]


def _kept(memory: Memory) -> tuple[int, int]:
    seq, _, at = (memory.get(_AFTER) or "0").partition(" ")
    return int(seq), int(at or 0)


def _characters(item: Inbound) -> int:
    if isinstance(item, InboundPart):
        return len(item.text) + len(item.data)
    return len(item.text) if isinstance(item, Typed) else 0


class Position:
    """The events that were read and are not done with, in order."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._steps: deque[_Step] = deque()
        #: what is read from next on another connection
        self.read, self._at = _kept(memory)
        self._done, self._kept = self.read, self.read
        #: Unix ms by the site's clock of the event that was read last; 0 when it is not known
        self.read_at = self._at
        #: slots that need not be known once `_done` is kept
        self._free: list[tuple[int, Held]] = []
        self._news = asyncio.Event()
        #: characters of items that are not acknowledged
        self._on_the_way = 0
        self._room = asyncio.Event()

    @property
    def since(self) -> str:
        """From when on events are read as long as there is no position."""
        return self._memory.get(_SINCE) or ""

    async def begin(self, site: str, now: str) -> None:
        """Start at the moment `now` with a site that is not the one whose position is kept."""
        if self._memory.get(_SITE) == site and self.since:
            return
        await self._memory.put(_AFTER, "0")
        await self._memory.put(_SINCE, now)
        await self._memory.put(_SITE, site)
        self.read = self._done = self._kept = self.read_at = 0

    @property
    def oldest_at(self) -> int:
        """Unix ms by the site's clock of the oldest event that was read and is not done with; 0 for none."""
        return self._steps[0].at if self._steps else 0

    def is_of_another_store(self, seq: int, at: int, now: int) -> bool:
        """Whether this event, the first from `read` on, shows another store: an older backup that has gone on since.

        `at` and `now` by the site's clock, Unix ms.
        """
        if not (self.read and self.read_at):
            return False
        # the event that was read last is there again, unless the site has forgotten it by its age
        return at != self.read_at if seq == self.read else now - self.read_at < _KEPT

    async def rewind(self) -> None:
        """The site has another store: read what happened after the last event that the core has."""
        since = self._at + 1 if self._at else 0
        if since:
            await self._memory.put(_SINCE, datetime.fromtimestamp(since / 1000, UTC).isoformat())
        await self._memory.put(_AFTER, "0")
        self._steps.clear()
        self._on_the_way = 0
        self._room.set()
        self.read = self._done = self._kept = self.read_at = 0

    def came(self, seq: int, *items: Inbound, at: int = 0) -> None:
        """An event of this moment was read, and these are what the core is given of it."""
        self.read, self.read_at = seq, at
        self._steps.append(_Step(seq, at, {id(item) for item in items}, list(items)))
        self._on_the_way += sum(map(_characters, items))
        self._advance()

    async def room(self) -> None:
        """Wait until the core has so much of what was read that more may be."""
        while self._on_the_way >= MOST_ON_THE_WAY:
            self._room.clear()
            await self._room.wait()

    def acknowledge(self, item: Inbound) -> None:
        """The core has this. Harmless when repeated."""
        for step in self._steps:
            if id(item) in step.open:
                step.open.discard(id(item))
                self._on_the_way -= _characters(item)
                self._room.set()
                break
        self._advance()

    def _advance(self) -> None:
        while self._steps and not self._steps[0].open:
            step = self._steps.popleft()
            self._done, self._at = step.seq, step.at or self._at
            parts = [item for item in step.items if isinstance(item, InboundPart)]
            self._free += [(step.seq, Held(part.line, part.slot)) for part in parts]
        if self._done != self._kept:
            self._news.set()

    async def flush(self) -> None:
        """Put it on disk."""
        done = self._done
        if done != self._kept:
            await self._memory.put(_AFTER, f"{done} {self._at}")
            self._kept = done

    async def keep(self) -> list[Held]:
        """Wait for an advance and put it on disk; the slots that nobody will read again."""
        await self._news.wait()
        self._news.clear()
        await self.flush()
        done = self._kept
        free = [held for seq, held in self._free if seq <= done]
        self._free = [each for each in self._free if each[0] > done]
        return free
