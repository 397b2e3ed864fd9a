"""What needs a person, what a person decides, and the life of a message. All times are Unix milliseconds."""

from collections.abc import Sequence
from enum import StrEnum

from bridge.dataclass import dataclass
from bridge.model.event import Event
from bridge.model.history import Ongoing
from bridge.model.line import Line
from bridge.model.message import Message, Part
from bridge.model.site import Site
from bridge.model.webhook import Delivery, Endpoint

#: a count goes no further: nobody needs to know more exactly
MOST_COUNTED = 1_000


class Verdict(StrEnum):
    """What a person says of a message of which nobody knows whether it was sent."""

    #: the recipient has it
    ARRIVED = "arrived"
    #: send it again: the recipient may get it twice
    AGAIN = "again"
    #: nothing is to be done about it
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of a message, and when."""

    verdict: Verdict
    #: as in the audit trail
    who: str
    at: int


@dataclass(frozen=True, slots=True)
class Attention:
    """What needs a person. Lists are the newest of their kind, counts end at MOST_COUNTED."""

    unknown: int
    messages: Sequence[Message]
    dead: int
    deliveries: Sequence[Delivery]
    paused: Sequence[Endpoint]
    #: that cannot send
    lines: Sequence[Line]
    alarms: Sequence[Ongoing] = ()
    #: with which something is wrong
    sites: Sequence[Site] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """All that is known of a message, each kind oldest first."""

    message: Message
    parts: Sequence[Part]
    events: Sequence[Event]
    deliveries: Sequence[Delivery]
    decisions: Sequence[Decision]
