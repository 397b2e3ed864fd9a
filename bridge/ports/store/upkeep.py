"""Stores of what time brings, and of the store's own health."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.inbox import Received
from bridge.ports.store_rows import Backlog, ClockState, Room, Waiting


class UpkeepStore(Protocol):
    """What comes with time."""

    async def recover(self, now: int) -> int:
        """After a crash: intents without an outcome become unknown, untouched claims go back; how many unknown."""
        ...

    async def advance(self, now: int) -> int:
        """Scheduled → queued, overdue → expired; returns when to call again (Unix ms, 0 for nothing waiting).

        Those who serve a queue in which something is due are told so.
        """
        ...

    async def release_partial(self, older_than: int, now: int) -> Sequence[Received]:
        """Give out multipart sets whose parts stayed away since `older_than`, flagged partial."""
        ...

    async def forget_expired(self, now: int) -> None:
        """Drop tokens and replaced credentials whose time is over; named keys stay until they are revoked."""
        ...

    async def sweep(self, older_than: int, keys_older_than: int) -> bool:
        """Forget some of what is finished and older (0: nothing), and old idempotency keys; more is left."""
        ...


class TimeStore(Protocol):
    """What is stamped, when the wall clock is set."""

    async def clock_state(self) -> ClockState:
        """What was noted last; the newest stamp in the store counts as seen."""
        ...

    async def note_clock(self, state: ClockState) -> None:
        """What time it is, for a later run."""
        ...

    async def shift(self, step: int, state: ClockState) -> None:
        """The wall clock was set by `step` ms and is at `state` now: what was stamped before, and waits, moves along.

        Calls made before this one count as made before the step, and later ones as made after it.
        """
        ...


class HealthStore(Protocol):
    """Whether the store works, and what waits in it."""

    async def prove(self) -> None:
        """Write something that changes nothing, with all that keeping a message takes."""
        ...

    async def pulse(self) -> int:
        """How many messages wait to be sent. Whoever writes answers it: an answer proves that the store can commit."""
        ...

    async def backlog(self, now: int) -> Backlog: ...

    async def waiting(self, now: int) -> Sequence[Waiting]:
        """The queues in which messages are due, by route."""
        ...

    async def room(self) -> Room: ...
