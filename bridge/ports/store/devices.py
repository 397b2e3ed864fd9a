"""Store protocols for devices: sending, receiving, driver memory."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from bridge.model.inbox import LoggedCall, Received, TypedMessage
from bridge.model.loopback import Trip
from bridge.model.message import Message
from bridge.model.radio import Call, Doubtful, Evidence, Held, InboundPart, InboundReport, Typed
from bridge.ports.store_rows import Claim, Outcome


class SendingStore(Protocol):
    """What a line's sender needs."""

    async def claim(
        self, line: str, routes: Sequence[str], now: int, whole: bool = False, sim: str = ""
    ) -> Claim | None:
        """Claim the oldest due message for this line as `sending`, with the intent for its first missing part.

        `whole`: the device takes a long text in one piece. `sim`: `Line.sim`. None when nothing is due.
        """
        ...

    async def intend(self, message: str, index: int, line: str, now: int, sim: str = "") -> None:
        """Commit the intent to hand another part to the device."""
        ...

    async def record(self, outcome: Outcome, now: int) -> Message:
        """Record the outcome of a part; the message follows from its parts. `queued` means that nothing was sent."""
        ...


class ReceivingStore(Protocol):
    """What a link's receiver needs."""

    async def receive(self, item: InboundPart, device: str, now: int, sim: str = "") -> Received | None:
        """Commit a received part. Returns the SMS that it completed; None for a re-read or while parts are missing.

        `sim`: `Line.sim` of the line that it came by: parts of one SMS come by one SIM, in whatever device that is.
        """
        ...

    async def let_go(self, item: Held) -> None:
        """Forget slots that the device no longer holds: what is read there next is new."""
        ...

    async def settle(self, item: InboundReport | Evidence, now: int, sim: str = "") -> Message | None:
        """Apply a report or other evidence. None when it matches nothing or is a re-read.

        `sim`: `Line.sim` of the line that heard it. A report that matches nothing yet is kept: what is known of parts
        later may say whose it is.
        """
        ...

    async def keep(self, item: Typed | Call, device: str, now: int) -> TypedMessage | LoggedCall | None:
        """Commit a typed SMS or a call of a phone; None when this line and slot are known."""
        ...


class MemoryStore(Protocol):
    """What device drivers store."""

    async def memories(self, device: str) -> Mapping[str, str]:
        """All values that a device's driver stored."""
        ...

    async def memorise(self, device: str, key: str, value: str) -> None:
        """Store a value under a key, replacing the previous one."""
        ...


class DeviceStore(MemoryStore, Protocol):
    """What outlives the connection to a device."""

    async def held(self, holders: Collection[str]) -> Collection[str]:
        """The slots of these holders that were received from and not let go: a SIM, a modem, or a line."""
        ...

    async def doubtful(self, lines: Sequence[str]) -> Sequence[Doubtful]:
        """Parts with unknown outcome that these lines handled, oldest first."""
        ...


class LoopbackStore(Protocol):
    """Loop-back SMS between the bridge's lines."""

    async def depart(self, trip: Trip) -> bool:
        """Commit that a trip is about to be sent; False when one is on its way between the same lines.

        From then on `receive` knows its text: it is told as `loopback.arrived` and in nobody's inbox.
        """
        ...

    async def trips(self) -> Sequence[Trip]:
        """Trips on their way, and each pair's last arrival with everything since, oldest first."""
        ...

    async def lose_trip(self, token: str, reason: str, now: int) -> bool:
        """Report a trip as lost; False when it arrived or was lost before. It may still arrive."""
        ...

    async def forget_trip(self, token: str) -> None:
        """Forget a trip that was not sent."""
        ...
