"""Store protocols: messages from acceptance to deletion."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.inbox import Received
from bridge.model.message import Message, Part
from bridge.model.query import MessageQuery, Page
from bridge.model.statistics import Counted


class SubmissionStore(Protocol):
    """Accepts messages."""

    async def submit(
        self, messages: Sequence[Message], idempotency_key: str = "", request_digest: str = "", apart: bool = False
    ) -> tuple[Sequence[Message], bool]:
        """Store all messages or none. The second value tells that the key was known and these are the first call's.

        `apart`: the account has credits or limits, so this may be refused; whether it is does not depend on it, but
        kept apart it slows nobody else. Raises AlreadyUsed, OutOfCredit, DailyLimit.
        """
        ...

    async def remembered(self, account: str, key: str, digest: str) -> Sequence[Message] | None:
        """The remaining messages accepted under an idempotency key; None for an unknown key.

        Raises IdempotencyConflict for another request, NotPossible when all of them were deleted.
        """
        ...


class MessageStore(Protocol):
    """Looks up, cancels and deletes messages."""

    async def message(self, id: str) -> Message: ...
    async def messages(self, account: str, query: MessageQuery) -> Page[Message]: ...
    async def count(self, account: str, query: MessageQuery) -> int: ...
    async def parts(self, id: str) -> Sequence[Part]: ...
    async def cancel(self, id: str, now: int) -> Message: ...
    async def resend(self, id: str, now: int) -> Message: ...
    async def delete_messages(self, account: str, query: MessageQuery) -> int: ...


class StatisticsStore(Protocol):
    """How much there is, whatever is kept."""

    async def statistics(self, account: str, edges: Sequence[int]) -> Sequence[Counted]:
        """The counters of the periods between these edges, Unix ms in whole quarters of an hour, ascending.

        Messages by when they were accepted, "" for everybody's; received SMS, which are everybody's.
        """
        ...

    async def sent(self, account: str, since: int = 0) -> int:
        """How many messages an account has sent, deleted ones included; of all accounts for "".

        `since`: only of those accepted since then, Unix ms in whole quarters of an hour.
        """
        ...


class PullStore(Protocol):
    """Hands out rows once to an account that pulls."""

    async def hand_out_reports(
        self, account: str, report_on: str, reporting: frozenset[str], limit: int
    ) -> Sequence[tuple[Message, bool, int]]:
        """Hand out messages that ended since the last call, as they were then, with success and Unix ms; oldest first.

        `report_on` is that of `Terms`; `reporting` are the lines that can report delivery.
        """
        ...

    async def hand_out_received(self, account: str, since: int, limit: int) -> Sequence[Received]:
        """Hand out SMS received since the last call and since this moment (Unix ms), oldest first."""
        ...

    async def tags(self, account: str, dialect: str, answers: Sequence[Received]) -> Sequence[str]:
        """For each received SMS the tag of the last message of a dialect to its sender before it; "" for none."""
        ...
