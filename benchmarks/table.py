"""The one shape of all measurements: ours, what it is held against, and the ratio, from the same run."""

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

#: what each benchmark module has: takes a call that tells of progress
Measure = Callable[[Callable[[str], None]], Awaitable[Sequence["Row"]]]


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison."""

    what: str
    unit: str
    #: None when it could not be measured
    ours: float | None
    #: the peer or the floor
    against: str
    #: None when that is not installed here
    theirs: float | None = None
    #: what we want: `≤ 5` or `≥ 50,000`
    target: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours by theirs; for times less is better, for rates more."""
        return self.ours / self.theirs if self.ours is not None and self.theirs else None


def machine() -> dict[str, str]:
    """What the figures depend on."""
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        system = platform.platform()
    processors = [line for line in _text("/proc/cpuinfo").splitlines() if line.startswith("model name")]
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": processors[0].partition(": ")[2] if processors else platform.machine(),
        "python": platform.python_version(),
        "system": system,
        "load average": ", ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def rendered(rows: Sequence[Row]) -> str:
    """A table that is also Markdown."""
    heads = ("measured", "unit", "ours", "target", "against", "theirs", "ratio", "note")
    lines = [
        (
            row.what,
            row.unit,
            number(row.ours),
            row.target,
            row.against,
            number(row.theirs) if row.theirs is not None else "not measured",
            number(row.ratio),
            row.note,
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in [heads, *lines]) for column in range(len(heads))]

    def joined(cells: Sequence[str]) -> str:
        return "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)) + " |"

    return "\n".join([joined(heads), joined(["-" * width for width in widths]), *map(joined, lines)])


def number(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.2g}"


def main(measures: Mapping[str, Measure]) -> int:
    """Run these one after the other and print one table."""
    about = "Measures this bridge beside its peers; nothing is ever sent by a real radio."
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    as_json = parser.parse_args().json
    before, began = machine(), time.monotonic()
    rows: list[Row] = []
    for name, measure in measures.items():
        _tell(f"{name} …")
        rows += asyncio.run(_run(measure))
    run = {**before, "load average after": machine()["load average"], "seconds": f"{time.monotonic() - began:.0f}"}
    if as_json:
        print(json.dumps({"machine": run, "rows": [{**asdict(row), "ratio": row.ratio} for row in rows]}))
    else:
        print(rendered(rows))
        print("\n" + " · ".join(f"{key}: {value}" for key, value in run.items()))
        print("ratio = ours / theirs; modems are pseudo-terminals, there is no radio")
    return 0


async def _run(measure: Measure) -> Sequence[Row]:
    return await measure(_tell)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
