"""Hours and days begin where the zone's do, and an account hears of its own."""

from datetime import UTC, datetime

import pytest

from bridge.errors import BadRequest
from bridge.gateway.statistics import DAYS, MOST, StatisticsQueries
from bridge.model.message import State
from bridge.model.statistics import StatisticsQuery, Step
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import FakeClock
from tests.support.store_rows import CAFE, SHOP, message
from tests.unit.bridge.gateway.conftest import CHIEF

HOUR = 3_600_000
#: a day after that on which Berlin's clocks go back
NOON = int(datetime(2026, 10, 26, 12, tzinfo=UTC).timestamp()) * 1000


@pytest.fixture
def figures(store: SqliteStore) -> StatisticsQueries:
    return StatisticsQueries(store, FakeClock(NOON))


async def test_it_is_today_by_the_hour_when_nothing_is_said(figures: StatisticsQueries, store: SqliteStore) -> None:
    await store.submit([message(1, created_at=NOON), message(2, created_at=NOON - 24 * HOUR)])
    await store.submit([message(3, created_at=NOON, account="cafe", parts=3)])
    found = await figures(SHOP, StatisticsQuery(zone="Europe/Berlin"))
    assert (found.edges[0], found.edges[-1]) == (NOON - 13 * HOUR, NOON + HOUR)
    assert [each.accepted for each in found.periods] == [0] * 13 + [1]
    assert (found.totals.accepted, found.totals.parts, found.totals.states[State.QUEUED]) == (1, 1, 1)
    assert (await figures(CAFE, StatisticsQuery())).totals.parts == 3
    assert (await figures(CHIEF, StatisticsQuery())).totals.accepted == 2


async def test_a_day_with_a_change_of_the_clocks_has_25_hours(figures: StatisticsQueries) -> None:
    found = await figures(SHOP, StatisticsQuery(Step.DAY, "Europe/Berlin"))
    assert len(found.periods) == DAYS
    lengths = [(end - start) // HOUR for start, end in zip(found.edges, found.edges[1:], strict=False)]
    assert lengths[-3:] == [24, 25, 24]


@pytest.mark.parametrize(("zone", "minutes"), [("Asia/Kolkata", 30), ("Asia/Kathmandu", 15), ("UTC", 0)])
async def test_hours_begin_where_the_zones_do(figures: StatisticsQueries, zone: str, minutes: int) -> None:
    found = await figures(SHOP, StatisticsQuery(zone=zone))
    assert {edge // 60_000 % 60 for edge in found.edges} == {minutes}
    assert found.edges[-2] <= NOON < found.edges[-1]


async def test_only_one_line_when_it_is_named(figures: StatisticsQueries, store: SqliteStore) -> None:
    await store.submit([message(1, created_at=NOON), message(2, created_at=NOON)])
    await store.claim("office", ("",), NOON * 2)
    assert list((await figures(SHOP, StatisticsQuery())).lines) == ["", "office"]
    assert (await figures(SHOP, StatisticsQuery(line="office"))).totals.states == {State.SENDING: 1}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (StatisticsQuery(since=NOON - MOST * HOUR), "since"),
        (StatisticsQuery(since=NOON, until=NOON - 1), "until"),
        (StatisticsQuery(zone="Mars/Olympus"), "zone"),
    ],
)
async def test_says_what_cannot_be_counted(figures: StatisticsQueries, query: StatisticsQuery, field: str) -> None:
    with pytest.raises(BadRequest) as raised:
        await figures(SHOP, query)
    assert raised.value.field == field


async def test_what_was_sent_is_counted_for_an_account_and_for_all_by_an_operator(
    figures: StatisticsQueries, store: SqliteStore
) -> None:
    await store.submit([message(number, state=State.SENT, created_at=NOON - number * 24 * HOUR) for number in range(3)])
    await store.submit([message(3, account="cafe", state=State.DELIVERED, created_at=NOON)])
    assert [await figures.sent(account) for account in (SHOP, CAFE, CHIEF)] == [3, 1, 4]
    assert [await figures.sent(account, NOON) for account in (SHOP, CAFE, CHIEF)] == [1, 1, 2]
