"""Store protocol of bridges that share a database."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from bridge.errors import StoreUnavailable
from bridge.model.line import Line
from bridge.model.neighbour import Beat, Neighbour


class PlaceLost(StoreUnavailable):
    """Another bridge of the database has taken a device of this one, which was silent for too long."""


class NeighbourStore(Protocol):
    """What a bridge tells the others on its database, and hears of them. Only a store that several share has it."""

    async def hold(self, devices: Sequence[str], lease: float, now: int) -> Mapping[str, str]:
        """Make these devices this bridge's, and no others; returns those that another has, with what to do about it.

        A device of a bridge that is gone, and silent for longer than `lease` seconds, is taken from it: what that had
        in hand is settled as after a crash.
        """
        ...

    async def beat(self, lease: float, lines: Mapping[str, Sequence[Line]], asks: bool = True, role: str = "") -> Beat:
        """Give a sign of life, tell how the lines of devices are, and ask for the duties for `lease` seconds.

        Without `asks`, let go of the duties instead. `role`: what this process does of the work of a bridge.

        Raises StoreUnavailable, and PlaceLost when another bridge has taken a device of this one.
        """
        ...

    async def take_again(self) -> None:
        """Take the place that was lost. What was in hand before is settled as evidence. Raises StoreUnavailable."""
        ...

    async def moment(self) -> int:
        """What time it is by the server's clock, Unix ms."""
        ...

    async def neighbours(self) -> Sequence[Neighbour]:
        """The other bridges, also those that ended in the last hour or were heard of in the last week."""
        ...

    async def leave(self) -> None:
        """Say that this bridge ends, with nothing left in its hands."""
        ...

    def on_duty(self) -> AbstractContextManager[None]:
        """What is started inside is done only as long as this bridge has the duties."""
        ...
