"""Counting, without anybody who reads."""

import pytest

from bridge.bus import Bus
from bridge.errors import DeviceLost, NotAllowed, OutcomeUnknown, Refusal, SendRefused, TooManyRequests, WrongSecret
from bridge.model.event import Event
from bridge.model.webhook import Delivery, DeliveryState
from bridge.telemetry.metrics import Counter, Gauge, Histogram, Metrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def value(metrics: Metrics, name: str, *labels: str) -> float:
    found = metrics.all[name]
    assert isinstance(found, Counter | Gauge)
    return found.values[labels]


def total(metrics: Metrics, name: str, *labels: str) -> tuple[float, float]:
    """How many, and their sum."""
    found = metrics.all[name]
    assert isinstance(found, Histogram)
    cells = found.values[labels]
    return sum(cells[:-1]), cells[-1]


def told(name: str, **data: object) -> Event:
    return Event(1, "", f"message.{name}", "shop", 0, "", data)


def test_a_histogram_counts_what_is_equal_to_a_bound_below_it(metrics: Metrics) -> None:
    made = metrics.histogram("x_seconds", "", (1, 2))
    for each in (0.5, 1, 1.5, 2, 3):
        made.observe(each)
    assert made.values[()] == [2, 2, 1, 8.0]


def test_a_copy_stays_as_it_was(metrics: Metrics) -> None:
    histogram, counter = metrics.histogram("x_seconds", "", (1,), "line"), metrics.counter("x_total", "", "line")
    histogram.observe(1, "a")
    counter.add("a")
    copies = histogram.copy(), counter.copy()
    histogram.observe(1, "a")
    counter.add("a")
    assert (copies[0].values, copies[1].values) == ({("a",): [1, 0, 1]}, {("a",): 1})


def test_another_part_adds_a_metric_in_one_line(metrics: Metrics) -> None:
    metrics.gauge("sms_bridge_moon_phase_ratio", "How much of it is lit.", "place").set(0.5, "here")
    assert value(metrics, "sms_bridge_moon_phase_ratio", "here") == 0.5


def test_a_first_failure_grows_from_0(metrics: Metrics) -> None:
    metrics.sent("shop", "office", 1500)
    assert value(metrics, "sms_bridge_messages_sent_total", "shop", "office") == 1
    assert value(metrics, "sms_bridge_messages_failed_total", "shop", "office") == 0
    assert total(metrics, "sms_bridge_message_wait_seconds", "office") == (1, 1.5)


@pytest.mark.parametrize("ending", ["delivered", "failed", "expired", "unknown", "cancelled"])
def test_endings_are_counted_as_the_bus_tells_them(ending: str) -> None:
    bus = Bus()
    bus.publish([told(ending, line="office"), told(ending, line="office")])
    assert value(bus.metrics, f"sms_bridge_messages_{ending}_total", "shop", "office") == 2


def test_the_time_of_a_report_is_that_since_it_was_sent() -> None:
    bus = Bus()
    bus.publish([told("delivered", line="office", sent_at=1000, delivered_at=3500)])
    assert total(bus.metrics, "sms_bridge_message_report_seconds", "office") == (1, 2.5)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "sent"),
        (SendRefused("+CMS ERROR: 42", Refusal.TEMPORARY), "refused_temporary"),
        (SendRefused("no credit", Refusal.CREDIT), "refused_credit"),
        (DeviceLost(), "lost"),
        (OutcomeUnknown(), "unknown"),
        (ValueError(), "unknown"),
    ],
)
def test_what_a_device_makes_of_a_part(metrics: Metrics, error: Exception | None, outcome: str) -> None:
    metrics.attempted("office", 0.3, error)
    sends = metrics.all["sms_bridge_sends_total"]
    assert isinstance(sends, Counter)
    assert [labels for labels, count in sends.values.items() if count] == [("office", outcome)]


def test_only_those_who_were_not_let_in_are_rejections(metrics: Metrics) -> None:
    for error in (WrongSecret(), TooManyRequests(3), ValueError()):
        metrics.refused(error)
    other = ValueError()
    other.__cause__ = NotAllowed()
    metrics.refused(other)
    found = metrics.all["sms_bridge_rejected_calls_total"]
    assert isinstance(found, Counter)
    assert found.values == {("wrong_secret",): 1, ("too_many_requests",): 1, ("not_allowed",): 1}


def test_a_webhook_owed_once_more_is_timed_from_then(metrics: Metrics) -> None:
    row = Delivery("d", 1, "e", "shop", "v", "message.sent", DeliveryState.DELIVERED, 1, 5000, 1000, delivered_at=5250)
    metrics.attempted_webhook(row)
    assert total(metrics, "sms_bridge_webhook_delivery_seconds") == (1, 0.25)


def test_a_dead_letter_is_a_failure_too(metrics: Metrics) -> None:
    metrics.know_account("shop")
    metrics.attempted_webhook(Delivery("d", 1, "e", "shop", "v", "message.sent", DeliveryState.DEAD, 9, 0, 0))
    assert value(metrics, "sms_bridge_webhook_failures_total", "shop") == 1
    assert value(metrics, "sms_bridge_webhooks_dead_total", "shop") == 1
    assert value(metrics, "sms_bridge_webhooks_delivered_total", "shop") == 0


def test_a_pair_of_lines_is_well_until_its_first_loop_back_ought_to_have_come_back(metrics: Metrics) -> None:
    last = "sms_bridge_loopback_last_success_timestamp_seconds"
    metrics.loop_began("office", "shop", 5000)
    metrics.loop_began("office", "shop", 9000)
    assert value(metrics, last, "office", "shop") == 5
    metrics.loop_lost("office", "shop")
    assert value(metrics, "sms_bridge_loopback_lost_total", "office", "shop") == 1
    metrics.loop_ended("office", "shop", 12_000, 3.5)
    assert value(metrics, last, "office", "shop") == 12
    assert total(metrics, "sms_bridge_loopback_seconds", "office", "shop") == (1, 3.5)


def test_a_loop_back_of_an_earlier_process_is_remembered_without_its_time(metrics: Metrics) -> None:
    metrics.loop_ended("office", "shop", 12_000)
    assert value(metrics, "sms_bridge_loopback_last_success_timestamp_seconds", "office", "shop") == 12
    assert metrics.all["sms_bridge_loopback_seconds"].copy().values == {}  # type: ignore[attr-defined]


def test_names_follow_the_conventions(metrics: Metrics) -> None:
    for name, metric in metrics.all.items():
        assert name.startswith("sms_bridge_")
        assert name.endswith("_total") == isinstance(metric, Counter), name
        assert metric.help.endswith("."), name
        assert not any(name.endswith(unit) for unit in ("_ms", "_milliseconds", "_kilobytes", "_percent")), name
