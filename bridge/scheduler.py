"""Runs what becomes due by the clock: scheduled messages, expiry, partial SMS."""

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from bridge.accounts.api_keys import ending
from bridge.bus import Bus
from bridge.model.event import MESSAGE_RECEIVED, MESSAGE_SUBMITTED, Event
from bridge.ports.clock import Clock
from bridge.ports.store import ConversationStore, KeyStore, UpkeepStore
from bridge.ports.store_rows import Queued
from bridge.retry import retry_until_stored
from bridge.tasks import Tasks

log = logging.getLogger(__name__)

#: looks at least this often
LONGEST_NAP = 30.0  # s
#: between two looks: one serves all that falls due meanwhile
GATHERING = 0.2  # s
#: between sweeps of what is older than the configuration keeps, and of what no longer counts
SWEEP_INTERVAL = 3600.0  # s
#: between two steps of a sweep, in which others write
SWEEP_PAUSE = 0.02  # s
#: idempotency keys and early reports are of use for so long
KEY_LIFE = 7 * 24 * 3600 * 1000  # ms
#: between looks at what messages came, for the list of conversations; who opens that does not wait for this
CONVERSATIONS_INTERVAL = 10.0  # s
#: between warnings of keys that end soon
KEYS_INTERVAL = 86_400.0  # s
#: rows that the index of words takes in together, at least; fewer wait for more
INDEXED_TOGETHER = 250
#: nothing was accepted or received for so long: there is time for the index
QUIET = 1.0  # s
#: rows without an index that a search may look through while there is no time for it
MOST_BEHIND = 50_000


class ClockStore(UpkeepStore, KeyStore, ConversationStore, Protocol):
    """The parts of the store that the scheduler uses."""


class Scheduler:
    """Advances what has become due; the store notifies those concerned.

    `partial_after_ms`: until an incomplete multipart SMS is given out as it is. `keep_ms`: for which finished
    things stay in the store, 0 for ever; `may_forget`: whether the clock is to be believed in that.
    """

    def __init__(
        self,
        store: ClockStore,
        bus: Bus,
        clock: Clock,
        on_death: Callable[[BaseException], None] | None = None,
        *,
        partial_after_ms: int,
        keep_ms: int = 0,
        may_forget: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._partial_after_ms = partial_after_ms
        self._keep_ms = keep_ms
        self._may_forget = may_forget
        self._woken = asyncio.Event()
        #: something was accepted or received, at last at this moment of the loop's clock
        self._kept = asyncio.Event()
        self._kept_at = -QUIET
        #: Unix ms at which the next thing falls due, as far as is known
        self._next = sys.maxsize
        self._tasks = Tasks("scheduler", on_death)
        self._upkeep = Tasks("upkeep", on_death)

    async def start(self) -> None:
        """Start with what falls due; harmless where several do it, and each wakes its own."""
        self._unsubscribe = (
            self._bus.subscribe_queues(self._hear),
            self._bus.subscribe(self._note_kept, MESSAGE_SUBMITTED, MESSAGE_RECEIVED),
        )
        self._tasks.start(self._tick(), "due times")

    async def take_up(self) -> None:
        """Start what one does for all that share a store: sweeps, indexes, warnings."""
        self._upkeep.start(self._sweep(), "sweep")
        self._upkeep.start(self._follow_conversations(), "conversations")
        self._upkeep.start(self._look_at_keys(), "keys that end")
        self._upkeep.start(self._index(), "index of words")

    async def lay_down(self) -> None:
        """Stop that."""
        await self._upkeep.close()

    def adopt(self, partial_after_ms: int, keep_ms: int) -> None:
        """Go by these from the next look on."""
        self._partial_after_ms = partial_after_ms
        self._keep_ms = keep_ms

    async def close(self) -> None:
        """Stop."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        await self._tasks.close()
        await self.lay_down()

    def _hear(self, queued: Sequence[Queued]) -> None:
        if not queued:  # of what nobody knows when it is due
            self._plan(self._clock.now())
        for each in queued:
            self._plan(each.due_at)
            self._plan(each.expires_at)

    def _note_kept(self, _: Sequence[Event]) -> None:
        self._kept_at = asyncio.get_running_loop().time()
        self._kept.set()

    def _plan(self, at: int) -> None:
        """Run again at this moment (Unix ms, 0 for never) if not before."""
        if 0 < at < self._next:
            self._next = at
            self._woken.set()

    async def _tick(self) -> None:
        while True:
            self._next = sys.maxsize
            self._plan(await retry_until_stored(self._advance))
            await self._nap()

    async def _nap(self) -> None:
        """Sleep until something is due: at least GATHERING, at most LONGEST_NAP."""
        await asyncio.sleep(GATHERING)
        loop = asyncio.get_running_loop()
        end = loop.time() + LONGEST_NAP - GATHERING
        while (left := min(end - loop.time(), (self._next - self._clock.now()) / 1000)) > 0:
            self._woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._woken.wait()

    async def _advance(self) -> int:
        await self._store.release_partial(self._clock.now() - self._partial_after_ms, self._clock.now())
        while True:  # a bite at a time, so that nobody waits for all of them
            # read anew for each: the clock may have been set meanwhile, and with it what waits
            now = self._clock.now()
            at = await self._store.advance(now)
            if at != now:
                return at

    async def _sweep(self) -> None:
        while True:
            await retry_until_stored(self._forget_old)
            await asyncio.sleep(SWEEP_INTERVAL)

    async def _index(self) -> None:
        """Half the writer's time when nothing else is kept, a tenth when much is and too much is not indexed."""
        loop = asyncio.get_running_loop()
        while True:
            self._kept.clear()
            behind = await retry_until_stored(self._store.to_index)
            if behind < INDEXED_TOGETHER:
                await self._kept.wait()
            busy = loop.time() < self._kept_at + QUIET
            if behind < INDEXED_TOGETHER or (busy and behind < MOST_BEHIND):
                await asyncio.sleep(QUIET)
                continue
            began = loop.time()
            await retry_until_stored(self._store.index_words)
            await asyncio.sleep((loop.time() - began) * (9 if busy else 1))

    async def _follow_conversations(self) -> None:
        """Let the index of conversations follow the messages."""
        while True:
            more = await retry_until_stored(self._store.index_conversations)
            await asyncio.sleep(SWEEP_PAUSE if more else CONVERSATIONS_INTERVAL)

    async def _look_at_keys(self) -> None:
        while True:
            for found in ending(await retry_until_stored(self._store.keys), self._clock.now()):
                log.warning("the %s %s: %s", found.subject, found.message, found.remedy)
            await asyncio.sleep(KEYS_INTERVAL)

    async def _forget_old(self) -> None:
        await self._store.forget_expired(self._clock.now())
        more = True
        while more:
            now = self._clock.now()  # read anew for each bite: the clock may have been set meanwhile
            older_than = now - self._keep_ms if self._keep_ms and self._may_forget() else 0
            more = await self._store.sweep(older_than, now - KEY_LIFE)
            await asyncio.sleep(SWEEP_PAUSE)
        more = True
        while more:
            more = await self._store.forget_words()
            await asyncio.sleep(SWEEP_PAUSE)
        await self._store.tidy()
