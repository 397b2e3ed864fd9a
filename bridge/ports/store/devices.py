"""Stores that devices need: to send, to receive, to remember."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bridge.model.inbox import LoggedCall, Received, TypedMessage
from bridge.model.loopback import Trip
from bridge.model.message import Message
from bridge.model.radio import Call, Doubtful, Evidence, Held, InboundPart, InboundReport, Typed
from bridge.ports.store_rows import Claim, Outcome


class SendingStore(Protocol):
    """The way of a message through a line."""

    async def claim(
        self, line: str, routes: Sequence[str], now: int, whole: bool = False, sim: str = ""
    ) -> Claim | None:
        """The oldest due message for this line becomes `sending`, with the intent for its first missing part.

        `whole`: the device takes a long text in one piece. `sim`: `Line.sim`. None when nothing is due.
        """
        ...

    async def intend(self, message: str, index: int, line: str, now: int, sim: str = "") -> None:
        """Commit the intent to hand a further part to the device."""
        ...

    async def record(self, outcome: Outcome, now: int) -> Message:
        """What became of a part; the message follows from its parts. `queued` means: nothing of it left us."""
        ...


class ReceivingStore(Protocol):
    """What a link hears."""

    async def receive(self, item: InboundPart, device: str, now: int) -> Received | None:
        """Commit what came in. The complete SMS when this made one; None for a re-read or while parts are missing."""
        ...

    async def let_go(self, item: Held) -> None:
        """Forget the slots that the device was seen not to hold any more: what is read there next is new."""
        ...

    async def settle(self, item: InboundReport | Evidence, now: int, sim: str = "") -> Message | None:
        """A report or other evidence. None when it matches nothing, or is a re-read.

        `sim`: `Line.sim` of the line that heard it. A report that matches nothing yet is kept: what is known of parts
        later may say whose it is.
        """
        ...

    async def keep(self, item: Typed | Call, device: str, now: int) -> TypedMessage | LoggedCall | None:
        """Commit what a phone tells of itself; None when this line and slot were told before."""
        ...


class MemoryStore(Protocol):
    """What the drivers of devices put aside."""

    async def memories(self, device: str) -> Mapping[str, str]:
        """All that the driver of a device put there."""
        ...

    async def memorise(self, device: str, key: str, value: str) -> None:
        """In place of what the key had."""
        ...


class DeviceStore(MemoryStore, Protocol):
    """What outlives a connection to a device."""

    async def doubtful(self, lines: Sequence[str]) -> Sequence[Doubtful]:
        """The parts in state unknown that these lines had in hand, oldest first."""
        ...


class LoopbackStore(Protocol):
    """SMS on their way from one of the bridge's lines to another."""

    async def depart(self, trip: Trip) -> bool:
        """Commit that it is about to be sent; False when another is on its way between the same two lines.

        From then on `receive` knows its text: it is told as `loopback.arrived` and in nobody's inbox.
        """
        ...

    async def trips(self) -> Sequence[Trip]:
        """Those on their way, and each pair's last that arrived with all since, oldest first."""
        ...

    async def lose_trip(self, token: str, reason: str, now: int) -> bool:
        """Tell that it did not arrive in time; False when it did, or was lost before. It still may arrive."""
        ...

    async def forget_trip(self, token: str) -> None:
        """It was not sent."""
        ...
