"""A site: another bridge whose lines are lines of this one, its hub. Times are Unix milliseconds."""

from collections.abc import Sequence
from enum import StrEnum

from bridge.dataclass import dataclass
from bridge.model.history import Ongoing
from bridge.model.line import Line


class Way(StrEnum):
    """How a site is reached."""

    #: not yet: it has not joined
    AWAITED = "awaited"
    #: at a URL
    URL = "url"
    #: over the connection that it makes itself
    DIALS = "dials"


@dataclass(frozen=True, slots=True)
class Site:
    """What is known here of a site. Times are by this bridge's clock, 0 for never and for what is not known."""

    #: of the device that leads to it
    name: str
    way: Way
    #: where it is; "" for one that dials
    url: str = ""
    joined_at: int = 0
    is_connected: bool = False
    #: since when, while it is
    connected_at: int = 0
    #: when it said anything last
    heard_at: int = 0
    #: ms by which what is known of it is behind what happens there; None when that is not known
    lag: int | None = None
    #: of the oldest of its events that this bridge is not done with; 0 for none that it knows of
    oldest_event_at: int = 0
    #: messages that it was given, and whose outcome it has not told
    waiting_there: int = 0
    #: messages that are due and wait here for its lines, up to `MOST_TOLD`
    waiting_here: int = 0
    #: ms by which its clock is ahead, 0 for as good as none; None while it is not known
    ahead: int | None = None
    #: its release; "" while it is not known
    version: str = ""
    #: what is wrong with it, and what to do: a sentence each
    problems: Sequence[str] = ()
    #: about one of its lines, and not over, but for those that this bridge raises itself; None while not known
    alarms: Sequence[Ongoing] | None = None
    #: those that it shares; none before it was reached for the first time
    lines: Sequence[Line] = ()
