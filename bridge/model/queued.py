"""What came into the queues of messages with one commit, for those who serve them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Queued:
    """Messages of one route that wait to be sent from now on."""

    #: as in `Message.route`
    route: str
    count: int = 1
    #: Unix ms before which none of them may be sent; 0 when they may be sent now
    due_at: int = 0
    #: Unix ms at which the first of them expires; 0 when none does
    expires_at: int = 0
