"""Loop-backs of other bridges on the store; what passes between two lines is in tests/wire/test_loopback.py."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from bridge.bus import Bus, News
from bridge.config.schema import Loopback as Settings
from bridge.errors import StoreUnavailable
from bridge.gateway.submissions import Submissions
from bridge.model.event import LOOPBACK_ARRIVED, LOOPBACK_LOST, Event
from bridge.model.line import Line
from bridge.model.loopback import Trip
from bridge.monitoring.loopback import Loopback
from bridge.store.sqlite import SqliteStore
from bridge.telemetry.metrics import Counter
from tests.support.clocks import FakeClock
from tests.support.empty_store import empty_store
from tests.support.store_rows import NOW

OWN, OTHER = Line("own", "own", "gsm_modem"), Line("other", "other", "gsm_modem")


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
async def store(tmp_path: Path, bus: Bus) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(empty_store(tmp_path).removeprefix("sqlite:///"), bus)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def loopback(store: SqliteStore, bus: Bus) -> AsyncIterator[Loopback]:
    made = Loopback(
        cast(Submissions, None), store, bus, FakeClock(NOW), Settings(every=3600.0), lambda: (OWN,), lambda line: 0.0
    )
    made.everyone = lambda: (OWN, OTHER)
    yield made
    await made.close()


def lost(bus: Bus) -> dict[tuple[str, ...], float]:
    """How many were counted as lost, by their lines."""
    counter = bus.metrics.all["sms_bridge_loopback_lost_total"]
    assert isinstance(counter, Counter)
    return {lines: count for lines, count in counter.values.items() if count}


def event(name: str, line: str) -> Event:
    told = {"from": line, "to": line, "started_at": NOW, "reason": "nothing came"}
    return Event(1, "e", name, "operator", NOW + 1, f"token of {line}", told)


async def test_what_does_not_arrive_between_lines_of_another_bridge_is_told_and_not_counted(
    loopback: Loopback, bus: Bus
) -> None:
    await loopback.start()
    for line in ("own", "other", "nobody's"):
        bus.hear(News([event(LOOPBACK_LOST, line)]))
    assert [trouble.line for trouble in loopback.troubles()] == ["own", "other"]
    assert lost(bus) == {("own", "own"): 1, ("nobody's", "nobody's"): 1}
    bus.hear(News([event(LOOPBACK_ARRIVED, "other")]))
    assert [trouble.line for trouble in loopback.troubles()] == ["own"]


async def test_one_that_another_bridge_has_on_its_way_is_left_to_it(loopback: Loopback, store: SqliteStore) -> None:
    """Its message may not be there yet, and what was never sent is forgotten."""
    for line in ("own", "other"):
        assert await store.depart(Trip(f"token of {line}", line, line, NOW))
    await loopback.start()
    assert [trip.sender for trip in await store.trips()] == ["other"]


async def test_starts_once_the_store_answers(
    loopback: Loopback, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Callers are answered by then, and what is answered does not end because a database was lost."""
    assert await store.depart(Trip("token", "own", "own", NOW))
    failed, trips = list[str](), store.trips

    async def fail_first() -> Sequence[Trip]:
        if not failed:
            failed.append("once")
            raise StoreUnavailable("the database does not answer")
        return await trips()

    monkeypatch.setattr(store, "trips", fail_first)
    monkeypatch.setattr("bridge.retry.STORE_PAUSE", 0)
    await loopback.start()
    assert failed
    assert not await trips()  # it was resumed: its message was never sent
