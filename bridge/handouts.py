"""What pulling dialects hand out once: reports on messages, and received SMS."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.model import Account, Message, Received


@dataclass(frozen=True, slots=True)
class Report:
    """A message's end, as its account's terms count it (`Terms.report_on`)."""

    message: Message
    #: success, or the message's state and error say why not
    success: bool
    #: Unix ms
    at: int


class Handouts:
    """Each row once, surviving a crash: marked in the transaction that reads it. `gateway.handouts`."""

    async def reports(self, account: Account, limit: int = 500) -> Sequence[Report]:
        """Ends not handed out before, oldest first."""
        raise AssertionError

    async def received(self, account: Account, limit: int = 500) -> Sequence[Received]:
        """SMS not handed out before, oldest first; begins with the account's creation."""
        raise AssertionError
