"""Lines are sampled by the quarter of an hour and written once an hour."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.errors import StoreUnavailable
from bridge.model.event import LINE_CHANGED, Event
from bridge.model.history import QUARTER, Quarter
from bridge.model.line import Line, LineState
from bridge.monitoring.sampler import MOST_WAITING, Sampler
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import FakeClock, settle, skip
from tests.support.waiting import until

HOUR = 4 * QUARTER
#: on the hour
START = 1_774_040_400_000
OFFICE = Line("office", "office", "gsm_modem", LineState.READY, signal_dbm=-71)


class Disk(SqliteStore):
    """A store whose disk can be full."""

    full = False
    #: transactions that it took
    taken = 0

    async def keep_quarters(self, quarters: Sequence[Quarter], older_than: int) -> None:  # type: ignore[override]
        if self.full:
            raise StoreUnavailable("the disk is full")
        await super().keep_quarters(quarters, older_than)
        self.taken += 1


class Site:
    """A sampler that is looked at whenever time has passed."""

    def __init__(self, store: Disk) -> None:
        self.store = store
        self.clock = FakeClock(START)
        self.bus = Bus()
        self.lines = [OFFICE]
        self.sampler = Sampler(store, self.bus, self.clock, lambda: self.lines)

    async def after(self, ms: int, *lines: Line) -> None:
        """So much time passes; after it the lines are like this."""
        self.clock.at += ms
        skip(ms / 1000)
        self.lines = list(lines) or self.lines
        self.bus.publish([Event(0, "", LINE_CHANGED, "", self.clock.at, "office", {})])
        await settle()

    async def written(self) -> list[tuple[int, int | None, int, int]]:
        found = await self.store.quarters("office", 0, self.clock.at)
        return [((each.at - START) // QUARTER, each.signal_dbm, each.away, each.watched) for each in found]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    store = Disk(str(tmp_path / "bridge.db"))
    await store.open()
    site = Site(store)
    await site.sampler.start()
    yield site
    await site.sampler.close()
    await store.close()


async def test_an_hour_is_one_transaction(here: Site) -> None:
    for _ in range(7):
        await here.after(QUARTER)
    await until(lambda: here.store.taken)
    assert await here.written() == [(n, -71, 0, 900) for n in range(4)]
    assert here.store.taken == 1


async def test_what_is_not_written_yet_is_known_all_the_same(here: Site) -> None:
    await here.after(QUARTER)
    await here.after(60_000, replace(OFFICE, signal_dbm=-93))
    await here.after(60_000)
    assert [(each.at - START, each.signal_dbm, each.watched) for each in here.sampler.recent("office")] == [
        (0, -71, 900), (QUARTER, -93, 120),
    ]  # fmt: skip
    assert here.sampler.recent("attic") == []
    assert here.store.taken == 0


async def test_counts_the_seconds_in_which_a_line_could_not_send(here: Site) -> None:
    gone = replace(OFFICE, state=LineState.ABSENT)
    await here.after(100_000, gone)
    await here.after(250_000, OFFICE)
    await here.after(550_000)
    (quarter, _) = here.sampler.recent("office")
    assert (quarter.away, quarter.watched, quarter.signal_dbm) == (250, 900, -71)


async def test_what_a_line_told_before_it_went_is_no_signal_of_now(here: Site) -> None:
    await here.after(0, replace(OFFICE, state=LineState.ABSENT))
    await here.after(QUARTER)
    assert here.sampler.recent("office")[0].signal_dbm is None


async def test_an_end_writes_what_was_seen(here: Site) -> None:
    await here.after(QUARTER + 300_000)
    await here.sampler.close()
    assert await here.written() == [(0, -71, 0, 900)]
    here.sampler = Sampler(here.store, here.bus, here.clock, lambda: here.lines)
    await here.sampler.start()
    await here.after(60_000)
    assert [each.watched for each in here.sampler.recent("office")] == [60]


async def test_a_full_disk_loses_nothing_and_fills_no_memory(here: Site) -> None:
    here.store.full = True
    for _ in range(MOST_WAITING + 8):
        await here.after(QUARTER)
    assert len(here.sampler.recent("office")) == MOST_WAITING + 1
    here.store.full = False
    for _ in range(4):
        await here.after(QUARTER)
    await until(lambda: here.store.taken)
    assert len(await here.written()) == MOST_WAITING
