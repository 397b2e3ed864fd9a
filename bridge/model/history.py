"""What is remembered of lines: their signal by the quarter of an hour, past alarms, and how to ask for it."""

from bridge.dataclass import dataclass

QUARTER = 900_000  # ms


@dataclass(frozen=True, slots=True)
class Quarter:
    """A line in one quarter of an hour, as far as the bridge ran in it."""

    line: str
    #: where it begins, Unix ms
    at: int
    #: the last level that the device told, dBm; None where it told none
    signal_dbm: int | None
    #: seconds in which the line could not send
    away: int
    #: seconds in which the bridge looked
    watched: int


@dataclass(frozen=True, slots=True)
class Latest:
    """When a line last sent and last received, Unix ms; 0 for never."""

    sent_at: int = 0
    received_at: int = 0


@dataclass(frozen=True, slots=True)
class Ongoing:
    """An alarm that was raised and is not over."""

    #: the same for as long as it goes on
    id: str
    title: str
    #: in the driver's or the network's words
    reason: str
    #: "" when it is about more than one
    line: str
    began_at: int


@dataclass(frozen=True, slots=True)
class PastAlarm:
    """An alarm that was raised. Times are Unix ms."""

    #: what it is about: the same each time it happens again
    key: str
    title: str
    #: in the driver's or the network's words
    reason: str
    #: "" when it is about more than one
    line: str
    began_at: int
    #: when it was told: an alarm waits for a while before that
    raised_at: int
    #: 0 while it goes on
    ended_at: int = 0


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Selects alarms or loop-backs, newest first."""

    #: "" for every line; a loop-back is of both its lines
    line: str = ""
    limit: int = 100
    cursor: str = ""
