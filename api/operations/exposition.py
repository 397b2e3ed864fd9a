"""Metrics in Prometheus' text format, or in OpenMetrics for those who ask for it. Has the library: import it late."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.openmetrics import exposition as openmetrics

from bridge.telemetry.metrics import Counter, Gauge, Histogram, Metric

#: Prometheus exposition formats, "Text-based format"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text"

_process = ProcessCollector(registry=None)


def write(metrics: Sequence[Metric], accept: str) -> tuple[bytes, str]:
    """These and the process' own; the body and its media type. The metrics must not change meanwhile."""
    registry = CollectorRegistry()
    registry.register(_Collector(metrics))
    registry.register(_process)
    if OPENMETRICS in accept:
        body: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
        return body, openmetrics.CONTENT_TYPE_LATEST
    return generate_latest(registry), TEXT


class _Collector:
    """What a registry asks."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Family]:
        """All of them."""
        return map(_family, self._metrics)


def _family(metric: Metric) -> Family:
    if isinstance(metric, Histogram):
        histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, cells in metric.values.items():
            histogram.add_metric(labels, list(_buckets(metric, cells)), cells[-1])
        return histogram
    kind = CounterMetricFamily if isinstance(metric, Counter) else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    if isinstance(metric, Counter | Gauge):
        for labels, value in metric.values.items():
            family.add_metric(labels, value)
    return family


def _buckets(histogram: Histogram, cells: Sequence[float]) -> Iterator[tuple[str, float]]:
    """Each bound with how many were at most that large."""
    names = [*(str(float(bound)) for bound in histogram.bounds), "+Inf"]
    return zip(names, accumulate(cells[:-1]), strict=True)
