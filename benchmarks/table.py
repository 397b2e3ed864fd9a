"""The one shape of all measurements: ours, what it is held against, and the ratio, from the same run."""

import argparse
import asyncio
import json
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks import plots

#: at most or at least, and the number, of `≤ 5`, `≥ 50,000` and `ratio ≤ 1.2`
_TARGET = re.compile(r"([≤≥<]) ([\d,.]+)")

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
    #: the least and the most of ours, where it was measured in several runs
    spread: tuple[float, float] | None = None

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
            "; ".join(filter(None, (row.note, _spread(row)))),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in [heads, *lines]) for column in range(len(heads))]

    def joined(cells: Sequence[str]) -> str:
        return "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)) + " |"

    return "\n".join([joined(heads), joined(["-" * width for width in widths]), *map(joined, lines)])


def _spread(row: Row) -> str:
    return f"{number(row.spread[0])} to {number(row.spread[1])}" if row.spread else ""


def combined(runs: Sequence[Sequence[Row]]) -> list[Row]:
    """The median of each row of several runs, with its least and its most."""
    if len(runs) == 1:
        return list(runs[0])
    rows: dict[tuple[str, str], list[Row]] = {}
    for row in (row for run in runs for row in run):
        rows.setdefault((row.what, row.against), []).append(row)
    return [_median(same) for same in rows.values()]


def _median(same: Sequence[Row]) -> Row:
    ours = [row.ours for row in same if row.ours is not None]
    theirs = [row.theirs for row in same if row.theirs is not None]
    if not ours:
        return same[0]
    found = replace(same[0], ours=statistics.median(ours), spread=(min(ours), max(ours)))
    return replace(found, theirs=statistics.median(theirs)) if theirs else found


def number(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.2g}"


def main(measures: Mapping[str, Measure], only_named: Mapping[str, Measure] | None = None) -> int:
    """Run these one after the other, or those that are named, and print one table; `only_named` run when named."""
    about = "Measures this bridge beside its peers; nothing is ever sent by a real radio."
    known = {**measures, **(only_named or {})}
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("what", nargs="*", help=f"of {', '.join(known)}; without any: {', '.join(measures)}")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="and write each one's rows there, as JSON")
    parser.add_argument("--plot", type=Path, metavar="FOLDER", help="and draw each one's rows there, as SVG")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="medians of so many runs, with their spread")
    asked = parser.parse_args()
    if unknown := [name for name in asked.what if name not in known]:
        parser.error(f"there is no {', '.join(unknown)}: {', '.join(known)}")
    before, began = machine(), time.monotonic()
    rows: list[Row] = []
    for name in asked.what or measures:
        measured = _measured(name, known[name], asked.save, asked.runs)
        if asked.plot is not None:
            asked.plot.mkdir(parents=True, exist_ok=True)
            (asked.plot / f"{name}.svg").write_text(plots.bars(name, list(_bars(measured))))
        rows += measured
    run = {**before, "load average after": machine()["load average"], "seconds": f"{time.monotonic() - began:.0f}"}
    if asked.json:
        print(_raw(run, rows))
    else:
        print(rendered(rows))
        print("\n" + " · ".join(f"{key}: {value}" for key, value in run.items()))
        print("ratio = ours / theirs; modems are pseudo-terminals, there is no radio")
    return 0


def _bars(rows: Sequence[Row]) -> Iterator[plots.Bar]:
    """The rows with a target, once each, as shares of it."""
    seen: set[str] = set()
    for row in rows:
        target, value = _TARGET.search(row.target), row.ratio if row.target.startswith("ratio") else row.ours
        if target is None or value is None or row.what in seen or not (wanted := float(target[2].replace(",", ""))):
            continue
        seen.add(row.what)
        is_met = value >= wanted if target[1] == "≥" else value <= wanted
        unit = "" if row.target.startswith("ratio") else row.unit
        note = f"{number(value)} {unit}".strip() + f" (target {row.target})"
        least, most = row.spread if row.spread and unit else (value, value)
        yield plots.Bar(row.what, value / wanted, (least / wanted, most / wanted), is_met, note)


def _measured(name: str, measure: Measure, folder: Path | None, runs: int) -> Sequence[Row]:
    before, began = machine(), time.monotonic()
    found: list[Sequence[Row]] = []
    for number in range(1, runs + 1):
        _tell(f"{name} …" if runs == 1 else f"{name}, run {number} of {runs} …")
        found.append(asyncio.run(_run(measure)))
    rows = combined(found)
    if folder is not None:
        run = {**before, "load average after": machine()["load average"], "seconds": f"{time.monotonic() - began:.0f}"}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(_raw({**run, "day": time.strftime("%Y-%m-%d")}, rows) + "\n")
    return rows


def _raw(run: Mapping[str, str], rows: Sequence[Row]) -> str:
    return json.dumps({"machine": run, "rows": [{**asdict(row), "ratio": row.ratio} for row in rows]}, indent=1)


async def _run(measure: Measure) -> Sequence[Row]:
    return await measure(_tell)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
