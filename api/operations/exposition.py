"""Writes metrics in Prometheus' text format, or in OpenMetrics on request.

Sources: Prometheus, "Exposition formats" (text-based format 0.0.4); OpenMetrics 1.0.0.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from bridge.telemetry.metrics import Counter, Gauge, Histogram, Labels, Metric

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text"
_OPENMETRICS_1 = f"{OPENMETRICS}; version=1.0.0; charset=utf-8"

#: metric type → the format's word
_TYPES: Mapping[type[Metric], str] = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}
_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})
_LABEL = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def write(metrics: Sequence[Metric], accept: str) -> tuple[bytes, str]:
    """The body and its media type, by the `Accept` header. Metrics must not change meanwhile."""
    openmetrics = OPENMETRICS in accept
    lines = [line for metric in metrics for line in _family(metric, openmetrics)]
    if openmetrics:
        lines.append("# EOF")
    # a device may say what is no character
    return ("\n".join(lines) + "\n").encode(errors="replace"), _OPENMETRICS_1 if openmetrics else TEXT


def _family(metric: Metric, openmetrics: bool) -> Iterator[str]:
    # a family of counters has no suffix in OpenMetrics; its samples have
    family = metric.name.removesuffix("_total") if openmetrics and isinstance(metric, Counter) else metric.name
    yield f"# HELP {family} {metric.help.translate(_LABEL if openmetrics else _HELP)}"
    yield f"# TYPE {family} {_TYPES[type(metric)]}"
    if isinstance(metric, Histogram):
        for labels, cells in metric.values.items():
            yield from _histogram(metric, labels, cells)
    elif isinstance(metric, Counter | Gauge):
        for labels, value in metric.values.items():
            yield f"{metric.name}{_braces(metric.labels, labels)} {_number(value)}"


def _histogram(metric: Histogram, labels: Labels, cells: Sequence[float]) -> Iterator[str]:
    *counts, total = cells
    below = list(accumulate(counts))
    names, bounds = (*metric.labels, "le"), (*(str(float(bound)) for bound in metric.bounds), "+Inf")
    for bound, count in zip(bounds, below, strict=True):
        yield f"{metric.name}_bucket{_braces(names, (*labels, bound))} {_number(count)}"
    braces = _braces(metric.labels, labels)
    yield f"{metric.name}_count{braces} {_number(below[-1])}"
    yield f"{metric.name}_sum{braces} {_number(total)}"


def _braces(names: Labels, values: Labels) -> str:
    """Labels in the order of their declaration."""
    pairs = ",".join(f'{name}="{value.translate(_LABEL)}"' for name, value in sorted(zip(names, values, strict=True)))
    return f"{{{pairs}}}" if pairs else ""


def _number(value: float) -> str:
    """Format as Go does: exponents from a million on."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(float(value))
    point = text.find(".")
    if value <= 0 or point <= 6:
        return text
    digits = f"{text[0]}.{text[1:point]}{text[point + 1 :]}".rstrip("0.")
    return f"{digits}e+{point - 1:02d}"
