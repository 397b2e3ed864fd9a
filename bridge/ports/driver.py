"""The contracts between the core and what is plugged into it: Driver, Link, Clock, and Store (`bridge.ports.store`).

A driver is one module or folder in `device_drivers/` with a `DRIVER` attribute that obeys `Driver`;
the same contract tests run on every one of them (`tests/contract/`).
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from bridge.model.finding import Finding
from bridge.model.line import Line
from bridge.model.radio import Doubtful, Inbound, Outgoing, Sent


class Link(Protocol):
    """An open connection to a device with one or more lines. Lives until it raises DeviceLost or is closed.

    Never blocks the event loop. One `send` per line at a time; the core sees to that.
    """

    @property
    def lines(self) -> Sequence[Line]:
        """The SIMs of this device with their last known health; the first call after `open` has identities."""
        ...

    def split(self, text: str) -> Sequence[str]:
        """Cut a text into what `send` takes one at a time: radio parts for a modem, the whole for a phone."""
        ...

    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        """Hand one part to the network.

        Raises DeviceLost when nothing left us, SendRefused for a definite no, OutcomeUnknown otherwise.
        """
        ...

    def inbound(self) -> AsyncIterator[Inbound]:
        """All that comes in, oldest first, starting with what the device already holds. Raises DeviceLost.

        `Held` says in between what the device was seen to have let go of; it is not acknowledged.
        """
        ...

    async def acknowledge(self, item: Inbound) -> None:
        """The item is committed: the device may forget it. Raises DeviceLost; must be harmless when repeated.

        Whether the device did is told by a `Held` through `inbound`, when it was seen.
        """
        ...

    async def refresh(self) -> Sequence[Line]:
        """Ask the device for its health now. Raises DeviceLost."""
        ...

    async def close(self) -> None:
        """Let go of the device; never raises."""
        ...


@runtime_checkable
class Paced(Protocol):
    """What a link has beside `Link` when its device may only send so fast."""

    def pause(self, line: str) -> float:
        """Seconds until one more part may go, 0 for at once: until then the line leaves messages to the others."""
        ...


@runtime_checkable
class Clarifying(Protocol):
    """What a link has beside `Link` when its device keeps traces of what was sent."""

    async def clarify(self, doubtful: Sequence[Doubtful]) -> None:
        """Look for traces of these from now on; what is found comes as Evidence through `inbound`.

        Called at most once, after `open`: before the first `send`, while `inbound` is being read. Raises DeviceLost.
        """
        ...


@runtime_checkable
class Examining(Protocol):
    """What a link has beside `Link` when it can tell more of its device than the health of its lines."""

    async def examine(self) -> "Sequence[Finding]":
        """What is right and what to change, asked of the open device now, between messages. Raises DeviceLost."""
        ...


class Memory(Protocol):
    """A few values that a driver must know again after a restart. The core keeps them, for each device its own."""

    def get(self, key: str) -> str | None:
        """What was put last; None when nothing was. Read before `Driver.open`, so it never waits."""
        ...

    async def put(self, key: str, value: str) -> None:
        """When it returns the value is on disk; it waits for as long as the store refuses."""
        ...


class Forgetful:
    """A `Memory` that lasts as long as its process."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """What was put last."""
        return self._values.get(key)

    async def put(self, key: str, value: str) -> None:
        """Keep it for now."""
        self._values[key] = value


def _uncounted(_stage: str) -> None:
    """Nobody counts."""


@dataclass(frozen=True, slots=True)
class Device:
    """A configured device: its name in the configuration and the driver's own options."""

    name: str
    driver: str
    options: Mapping[str, Any] = field(default_factory=dict)
    #: the running bridge gives one that lasts
    memory: Memory = field(default_factory=Forgetful, compare=False, repr=False)
    #: called with a stage's name for each thing that is done to make a silent device answer; the bridge counts them
    recovering: Callable[[str], None] = field(default=_uncounted, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """A device that a driver sees plugged in, configured or not."""

    driver: str
    #: what to put into the configuration: {"port": "/dev/ttyUSB2"} or {"serial": "R58M12ABC"}
    options: Mapping[str, Any]
    description: str


@runtime_checkable
class Surveying(Protocol):
    """What a driver has beside `Driver` when it can tell what the machine does to a device that is in use."""

    async def survey(self, device: Device, ours: Collection[int] = ()) -> Sequence[Finding]:
        """What is between this machine and the device, with nothing opened. `ours`: processes that may hold it.

        Never raises for a bad device.
        """
        ...


class Driver(Protocol):
    """The code for a kind of device."""

    name: str
    #: option name → (type, help): what a `[devices.x]` table of this driver may hold
    options: Mapping[str, tuple[type, str]]

    def validate(self, device: Device) -> Sequence[str]:
        """Problems of the options, each as `key: message`; empty when they are fine. Touches no device."""
        ...

    async def open(self, device: Device) -> Link:
        """Connect. Raises DeviceLost when it is absent or held by another program,
        SendRefused(LINE) when it needs a person (PIN, PUK, no SIM, prompt)."""
        ...

    async def discover(self) -> Sequence[Found]:
        """What is plugged in and might be ours."""
        ...

    async def examine(self, device: Device) -> Sequence[Finding]:
        """What is right and what to change, in plain words. Never raises for a bad device."""
        ...
