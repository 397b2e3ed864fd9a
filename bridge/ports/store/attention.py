"""The store of what needs a person, and of what a person decides."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.account import Author
from bridge.model.attention import Life, Verdict
from bridge.model.message import Message
from bridge.model.webhook import Delivery


class AttentionStore(Protocol):
    """`view` is whose things: those of an account, or "" for everybody's."""

    async def undecided(self, view: str, limit: int) -> tuple[int, Sequence[Message]]:
        """Unknown messages that nobody left as they are: how many, MOST_COUNTED at most, and the newest."""
        ...

    async def dead_letters(self, view: str, limit: int) -> tuple[int, Sequence[Delivery]]:
        """Deliveries that were given up: how many, MOST_COUNTED at most, and the newest."""
        ...

    async def decide(self, id: str, verdict: Verdict, by: Author) -> Message:
        """Settle an unknown message by a person's word. Raises NoSuchThing, NotPossible for any other state."""
        ...

    async def life(self, view: str, id: str) -> Life:
        """All that is known of a message; deliveries are those of the view. Raises NoSuchThing."""
        ...
