"""Store protocols: upkeep by the clock, and the store's own health."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.inbox import Received
from bridge.ports.store_rows import Backlog, ClockState, Room, Waiting


class UpkeepStore(Protocol):
    """Work that becomes due with time."""

    async def recover(self, now: int) -> int:
        """After a crash: intents without an outcome become unknown, untouched claims are requeued; returns the
        unknowns.
        """
        ...

    async def to_index(self) -> int:
        """How many messages and received SMS are not in the index of words yet."""
        ...

    async def index_words(self) -> bool:
        """Index some of them; whether there are enough left for another call."""
        ...

    async def forget_words(self) -> bool:
        """Take words out of the file whose rows are gone; whether there is more to do."""
        ...

    async def advance(self, now: int) -> int:
        """Scheduled → queued, overdue → expired; returns when to call again (Unix ms, 0 when nothing waits).

        Those who serve a queue in which something is due are told so.
        """
        ...

    async def release_partial(self, older_than: int, now: int) -> Sequence[Received]:
        """Release incomplete multipart SMS with no new part since `older_than`, flagged partial."""
        ...

    async def forget_expired(self, now: int) -> None:
        """Delete expired tokens and replaced credentials; named keys stay until revoked."""
        ...

    async def sweep(self, older_than: int, keys_older_than: int) -> bool:
        """Delete finished rows older than this (0: none) and old idempotency keys, for a few milliseconds.

        True if more is left. A sweep of several calls keeps to the arguments of its first one.
        """
        ...

    async def tidy(self) -> None:
        """Empty the write-ahead log after a sweep: it still holds what was deleted."""
        ...


class TimeStore(Protocol):
    """Adjusts time stamps when the wall clock is set."""

    async def clock_state(self) -> ClockState:
        """The last noted time; the newest stamp in the store counts as seen."""
        ...

    async def note_clock(self, state: ClockState) -> None:
        """Note the current time for a later run."""
        ...

    async def shift(self, step: int, state: ClockState) -> None:
        """The wall clock was set by `step` ms and is at `state` now: move earlier stamps that still matter.

        Calls made before this one count as made before the step, and later ones as made after it.
        """
        ...


class HealthStore(Protocol):
    """Whether the store works, and its backlog."""

    async def moved(self) -> str:
        """Where the store was moved to, in a sentence; "" for one that was not."""
        ...

    async def prove(self) -> None:
        """Make a commit that changes nothing but takes everything a message's takes."""
        ...

    async def pulse(self) -> int:
        """The number of messages waiting to be sent, answered by the writer: proof that the store can commit."""
        ...

    async def backlog(self, now: int) -> Backlog: ...

    async def waiting(self, now: int) -> Sequence[Waiting]:
        """The queues with due messages, by route."""
        ...

    async def room(self) -> Room: ...
