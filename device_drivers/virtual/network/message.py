"""A message between a sender and the service centre, and what the centre says to it."""

import time
from dataclasses import dataclass

#: the number of the virtual network's service centre
SERVICE_CENTRE = "+15550199"


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
