"""How much was sent and received, by time, line and state."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import field
from enum import StrEnum

from bridge.dataclass import dataclass
from bridge.model.message import State


class Step(StrEnum):
    """How long a period is."""

    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class StatisticsQuery:
    """Of what time, in which periods; what is left at its default is today, or the last thirty days."""

    step: Step = Step.HOUR
    #: IANA name of the time zone in which hours and days begin; "" for the account's
    zone: str = ""
    #: Unix ms: the periods that hold these moments are the first and the last
    since: int = 0
    until: int = 0
    #: only this line; "" for all
    line: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """What one counter of the store says."""

    #: which of the periods that were asked about, from 0
    period: int
    #: that carried it; "" for messages that no line has taken yet
    line: str
    #: that the messages have now; None for received SMS
    state: State | None
    messages: int
    #: radio SMS of these messages
    parts: int = 0


@dataclass(slots=True)
class Tally:
    """A sum of counters."""

    states: Counter[State] = field(default_factory=Counter)
    parts: int = 0
    received: int = 0

    @property
    def accepted(self) -> int:
        """Messages, whatever became of them."""
        return self.states.total()

    def add(self, counted: Counted) -> None:
        """Count these, too."""
        if counted.state is None:
            self.received += counted.messages
        else:
            self.states[counted.state] += counted.messages
            self.parts += counted.parts


@dataclass(frozen=True, slots=True)
class Statistics:
    """Messages by when they were accepted and what state they have now, and SMS by when they came in."""

    step: Step
    zone: str
    #: Unix ms: where each period begins, and where the last one ends
    edges: tuple[int, ...]
    totals: Tally
    #: one for each period
    periods: tuple[Tally, ...]
    lines: dict[str, Tally]


def summed(counted: Iterable[Counted], query: StatisticsQuery, edges: tuple[int, ...]) -> Statistics:
    """What the counters of the periods between these edges add up to."""
    totals, periods, lines = Tally(), tuple(Tally() for _ in edges[1:]), dict[str, Tally]()
    for each in counted:
        if query.line and each.line != query.line:
            continue
        for tally in (totals, periods[each.period], lines.setdefault(each.line, Tally())):
            tally.add(each)
    return Statistics(query.step, query.zone, edges, totals, periods, dict(sorted(lines.items())))
