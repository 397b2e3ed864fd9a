"""Queues what providers bring by callback or on inquiry until the core has committed it, each item once."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bridge.errors import DeviceLost
from bridge.model.radio import Held, Inbound, InboundPart

#: days before those that are remembered, whose messages may be left from a time before a restart
_FORGOTTEN_DAYS = 31
DAY = 86_400_000  # ms


def day_of(at: int) -> str:
    """`20261128`, in UTC; of Unix ms."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y%m%d")


def slot_of(at: int, id: str) -> str:
    """The place of a received message: its day first, so that days can be forgotten."""
    return f"{day_of(at)}:{id}"


class Intake:
    """The queue between `Link.answer` and `Link.inbound`, with what is not committed yet."""

    def __init__(self, line: str, forget_after: int) -> None:
        """`forget_after`: ms in which the provider may repeat a message that it was answered."""
        self._line = line
        self._forget_after = forget_after
        self._queue: asyncio.Queue[Inbound | None] = asyncio.Queue()
        #: handed in and not acknowledged → resolved when it is
        self._open: dict[Inbound, asyncio.Future[None]] = {}
        #: acknowledged messages, with the Unix ms at which a repetition need not be known any more
        self._remembered: deque[tuple[int, str]] = deque()
        #: why it is; "" while it is not
        self._closed = ""

    async def bring(self, items: Sequence[Inbound]) -> None:
        """Hand these in; returns when all are acknowledged. Raises DeviceLost when the link is closed before."""
        if self._closed:
            raise DeviceLost("the line is being closed")
        loop = asyncio.get_running_loop()
        waits = []
        for item in items:
            if item not in self._open:
                self._open[item] = loop.create_future()
                self._queue.put_nowait(item)
            waits.append(asyncio.shield(self._open[item]))
        await asyncio.gather(*waits)

    async def take(self, patience: float, now: int) -> Inbound | None:
        """The next thing for the core; None when nothing came for so many seconds.

        Raises DeviceLost once it is closed and nothing is left: what was pulled nobody brings again.
        """
        if self._remembered and self._remembered[0][0] <= now:
            slot = self._remembered.popleft()[1]
            return Held(self._line, slot)
        if self._closed:
            return self._left()
        try:
            async with asyncio.timeout(self.pause(patience, now)):
                item = await self._queue.get()
        except TimeoutError:
            return None
        return self._left() if item is None and self._closed else item

    def _left(self) -> Inbound:
        """Raises DeviceLost for nothing."""
        while not self._queue.empty():
            if (item := self._queue.get_nowait()) is not None:
                return item
        raise DeviceLost(self._closed)

    def pause(self, patience: float, now: int) -> float:
        """Seconds until there is something to do though nothing comes."""
        if not self._remembered:
            return patience
        return min(patience, max(0.0, (self._remembered[0][0] - now) / 1000))

    def acknowledge(self, item: Inbound, now: int) -> None:
        """The core has it. Harmless when repeated."""
        waiting = self._open.pop(item, None)
        if waiting is None:
            return
        if not waiting.done():
            waiting.set_result(None)
        if isinstance(item, InboundPart):
            self._remembered.append((now + self._forget_after, item.slot))
            self._queue.put_nowait(None)  # whoever waits reckons anew

    def old_days(self, now: int) -> Sequence[Held]:
        """What runs before this one remembered and nobody repeats any more."""
        first = datetime.fromtimestamp((now - self._forget_after) // 1000, UTC) - timedelta(days=1)
        days = [first - timedelta(days=count) for count in range(_FORGOTTEN_DAYS)]
        return [Held(self._line, f"{day_of(int(day.timestamp()) * 1000)}:") for day in days]

    def close(self, why: str = "the line was closed") -> None:
        """Nothing more goes in: who waits for an answer hears so. Harmless when repeated."""
        self._closed = self._closed or why
        for waiting in self._open.values():
            if not waiting.done():
                waiting.set_exception(DeviceLost(why))
                waiting.exception()  # somebody may not wait any more
        self._open.clear()
        self._queue.put_nowait(None)
