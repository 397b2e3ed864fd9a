"""A message on its way through the service centre, and the centre's answer to its sender."""

import time

from bridge.dataclass import dataclass

#: the number of the virtual network's service centre
SERVICE_CENTRE = "+15550199"


class Moments:
    """Times of what one person reads and writes: a question comes before its answer within a millisecond too."""

    def __init__(self) -> None:
        self._last = 0

    def later(self, at: int) -> int:
        """This time in Unix ms, or the millisecond after the last one where that is later."""
        self._last = max(at, self._last + 1)
        return self._last


def now() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Posting:
    """A message as the network takes it from a sender."""

    sender: str
    recipient: str
    #: TP-MR that the sender's modem gave it
    reference: int
    report: bool
    #: the SMS-DELIVER it becomes
    pdu: str
    #: Unix ms
    sent_at: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The network took it."""

    #: False when the modem is never to hear of it
    answered: bool = True


#: Accepted, or the code of a +CMS ERROR
Verdict = Accepted | int
