"""What links to a provider's HTTP API have in common: one line, no cable, and updates that come by callback."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.model.callback import Reply
from bridge.model.line import Line, LineState
from bridge.model.radio import Inbound, Outgoing
from device_drivers._intake import DAY, Intake

#: seconds after which a callback whose content is not committed is refused, so that the provider repeats it
PATIENCE = 20.0
#: the id of a message and the number of its part
Part = tuple[str, int]


def now() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000


class ApiLink(ABC):
    """Implements `Link` but for `send`; a kind of provider adds how to send, check and hang up."""

    def __init__(self, line: Line, check_interval: float, forget_after: float) -> None:
        """`check_interval` in seconds, `forget_after` in days."""
        self._line = line
        self._check_interval = check_interval
        self._intake = Intake(line.name, round(forget_after * DAY))
        self._checked = asyncio.get_running_loop().time()
        #: parts whose outcome is unknown: an update about one settles it
        self._doubtful: set[Part] = set()
        #: parts that are being handed over: an update may arrive before the provider's answer
        self._in_hand: set[Part] = set()
        self._lost: DeviceLost | None = None

    @abstractmethod
    async def _look(self) -> Line:
        """Ask the provider whether all is well; the line as it is then. Raises DeviceLost, SendRefused(LINE)."""

    @abstractmethod
    async def _hang_up(self) -> None:
        """Close the connections. Never raises."""

    @property
    def lines(self) -> Sequence[Line]:
        """The only one."""
        return (self._line,)

    def split(self, text: str) -> Sequence[str]:
        """The whole text: the provider splits it."""
        return [text]

    # -- out --------------------------------------------------------------------------------------
    def _demand(self, line: str) -> None:
        """Raises SendRefused for another line's name, DeviceLost when the link is lost."""
        if line != self._line.name:
            raise SendRefused(f"this device has the line {self._line.name}, not {line}", Refusal.LINE)
        self._insist()

    async def _hand_over(self, outgoing: Outgoing, post: Callable[[], Coroutine[Any, Any, str]]) -> str:
        """Post a part once; the provider's id of it. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        part = (outgoing.message, outgoing.index)
        self._in_hand.add(part)
        try:
            return await post()
        except (OutcomeUnknown, asyncio.CancelledError):
            self._doubtful.add(part)
            raise
        except DeviceLost as error:
            raise self._lose(error) from error
        finally:
            self._in_hand.discard(part)

    def _is_open(self, part: Part | None) -> bool:
        """Whether the outcome of this part is not known yet."""
        return part in self._doubtful or part in self._in_hand

    # -- in ---------------------------------------------------------------------------------------
    async def _answer(self, items: Sequence[Inbound], good: Reply) -> Reply:
        """Answer a callback once the core has committed what it brought; 503 when that takes too long."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._intake.bring(items)
        except TimeoutError:
            return Reply(503, b"it could not be kept yet\n")
        return good

    async def inbound(self) -> AsyncIterator[Inbound]:
        """What callbacks and inquiries bring. Raises DeviceLost when the API cannot be reached any more."""
        for held in self._intake.old_days(now()):
            yield held
        while True:
            item = await self._intake.take(self._until_check(), now())
            if item is not None:
                yield item
            elif self._until_check() <= 0:
                await self._check()

    async def acknowledge(self, item: Inbound) -> None:
        """Record that an item is committed: the callback that brought it may be answered."""
        self._intake.acknowledge(item, now())

    # -- health -----------------------------------------------------------------------------------
    def _until_check(self) -> float:
        return max(0.0, self._checked + self._check_interval - asyncio.get_running_loop().time())

    async def refresh(self) -> Sequence[Line]:
        """The line; the API is asked once in `check_interval`, or at once while the line is in trouble."""
        self._insist()
        if self._until_check() <= 0 or self._line.state is not LineState.READY:
            await self._check()
        return self.lines

    async def _check(self) -> None:
        """Raises DeviceLost."""
        self._checked = asyncio.get_running_loop().time()
        try:
            self._line = await self._look()
        except SendRefused as refusal:
            self._become(LineState.PARKED, refusal.message)
        except DeviceLost as error:
            raise self._lose(error) from error

    def _become(self, state: LineState, reason: str) -> None:
        self._line = replace(self._line, state=state, reason=reason)

    def _insist(self) -> None:
        """Raises DeviceLost when the link is lost."""
        if self._lost is not None:
            raise self._lost

    def _lose(self, error: DeviceLost) -> DeviceLost:
        self._lost = self._lost or error
        self._intake.close(error.message)
        return error

    async def close(self) -> None:
        """Close the link; callbacks that wait to be answered get an error. Never raises."""
        self._lose(DeviceLost("the line was closed"))
        await self._hang_up()
