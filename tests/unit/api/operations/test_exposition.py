"""The written formats, byte for byte beside those of Prometheus' own library."""

from collections.abc import Iterable
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from api.operations import exposition, scrape
from bridge.telemetry.metrics import Counter, Gauge, Histogram, Labels, Metric

BOUNDS = (0.0005, 1, 2.5, 1_000_000, 12_345_678)
VALUES = st.one_of(
    st.floats(allow_nan=False), st.integers(-(10**18), 10**18), st.sampled_from((0, 1e6, 999_999, 1e21, 123_456_789.5))
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SERIES = st.dictionaries(st.tuples(TEXT, TEXT), VALUES, max_size=3)


class Collector:
    """The same metrics, as the library has them."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Family]:
        return map(family, self._metrics)


def family(metric: Metric) -> Family:
    if isinstance(metric, Histogram):
        made = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        bounds = [*(str(float(bound)) for bound in metric.bounds), "+Inf"]
        for labels, (*counts, total) in metric.values.items():
            made.add_metric(labels, list(zip(bounds, accumulate(counts), strict=True)), total)
        return made
    assert isinstance(metric, Counter | Gauge)
    kind = CounterMetricFamily if isinstance(metric, Counter) else GaugeMetricFamily
    plain = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in metric.values.items():
        plain.add_metric(labels, value)
    return plain


def metrics(help: str, series: dict[Labels, float], observed: Iterable[float]) -> list[Metric]:
    counter, gauge = Counter("x_total", help, ("b", "a")), Gauge("y_bytes", help, ("b", "a"))
    counter.values, gauge.values = dict(series), dict(series)
    plain, histogram = Gauge("z", help, ()), Histogram("h_seconds", help, ("zone",), BOUNDS)
    plain.set(1)
    for value in observed:
        histogram.observe(value, "here")
    return [counter, gauge, plain, histogram]


@given(TEXT, SERIES, st.lists(st.floats(0, 1e8)))
def test_writes_the_same_bytes_as_the_library(help: str, series: dict[Labels, float], observed: list[float]) -> None:
    some, registry = metrics(help, series, observed), CollectorRegistry()
    registry.register(Collector(some))
    assert exposition.write(some, "*/*")[0] == generate_latest(registry)
    openmetrics: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call]
    assert exposition.write(some, "application/openmetrics-text; version=1.0.0")[0] == openmetrics


def test_what_is_no_character_spoils_no_scrape() -> None:
    gauge = Gauge("x", "", ("operator",))
    gauge.set(1, "Oper\udcffator")
    assert b'x{operator="Oper?ator"} 1.0' in exposition.write([gauge], "")[0]


def test_tells_of_the_process_what_the_library_tells() -> None:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    theirs = {(each.name, each.documentation, each.type): each.samples[0].value for each in registry.collect()}
    ours = {(each.name.removesuffix("_total"), each.help, kind(each)): value(each) for each in scrape.process()}
    assert ours.keys() == theirs.keys()
    steady = [key for key in theirs if "cpu" not in key[0] and "memory" not in key[0] and key[0] != "process_open_fds"]
    assert [ours[key] for key in steady] == [theirs[key] for key in steady]
    assert ours == pytest.approx(theirs, rel=0.2)


def kind(metric: Metric) -> str:
    return type(metric).__name__.lower()


def value(metric: Metric) -> float:
    assert isinstance(metric, Counter | Gauge)
    return metric.values[()]
