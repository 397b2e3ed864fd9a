"""Gauges read at scrape time: lines, backlog, disk space, build, process."""

import os
import platform
import resource
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from bridge.model.line import Line, LineState
from bridge.ports.store_rows import Backlog, Room
from bridge.telemetry.metrics import Counter, Gauge, Labels, Metric
from bridge.version import installed


def _gauge(name: str, help: str, labels: Labels, values: Mapping[Labels, float | None]) -> Gauge:
    """A gauge of the known values."""
    gauge = Gauge(name, help, labels)
    gauge.values = {key: value for key, value in values.items() if value is not None}
    return gauge


@cache
def build() -> Gauge:
    """The build information."""
    names = ("version", "python")
    return _gauge(
        "sms_bridge_build_info",
        "1, with the version of the bridge and of its Python.",
        names,
        {(installed(), platform.python_version()): 1},
    )


def lines(known: Sequence[Line]) -> Iterable[Gauge]:
    """Every configured line, absent ones too."""
    of_line = ("line",)
    yield _gauge(
        "sms_bridge_line_info",
        "1, with what is known of a line.",
        ("line", "device", "driver", "model", "operator"),
        {(each.name, each.device, each.driver, each.model, each.operator): 1 for each in known},
    )
    yield _gauge(
        "sms_bridge_line_state",
        "1 for the state that a line is in, 0 for the others.",
        ("line", "device", "state"),
        {(each.name, each.device, state): each.state is state for each in known for state in LineState},
    )
    yield _gauge(
        "sms_bridge_line_signal_dbm",
        "Received level of a line in dBm.",
        of_line,
        {(each.name,): each.signal_dbm for each in known if each.state is not LineState.ABSENT},
    )
    yield _gauge(
        "sms_bridge_line_battery_ratio",
        "Battery of the phone that a line is in, 0 to 1.",
        of_line,
        {(each.name,): each.battery / 100 for each in known if each.battery is not None},
    )
    yield _gauge(
        "sms_bridge_line_last_seen_timestamp_seconds",
        "When a line last gave a sign of life.",
        of_line,
        {(each.name,): each.seen_at / 1000 for each in known if each.seen_at},
    )
    about = "How far what is known of a site's line is behind."
    yield _gauge("sms_bridge_line_lag_seconds", about, of_line, _lags(known))


def _lags(known: Iterable[Line]) -> dict[tuple[str, ...], float | None]:
    there = (each for each in known if each.state is not LineState.ABSENT)
    return {(each.name,): each.lag_ms / 1000 for each in there if each.lag_ms is not None}


def backlog(waiting: Backlog, now: int) -> Iterable[Gauge]:
    """The backlog at `now` (Unix ms)."""
    states = ("scheduled", "queued", "sending", "unknown")
    yield _gauge(
        "sms_bridge_messages",
        "Messages that are in a state now; counts stop at 100000.",
        ("state",),
        {(state,): getattr(waiting, state) for state in states},
    )
    yield _gauge(
        "sms_bridge_queue_oldest_seconds",
        "For how long the message that is due longest has waited for a line; 0 when none does.",
        (),
        {(): _age(waiting.due_since, now)},
    )
    yield _gauge(
        "sms_bridge_webhooks_owed",
        "Webhooks still to be delivered to endpoints that are not paused; counts stop at 100000.",
        ("account",),
        {(account,): count for account, count in waiting.owed.items()},
    )
    yield _gauge(
        "sms_bridge_webhooks_oldest_owed_seconds",
        "Age of the oldest event that a receiver still waits for; 0 when none does.",
        (),
        {(): _age(waiting.owed_since, now)},
    )


def _age(since: int, now: int) -> float:
    return max(now - since, 0) / 1000 if since else 0


def room(disk: Room) -> Iterable[Gauge]:
    """Sizes of the store and its disk, in bytes."""
    sizes: dict[Labels, float | None] = {("database",): disk.database, ("log",): disk.log}
    yield _gauge("sms_bridge_store_size_bytes", "Size of the store's files.", ("file",), sizes)
    yield _gauge("sms_bridge_store_disk_free_bytes", "Bytes left on the store's disk.", (), {(): disk.free})
    yield _gauge("sms_bridge_store_disk_size_bytes", "Size of the store's disk.", (), {(): disk.total})


def process() -> Iterable[Metric]:
    """Process metrics, named as in Prometheus' own libraries; none without /proc.

    Source: proc(5), `stat` and `limits`.
    """
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        booted = int(Path("/proc/stat").read_text().partition("\nbtime ")[2].split()[0])
        open_files = len(os.listdir("/proc/self/fd"))
    except OSError:
        return
    ticks = os.sysconf("SC_CLK_TCK")
    used = Counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", ())
    used.add(by=int(fields[11]) / ticks + int(fields[12]) / ticks)
    yield used
    start, virtual, resident = int(fields[19]) / ticks + booted, int(fields[20]), int(fields[21])
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    for name, about, value in (
        ("virtual_memory_bytes", "Virtual memory size in bytes.", virtual),
        ("resident_memory_bytes", "Resident memory size in bytes.", resident * resource.getpagesize()),
        ("start_time_seconds", "Start time of the process since unix epoch in seconds.", start),
        ("open_fds", "Number of open file descriptors.", open_files),
        ("max_fds", "Maximum number of open file descriptors.", limit),
    ):
        yield _gauge(f"process_{name}", about, (), {(): value})
