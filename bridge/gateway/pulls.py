"""Reports and received SMS that pulling dialects hand out exactly once."""

from collections.abc import Callable, Sequence

from bridge.dataclass import dataclass
from bridge.model.account import Account
from bridge.model.inbox import Received
from bridge.model.line import Line
from bridge.model.message import Message
from bridge.ports.store import PullStore


@dataclass(frozen=True, slots=True)
class Report:
    """The final state of a message, as `Terms.report_on` of its account counts it."""

    #: as it was then
    message: Message
    #: success, or the message's state and error say why not
    success: bool
    #: Unix ms
    at: int


class Pulls:
    """Hands out each row once, also over crashes: rows are marked in the transaction that reads them
    (`gateway.pulls`).
    """

    def __init__(self, store: PullStore, lines: Callable[[], Sequence[Line]]) -> None:
        self._store = store
        self._lines = lines

    async def reports(self, account: Account, limit: int = 500) -> Sequence[Report]:
        """Hand out reports not handed out before, oldest first.

        After a success nothing more is reported about a message; an unknown outcome or a failure may be followed by
        another end, when evidence or another try brought one.
        """
        reporting = frozenset(line.name for line in self._lines() if line.reports)
        ends = await self._store.hand_out_reports(account.name, account.terms.report_on, reporting, limit)
        return [Report(*end) for end in ends]

    async def received(self, account: Account, limit: int = 500) -> Sequence[Received]:
        """Hand out received SMS not handed out before, oldest first, since the account's creation."""
        return await self._store.hand_out_received(account.name, account.created_at, limit)

    async def tags(self, account: Account, dialect: str, answers: Sequence[Received]) -> Sequence[str]:
        """The tags of the messages that received SMS answer: of the last one to each sender before it."""
        return await self._store.tags(account.name, dialect, answers)
