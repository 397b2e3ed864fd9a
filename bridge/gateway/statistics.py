"""Statistics of what was sent and received, by the hour or by the day."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo

from bridge.accounts.terms import check_zone
from bridge.errors import BadRequest
from bridge.gateway.endpoints import scope
from bridge.model.account import Account
from bridge.model.statistics import Statistics, StatisticsQuery, Step, summed
from bridge.ports.clock import Clock
from bridge.ports.store import StatisticsStore
from bridge.zones import zone

#: periods in one answer
MOST = 400
#: periods of a day when not said otherwise, the current one with them
DAYS = 30
_LENGTH = {Step.HOUR: 3_600_000, Step.DAY: 86_400_000}  # ms


class StatisticsQueries:
    """An account's messages are counted, and everybody's for an operator. `gateway.statistics`."""

    def __init__(self, store: StatisticsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self, account: Account, query: StatisticsQuery) -> Statistics:
        """Raises BadRequest for an unknown zone, and for more than `MOST` periods."""
        query = replace(query, zone=query.zone or account.terms.zone)
        check_zone(query.zone)
        edges = tuple(_edges(query, zone(query.zone), self._clock.now()))
        return summed(await self._store.statistics(scope(account), edges), query, edges)

    async def sent(self, account: Account, since: int = 0) -> int:
        """How many messages were sent, deleted ones included; of those accepted since then (Unix ms, a midnight)."""
        return await self._store.sent(scope(account), since)


def _edges(query: StatisticsQuery, here: tzinfo, now: int) -> Iterator[int]:
    until = query.until or max(now, query.since)
    days = 1 if query.step is Step.HOUR else DAYS
    since = query.since or _midnight(_day(until, here) - timedelta(days - 1), here)
    if until < since:
        raise BadRequest("`until` lies before `since`", "until")
    if (until - since) // _LENGTH[query.step] >= MOST:
        raise BadRequest(f"more than {MOST} periods: let it begin later, or ask for days", "since")
    return _days(since, until, here) if query.step is Step.DAY else _hours(since, until, here)


def _days(since: int, until: int, here: tzinfo) -> Iterator[int]:
    """A day with a change of the clocks has 23 or 25 hours."""
    day = _day(since, here)
    while (edge := _midnight(day, here)) <= until:
        yield edge
        day += timedelta(1)
    yield edge


def _hours(since: int, until: int, here: tzinfo) -> Iterator[int]:
    """They begin where the zone's do: some are half an hour or a quarter away from UTC."""
    hour = _LENGTH[Step.HOUR]
    offset = datetime.fromtimestamp(since / 1000, here).utcoffset() or timedelta()
    ahead = round(offset.total_seconds()) * 1000
    start = (since + ahead) // hour * hour - ahead
    yield from range(start, until + hour + 1, hour)


def _day(at: int, here: tzinfo) -> date:
    return datetime.fromtimestamp(at / 1000, here).date()


def _midnight(day: date, here: tzinfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=here).timestamp()) * 1000
