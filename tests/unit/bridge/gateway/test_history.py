"""A line's history is what is written with what is not written yet."""

import pytest

from bridge.errors import BadRequest, NoSuchThing
from bridge.gateway.history import DAY, History
from bridge.model.history import QUARTER, Quarter
from bridge.model.line import Line
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import FakeClock

NOW = 1_774_040_400_000
LINE = Line("office", "office", "gsm_modem")


def quarter(before: int, signal: int | None = -71, away: int = 0, watched: int = 900) -> Quarter:
    return Quarter("office", NOW - before * QUARTER, signal, away, watched)


def history(store: SqliteStore, *recent: Quarter) -> History:
    return History(store, FakeClock(NOW), lambda: [LINE], lambda line: recent)


async def test_it_is_the_last_day_when_nothing_is_said(store: SqliteStore) -> None:
    await store.keep_quarters([quarter(97), quarter(96), quarter(1, -93, 10, 300)], 0)
    found = await history(store, quarter(1, None, 5, 100), quarter(0)).quarters("office")
    assert found == [quarter(96), quarter(1, -93, 15, 400), quarter(0)]


async def test_a_span_that_is_said_is_kept_to(store: SqliteStore) -> None:
    await store.keep_quarters([quarter(97), quarter(96)], 0)
    found = await history(store, quarter(0)).quarters("office", NOW - 97 * QUARTER, NOW - 1)
    assert found == [quarter(97), quarter(96)]


async def test_says_what_it_cannot_show(store: SqliteStore) -> None:
    asked = history(store)
    with pytest.raises(NoSuchThing, match="attic"):
        await asked.quarters("attic")
    with pytest.raises(BadRequest, match="before"):
        await asked.quarters("office", NOW, NOW - 1)
    with pytest.raises(BadRequest, match="31 days"):
        await asked.quarters("office", NOW - 32 * DAY)
