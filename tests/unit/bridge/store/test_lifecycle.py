"""Which report is believed for which part, and for how long."""

import pytest

from bridge.model.message import Message, State
from bridge.model.radio import InboundReport
from bridge.ports.store_rows import Outcome
from bridge.store.lifecycle import EARLY_REPORT_WINDOW, REPORT_WINDOW
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW, message

SECOND = 1000
FIRST = message(1)


async def sent(store: SqliteStore, which: Message, reference: int | None, at: int, state: State = State.SENT) -> State:
    """Submitted, claimed and recorded as the line's answer has it."""
    await store.submit([which])
    await store.claim("office", ("", "office"), at)
    return (await store.record(Outcome(which.id, 1, state, reference), at)).state


def report(reference: int, at: int, state: State = State.DELIVERED, recipient: str = FIRST.recipient) -> InboundReport:
    return InboundReport("office", f"SR:{reference}:{at}", recipient, reference, state, "", at)


async def reported(store: SqliteStore, reference: int, at: int, state: State = State.DELIVERED) -> State:
    """The message's state after a report."""
    await store.settle(report(reference, at, state), at)
    return (await store.message(FIRST.id)).state


@pytest.mark.parametrize(
    ("late", "expected"), [(-SECOND, State.DELIVERED), (SECOND, State.SENT)], ids=["in time", "too late"]
)
async def test_a_report_is_for_a_part_of_the_last_days_only(store: SqliteStore, late: int, expected: State) -> None:
    """The network numbers parts from 0 to 255 and begins again: an old part must not take a new one's report."""
    await sent(store, FIRST, 7, NOW)
    assert await reported(store, 7, NOW + REPORT_WINDOW + late) is expected


@pytest.mark.parametrize(
    ("late", "expected"), [(-SECOND, State.DELIVERED), (SECOND, State.UNKNOWN)], ids=["in time", "too late"]
)
async def test_an_unknown_part_is_settled_by_a_report_of_the_last_days_only(
    store: SqliteStore, late: int, expected: State
) -> None:
    await sent(store, FIRST, None, NOW, State.UNKNOWN)
    assert await reported(store, 7, NOW + REPORT_WINDOW + late) is expected


@pytest.mark.parametrize(
    ("late", "expected"), [(-SECOND, State.DELIVERED), (SECOND, State.SENT)], ids=["in time", "too late"]
)
async def test_a_report_that_came_before_the_answer_is_believed_for_minutes_only(
    store: SqliteStore, late: int, expected: State
) -> None:
    await store.settle(report(7, NOW), NOW)
    assert await sent(store, FIRST, 7, NOW + EARLY_REPORT_WINDOW + late) is expected


async def test_still_trying_after_the_network_gave_up_changes_nothing(store: SqliteStore) -> None:
    await sent(store, FIRST, 7, NOW)
    assert await reported(store, 7, NOW + 1, State.FAILED) is State.FAILED
    assert await reported(store, 7, NOW + 2, State.SENT) is State.FAILED
    assert await reported(store, 7, NOW + 3, State.DELIVERED) is State.DELIVERED
