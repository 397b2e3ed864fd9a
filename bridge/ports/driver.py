"""The protocols between the core and devices: Driver, Link and their optional abilities.

A driver is one module or folder in `device_drivers/` with a `DRIVER` attribute that obeys `Driver`;
the same contract tests run on every one of them (`tests/contract/`).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import field
from typing import Any, Protocol, runtime_checkable

from bridge.dataclass import dataclass
from bridge.model.callback import Callback, Reply
from bridge.model.finding import Finding
from bridge.model.line import Line
from bridge.model.media import Media
from bridge.model.radio import Doubtful, Inbound, Outgoing, Sent
from bridge.model.site import Site


class Link(Protocol):
    """An open connection to a device with one or more lines. Lives until it raises DeviceLost or is closed.

    Never blocks the event loop. One `send` per line at a time; the core sees to that.
    """

    @property
    def lines(self) -> Sequence[Line]:
        """The SIMs of this device with their last known health; identities are known once it is open."""
        ...

    def split(self, text: str) -> Sequence[str]:
        """Cut a text into the units `send` takes: radio parts for a modem, the whole text for a phone."""
        ...

    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        """Send one unit to the network: each part of a text of several by the SIM that `lines` names, or not at all.

        Raises DeviceLost when nothing left us, SendRefused for a definite no, OutcomeUnknown otherwise.
        """
        ...

    def inbound(self) -> AsyncIterator[Inbound]:
        """Everything received, oldest first, beginning with what the device already holds. Raises DeviceLost.

        Where the link is lost or closed it ends behind what was received before and lies nowhere else.

        `Held` says in between what the device was seen to have let go of; it is not acknowledged.
        """
        ...

    async def acknowledge(self, item: Inbound) -> None:
        """The item is committed, so the device may forget it. Raises DeviceLost; harmless when repeated.

        Whether the device did is told by a `Held` through `inbound`, when it was seen.
        """
        ...

    async def refresh(self) -> Sequence[Line]:
        """Query the device's health now. Raises DeviceLost."""
        ...

    async def close(self) -> None:
        """Release the device; never raises."""
        ...


@runtime_checkable
class Paced(Protocol):
    """An optional ability of a link: it limits how fast its device may send."""

    def pause(self, line: str) -> float:
        """Seconds until another part may be sent, 0 for now; until then other lines take the messages."""
        ...


@runtime_checkable
class Yielding(Protocol):
    """An optional ability of a link: messages wait within it for their turn with the device."""

    def give_back(self) -> None:
        """Hand nothing over any more: `send` raises DeviceLost for what waits. What the device has goes on."""
        ...


@runtime_checkable
class Clarifying(Protocol):
    """An optional ability of a link: its device keeps traces of what was sent."""

    async def clarify(self, doubtful: Sequence[Doubtful]) -> None:
        """Look for traces of these parts from now on; findings arrive as Evidence through `inbound`.

        Called at most once, after `open`: before the first `send`, while `inbound` is being read. Raises DeviceLost.
        """
        ...


@runtime_checkable
class Examining(Protocol):
    """An optional ability of a link: examine the open device in detail."""

    async def examine(self) -> "Sequence[Finding]":
        """Findings about the open device, queried now, between messages. Raises DeviceLost."""
        ...


@runtime_checkable
class Identified(Protocol):
    """An optional ability of a link: it knows its device, by whatever port or address it was reached."""

    @property
    def hardware(self) -> str:
        """What no other device has, also among those of other drivers; "" when not known."""
        ...


@runtime_checkable
class Relaying(Protocol):
    """An optional ability of a link: its SIMs are elsewhere, where another link may lead, too."""

    @property
    def sims(self) -> Mapping[str, str]:
        """The SIMs in use, as far as they are known, by ICCID or IMSI, and the line of each."""
        ...


@runtime_checkable
class Answering(Protocol):
    """What a link has beside `Link` when a provider calls the bridge over HTTP about the device."""

    async def answer(self, callback: Callback) -> Reply:
        """Answer a request that anybody may have made: it proves where it comes from, or is refused.

        2xx only once all that it brought is acknowledged: then the provider forgets it. Raises DeviceLost when the
        link is closed meanwhile.
        """
        ...


@runtime_checkable
class Fetching(Protocol):
    """Optional for a `Link` whose messages come with media that stay at a provider."""

    async def fetch(self, media: str) -> Media:
        """What `InboundPart.media` names. Raises NoSuchThing when it is not to be had (any more), DeviceLost."""
        ...


class Frames(Protocol):
    """A connection that carries whole frames both ways."""

    @property
    def peer(self) -> str:
        """By what the other side's process says that it is no other; "" where it does not."""
        ...

    async def receive(self) -> bytes | None:
        """The next frame; None once the connection is over. Raises ValueError when the other side breaks the rules."""
        ...

    async def send(self, frame: bytes) -> None:
        """Returns when there is room for more. Raises ConnectionError."""
        ...

    async def close(self, words: str, code: int = 1001) -> None:
        """End the connection, and tell the other side why, by a code of RFC 6455 §7.4, too. Never raises."""
        ...


#: goes by a connection until it is over
Carrying = Callable[[Frames], Coroutine[Any, Any, None]]


class Memory(Protocol):
    """A few values that a driver keeps over restarts. The core stores them for each device."""

    def get(self, key: str) -> str | None:
        """Return the stored value, or None. Values are loaded before `Driver.open`, so this never waits."""
        ...

    async def put(self, key: str, value: str) -> None:
        """Store a value; returns when it is on disk and waits while the store refuses."""
        ...


class VolatileMemory:
    """A `Memory` that lasts as long as the process."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """Return the value, or None."""
        return self._values.get(key)

    async def put(self, key: str, value: str) -> None:
        """Keep the value in memory."""
        self._values[key] = value


def _uncounted(_stage: str) -> None:
    """Ignore the count."""


@dataclass(frozen=True, slots=True)
class Device:
    """A configured device: its name and the options of its driver."""

    name: str
    driver: str
    options: Mapping[str, Any] = field(default_factory=dict)
    #: the running bridge gives one that lasts
    memory: Memory = field(default_factory=VolatileMemory, compare=False, repr=False)
    #: called with a stage's name for each thing that is done to make a silent device answer; the bridge counts them
    recovering: Callable[[str], None] = field(default=_uncounted, compare=False, repr=False)
    #: loads what is kept for one piece of hardware (`Identified.hardware`), by whichever device it is opened
    memory_of: Callable[[str], Awaitable[Memory]] | None = field(default=None, compare=False, repr=False)
    #: loads the slots that hold what the core has, and were not told to be free, by what holds them (`Held.holder`)
    slots_of: Callable[[Collection[str]], Awaitable[Collection[str]]] | None = field(
        default=None, compare=False, repr=False
    )


@dataclass(frozen=True, slots=True)
class Found:
    """A device that a driver sees plugged in."""

    driver: str
    #: what to put into the configuration: {"port": "/dev/ttyUSB2"} or {"serial": "R58M12ABC"}
    options: Mapping[str, Any]
    description: str


@runtime_checkable
class Surveying(Protocol):
    """An optional ability of a driver: examine a device that is in use, without opening it."""

    async def survey(self, device: Device, ours: Collection[int] = ()) -> Sequence[Finding]:
        """Findings about what lies between machine and device. `ours`: processes that may hold it.

        Never raises for a bad device.
        """
        ...


@runtime_checkable
class Dialled(Protocol):
    """An optional ability of a driver: a device that the bridge cannot reach dials the bridge."""

    def is_dialled_with(self, device: Device, key: str) -> bool:
        """Whether this is the key of that device."""
        ...

    async def carry(self, device: Device, frames: Frames) -> None:
        """Reach the device by this connection until it is over. Cancel it to end that."""
        ...


@runtime_checkable
class Distant(Protocol):
    """An optional ability of a driver: its devices are other bridges, sites of this one."""

    def site(self, device: Device, link: Link | None, reason: str) -> Site:
        """What is known of the site now, but for its lines; `link`: while it is open, and `reason`: why it is not."""
        ...


class Driver(Protocol):
    """A driver for one kind of device."""

    name: str
    #: option name → (type, help): what a `[devices.x]` table of this driver may hold
    options: Mapping[str, tuple[type, str]]

    def validate(self, device: Device) -> Sequence[str]:
        """Problems of the options, each as `key: message`; empty if valid. Does not touch the device."""
        ...

    async def open(self, device: Device) -> Link:
        """Connect. Raises DeviceLost when it is absent or held by another program, SendRefused(LINE) when it needs a
        person (PIN, PUK, no SIM, prompt).
        """
        ...

    async def discover(self) -> Sequence[Found]:
        """List plugged-in devices that this driver may serve."""
        ...

    async def examine(self, device: Device) -> Sequence[Finding]:
        """Findings about a device. Never raises for a bad device."""
        ...
