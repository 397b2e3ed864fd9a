"""What is read when somebody asks: lines as they are, ages by the clock, and nothing where nothing is known."""

from dataclasses import replace

import pytest

from api.operations import scrape
from bridge.model.line import Line, LineState
from bridge.ports.store_rows import Backlog, Room
from bridge.telemetry.metrics import Gauge
from tests.support.store_rows import NOW

READY = Line("office", "office", "gsm_modem", LineState.READY, model="E3372", signal_dbm=-71, seen_at=NOW)
ABSENT = replace(READY, name="attic", device="attic", state=LineState.ABSENT, battery=87)


def read(gauges: object, name: str) -> dict[tuple[str, ...], float]:
    """The values of one of them."""
    (gauge,) = [each for each in gauges if isinstance(each, Gauge) and each.name == name]  # type: ignore[attr-defined]
    return dict(gauge.values)


def test_a_line_is_in_one_state_and_not_in_the_others() -> None:
    states = read(scrape.lines([READY, ABSENT]), "sms_bridge_line_state")
    assert len(states) == 2 * len(LineState)
    assert {key for key, value in states.items() if value} == {
        ("office", "office", "ready"),
        ("attic", "attic", "absent"),
    }


def test_what_is_not_known_of_a_line_is_left_out() -> None:
    lines = [READY, ABSENT, replace(READY, name="new", signal_dbm=None, seen_at=0)]
    assert read(scrape.lines(lines), "sms_bridge_line_signal_dbm") == {("office",): -71}
    assert read(scrape.lines(lines), "sms_bridge_line_battery_ratio") == {("attic",): 0.87}
    seen = read(scrape.lines(lines), "sms_bridge_line_last_seen_timestamp_seconds")
    assert seen == {("office",): NOW / 1000, ("attic",): NOW / 1000}


def test_the_lag_of_a_site_is_told_while_its_line_is_there() -> None:
    lines = [READY, *(replace(each, name=f"shop2:{each.name}", lag_ms=250) for each in (READY, ABSENT))]
    assert read(scrape.lines(lines), "sms_bridge_line_lag_seconds") == {("shop2:office",): 0.25}


@pytest.mark.parametrize(("since", "seconds"), [(0, 0), (NOW - 90_500, 90.5), (NOW, 0), (NOW + 5_000, 0)])
def test_an_age_is_never_negative_though_the_clock_was_set_back(since: int, seconds: float) -> None:
    gauges = list(scrape.backlog(Backlog(due_since=since, owed_since=since), NOW))
    assert read(gauges, "sms_bridge_queue_oldest_seconds") == {(): seconds}
    assert read(gauges, "sms_bridge_webhooks_oldest_owed_seconds") == {(): seconds}


def test_tells_what_waits_by_state_and_what_is_owed_by_account() -> None:
    gauges = list(scrape.backlog(Backlog(scheduled=1, queued=2, sending=3, unknown=4, owed={"shop": 5}), NOW))
    assert read(gauges, "sms_bridge_messages") == {("scheduled",): 1, ("queued",): 2, ("sending",): 3, ("unknown",): 4}
    assert read(gauges, "sms_bridge_webhooks_owed") == {("shop",): 5}


def test_tells_the_bytes_of_the_store_and_of_its_disk() -> None:
    gauges = list(scrape.room(Room(database=10, log=2, free=500, total=1000)))
    assert read(gauges, "sms_bridge_store_size_bytes") == {("database",): 10, ("log",): 2}
    assert read(gauges, "sms_bridge_store_disk_free_bytes") == {(): 500}
    assert read(gauges, "sms_bridge_store_disk_size_bytes") == {(): 1000}
