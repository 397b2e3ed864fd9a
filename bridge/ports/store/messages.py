"""Stores of messages, from being accepted to being forgotten."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.inbox import Received
from bridge.model.message import Message, Part
from bridge.model.query import MessageQuery, Page


class SubmissionStore(Protocol):
    """Accepting messages."""

    async def submit(
        self, messages: Sequence[Message], idempotency_key: str = "", request_digest: str = "", apart: bool = False
    ) -> tuple[Sequence[Message], bool]:
        """All or none: the messages as stored. Second value: the key was known and these are the first call's.

        `apart`: the account has credits or limits, so this may be refused; whether it is does not depend on it, but
        kept apart it slows nobody else. Raises AlreadyUsed, OutOfCredit, DailyLimit.
        """
        ...

    async def remembered(self, account: str, key: str, digest: str) -> Sequence[Message] | None:
        """What is left of the messages that were accepted under an idempotency key; None when it is not known.

        Raises IdempotencyConflict for another request, NotPossible when all of them were deleted.
        """
        ...


class MessageStore(Protocol):
    """Looking messages up, taking them back, forgetting them."""

    async def message(self, id: str) -> Message: ...
    async def messages(self, account: str, query: MessageQuery) -> Page[Message]: ...
    async def count(self, account: str, query: MessageQuery) -> int: ...
    async def parts(self, id: str) -> Sequence[Part]: ...
    async def cancel(self, id: str, now: int) -> Message: ...
    async def resend(self, id: str, now: int) -> Message: ...
    async def delete_messages(self, account: str, query: MessageQuery) -> int: ...


class PullStore(Protocol):
    """What is handed out once to an account that asks for it."""

    async def hand_out_reports(
        self, account: str, report_on: str, reporting: frozenset[str], limit: int
    ) -> Sequence[tuple[Message, bool, int]]:
        """Messages that ended since the last call, as they were then, with success and Unix ms; oldest first.

        `report_on` is that of `Terms`; `reporting` are the lines that can report delivery.
        """
        ...

    async def hand_out_received(self, account: str, since: int, limit: int) -> Sequence[Received]:
        """SMS that came in since the last call, and since that moment (Unix ms); oldest first."""
        ...
