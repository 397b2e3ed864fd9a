"""Counters add up to the periods and lines that they are of."""

from bridge.model.message import State
from bridge.model.statistics import Counted, StatisticsQuery, Step, summed

COUNTED = [
    Counted(0, "van", State.SENT, 2, 5),
    Counted(1, "", State.QUEUED, 1, 1),
    Counted(1, "van", None, 4),
]


def test_messages_and_received_sms_are_told_apart() -> None:
    found = summed(COUNTED, StatisticsQuery(Step.DAY, "UTC"), (0, 1, 2))
    assert (found.totals.accepted, found.totals.parts, found.totals.received) == (3, 6, 4)
    assert [(each.accepted, each.received) for each in found.periods] == [(2, 0), (1, 4)]
    assert list(found.lines) == ["", "van"]


def test_other_lines_are_left_out_where_one_is_named() -> None:
    found = summed(COUNTED, StatisticsQuery(zone="UTC", line="van"), (0, 1, 2))
    assert (found.totals.states, found.totals.received) == ({State.SENT: 2}, 4)
    assert list(found.lines) == ["van"]
