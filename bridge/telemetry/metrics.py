"""Counters, gauges and histograms of the bridge, read when scraped.

Names and units follow Prometheus' conventions; `api/operations/metrics.py` writes them in its format. Labels have few
values: lines, devices and accounts of the configuration, states, dialects, kinds of refusals; never a number,
a text or an id. Each metric is changed by one thread alone; any may read. Everything begins at 0 with the process.

The types are our own: those of Prometheus' library take a lock and look a label up for each change, which costs 3 µs
where these cost 0.3, and it has 1 MiB and a time of making for each series besides.

A part that has a bus counts on `bus.metrics`. Another one is one line, where it is made:
`metrics.gauge("sms_bridge_…_seconds", "What it is.", "line")`, and then `.set(1.5, "office")`.
"""

import re
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from bridge.errors import DeviceLost, NotAllowed, Refusal, SendRefused, TooManyRequests
from bridge.model.webhook import Delivery, DeliveryState

#: seconds that a commit takes, most of it the fsync: SSDs are at the beginning, worn SD cards at the end
COMMIT_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
GROUP_BOUNDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
REQUEST_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
#: a modem takes 0.3 to 5 s for a part; a phone may take 90 s until it knows
SEND_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 90)
QUEUE_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400)
REPORT_BOUNDS = (1, 2, 5, 10, 30, 60, 300, 1800, 3600, 21600, 86400)
#: networks take one to ten seconds from line to line; one that holds a message back takes minutes
LOOP_BOUNDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
DELIVERY_BOUNDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 1800, 7200, 43200, 172800)

_OUTCOMES = ("sent", *(f"refused_{each}" for each in Refusal), "lost", "unknown")
_CAPITAL = re.compile("(?<!^)(?=[A-Z])")
Labels = tuple[str, ...]
M = TypeVar("M", bound="Metric")


class Metric(ABC):
    """A metric's name, help and labels."""

    __slots__ = ("help", "labels", "name")

    def __init__(self, name: str, help: str, labels: Labels) -> None:
        self.name = name
        self.help = help
        self.labels = labels

    @abstractmethod
    def copy(self) -> "Metric":
        """A copy of the current values, for another thread to read."""


class Counter(Metric):
    """A value that only grows."""

    __slots__ = ("values",)

    def __init__(self, name: str, help: str, labels: Labels) -> None:
        super().__init__(name, help, labels)
        self.values: dict[Labels, float] = {} if labels else {(): 0}

    def add(self, *labels: str, by: float = 1) -> None:
        """Add `by`."""
        self.values[labels] = self.values.get(labels, 0) + by

    def copy(self) -> "Counter":
        """A copy of the current values."""
        copied = Counter(self.name, self.help, self.labels)
        copied.values = self.values.copy()
        return copied

    def know(self, *labels: str) -> None:
        """Begin at 0: Prometheus sees no growth in a series that first appears as 1."""
        self.values.setdefault(labels, 0)


class Gauge(Metric):
    """A current value."""

    __slots__ = ("values",)

    def __init__(self, name: str, help: str, labels: Labels) -> None:
        super().__init__(name, help, labels)
        self.values: dict[Labels, float] = {}

    def set(self, value: float, *labels: str) -> None:
        """Set the value."""
        self.values[labels] = value

    def copy(self) -> "Gauge":
        """A copy of the current values."""
        copied = Gauge(self.name, self.help, self.labels)
        copied.values = self.values.copy()
        return copied


class Histogram(Metric):
    """Counts of observations by upper bound, and their sum."""

    __slots__ = ("bounds", "values")

    def __init__(self, name: str, help: str, labels: Labels, bounds: Sequence[float]) -> None:
        super().__init__(name, help, labels)
        self.bounds = tuple(bounds)
        #: for each bound, then for those above all of them, how many; then the sum of all
        self.values: dict[Labels, list[float]] = {} if labels else {(): self._cells()}

    def _cells(self) -> list[float]:
        return [0] * (len(self.bounds) + 2)

    def observe(self, value: float, *labels: str) -> None:
        """Add an observation."""
        cells = self.values.get(labels)
        if cells is None:
            cells = self.values[labels] = self._cells()
        cells[bisect_left(self.bounds, value)] += 1
        cells[-1] += value

    def copy(self) -> "Histogram":
        """A copy of the current values."""
        copied = Histogram(self.name, self.help, self.labels, self.bounds)
        copied.values = {labels: cells.copy() for labels, cells in self.values.copy().items()}
        return copied


class Metrics:
    """All metrics of a bridge."""

    def __init__(self) -> None:
        #: by name
        self.all: dict[str, Metric] = {}
        self._messages()
        self._lines()
        self._loopbacks()
        self._webhooks()
        self._calls()
        self._store()

    def counter(self, name: str, help: str, *labels: str) -> Counter:
        """Register a counter; its name ends with `_total`."""
        return self._add(Counter(name, help, labels))

    def gauge(self, name: str, help: str, *labels: str) -> Gauge:
        """Register a gauge."""
        return self._add(Gauge(name, help, labels))

    def histogram(self, name: str, help: str, bounds: Sequence[float], *labels: str) -> Histogram:
        """Register a histogram; its name ends with its unit."""
        return self._add(Histogram(name, help, labels, bounds))

    def _add(self, metric: M) -> M:
        self.all[metric.name] = metric
        return metric

    # -- what there is --------------------------------------------------------------------------
    def _messages(self) -> None:
        whose = ("account", "line")
        self._submitted = self.counter(
            "sms_bridge_messages_submitted_total", "Messages accepted and safe on disk.", "account", "dialect"
        )
        self._sent = self.counter("sms_bridge_messages_sent_total", "Messages sent completely.", *whose)
        #: event → what counts it
        self._endings = {
            f"message.{ending}": self.counter(f"sms_bridge_messages_{ending}_total", about, *whose)
            for ending, about in (
                ("delivered", "Messages whose every part the recipient's phone confirmed."),
                ("failed", "Messages that will not be sent, or that the network gave up."),
                ("expired", "Messages that expired."),
                ("unknown", "Messages whose outcome is unknown."),
                ("cancelled", "Messages cancelled before they were sent."),
            )
        }
        self._waited = self.histogram(
            "sms_bridge_message_wait_seconds",
            "From acceptance, or from the time it was scheduled for, until every part was handed over.",
            QUEUE_BOUNDS,
            "line",
        )
        self._reported = self.histogram(
            "sms_bridge_message_report_seconds", "From sent until the report of its delivery.", REPORT_BOUNDS, "line"
        )
        self._received = self.counter("sms_bridge_messages_received_total", "SMS that came in, put together.", "line")

    def _lines(self) -> None:
        self._attempts = self.counter(
            "sms_bridge_sends_total", "Parts handed to a device, by outcome.", "line", "outcome"
        )
        self.rests = self.counter(
            "sms_bridge_line_rests_total",
            "Times a line was rested because it was refused as a whole.",
            "line",
            "refusal",
        )
        self.parts = self.counter("sms_bridge_parts_sent_total", "Radio parts that the network took.", "line")
        self._took = self.histogram(
            "sms_bridge_send_seconds", "Time that a device took to send a part.", SEND_BOUNDS, "line"
        )
        self.last_sent = self.gauge(
            "sms_bridge_line_last_sent_timestamp_seconds", "When a line last sent a part, since the start.", "line"
        )
        self.reports = self.counter(
            "sms_bridge_reports_total", "Delivery reports by what they say of a part.", "line", "state"
        )
        self.recoveries = self.counter(
            "sms_bridge_device_recoveries_total",
            "Recovery attempts on silent devices, by stage.",
            "device",
            "stage",
        )
        self._connections = self.counter(
            "sms_bridge_device_connections_total", "Times that a device was connected.", "device"
        )
        self._losses = self.counter(
            "sms_bridge_device_losses_total", "Times that a connected device was lost.", "device"
        )

    def _loopbacks(self) -> None:
        ends = ("line", "receiver")
        self._loop_took = self.histogram(
            "sms_bridge_loopback_seconds", "From sending on a line until another line received it.", LOOP_BOUNDS, *ends
        )
        self._loop_success = self.gauge(
            "sms_bridge_loopback_last_success_timestamp_seconds",
            "When a loop-back message last came back; until one does, when the first was sent.",
            *ends,
        )
        self._loop_lost = self.counter(
            "sms_bridge_loopback_lost_total", "Loop-back messages that did not come back in time.", *ends
        )
        self._loop_interval = self.gauge(
            "sms_bridge_loopback_interval_seconds", "Time between two loop-back messages, where they are configured."
        )

    def _webhooks(self) -> None:
        self._webhooks_delivered = self.counter(
            "sms_bridge_webhooks_delivered_total", "Webhooks accepted by their receiver.", "account"
        )
        self._webhooks_failed = self.counter("sms_bridge_webhook_failures_total", "Failed webhook attempts.", "account")
        self._webhooks_dead = self.counter(
            "sms_bridge_webhooks_dead_total", "Webhooks given up: dead letters in the ledger.", "account"
        )
        self._webhook_took = self.histogram(
            "sms_bridge_webhook_delivery_seconds", "From the event until its receiver had it.", DELIVERY_BOUNDS
        )

    def _calls(self) -> None:
        self._requests = self.counter(
            "sms_bridge_http_requests_total", "HTTP requests answered, by class of status.", "dialect", "code"
        )
        self._request_took = self.histogram(
            "sms_bridge_http_request_duration_seconds", "Time until an answer was ready.", REQUEST_BOUNDS, "dialect"
        )
        self._rejections = self.counter(
            "sms_bridge_rejected_calls_total", "Calls refused for their credentials, address or rate.", "reason"
        )

    def _store(self) -> None:
        self._commits = self.counter("sms_bridge_store_commits_total", "Transactions that changed something.")
        self._commit_took = self.histogram(
            "sms_bridge_store_commit_duration_seconds", "Time of a commit, fsync included.", COMMIT_BOUNDS
        )
        self._commit_jobs = self.histogram(
            "sms_bridge_store_commit_jobs", "Changes that shared a commit.", GROUP_BOUNDS
        )
        self.store_failures = self.counter(
            "sms_bridge_store_failures_total", "Transactions that the disk or the file refused."
        )

    # -- what happens ---------------------------------------------------------------------------
    def submitted(self, account: str, dialect: str, count: int) -> None:
        """Messages were accepted."""
        self._submitted.add(account, dialect, by=count)

    def sent(self, account: str, line: str, milliseconds: int) -> None:
        """A line sent the last part of a message, this long after it became due."""
        if (account, line) not in self._sent.values:
            for counter in self._endings.values():
                counter.know(account, line)
        self._sent.add(account, line)
        self._waited.observe(milliseconds / 1000, line)

    def connected(self, device: str) -> None:
        """A device was opened."""
        self._connections.add(device)
        self._losses.know(device)

    def lost(self, device: str) -> None:
        """An open device went away."""
        self._losses.add(device)

    def attempted(self, line: str, seconds: float, error: BaseException | None = None) -> None:
        """A device handled a part for this long; `error` is what the link raised."""
        if (line, "sent") not in self._attempts.values:
            for outcome in _OUTCOMES:
                self._attempts.know(line, outcome)
        if error is None:
            self._attempts.add(line, "sent")
            self._took.observe(seconds, line)
        elif isinstance(error, SendRefused):
            self._attempts.add(line, f"refused_{error.refusal}")
        else:
            self._attempts.add(line, "lost" if isinstance(error, DeviceLost) else "unknown")

    def committed(self, jobs: int, seconds: float) -> None:
        """One commit put this many changes on disk in this time. Called on the writer's thread only."""
        self._commits.add()
        self._commit_jobs.observe(jobs)
        self._commit_took.observe(seconds)

    def answered(self, dialect: str, status: int, seconds: float | None) -> None:
        """An HTTP request was answered; seconds is None for a stream."""
        self._requests.add(dialect, f"{status // 100}xx")
        if seconds is not None:
            self._request_took.observe(seconds, dialect)

    def refused(self, error: BaseException) -> None:
        """A call failed with this error; failed authentications are counted."""
        for each in (error, error.__cause__):  # some dialects have words of their own for it
            if isinstance(each, NotAllowed | TooManyRequests):
                self._rejections.add(_CAPITAL.sub("_", type(each).__name__).lower())
                return

    def loops_every(self, seconds: float) -> None:
        """Loop-back SMS are scheduled."""
        self._loop_interval.set(seconds)

    def loop_began(self, line: str, receiver: str, at: int) -> None:
        """A loop-back was sent at `at` (Unix ms). A pair's first counts as its last success until there is one."""
        self._loop_lost.know(line, receiver)
        self._loop_success.values.setdefault((line, receiver), at / 1000)

    def loop_ended(self, line: str, receiver: str, at: int, seconds: float | None = None) -> None:
        """A loop-back arrived at `at` (Unix ms) after this long; None for one from before the start."""
        self._loop_success.set(at / 1000, line, receiver)
        if seconds is not None:
            self._loop_took.observe(seconds, line, receiver)

    def loop_lost(self, line: str, receiver: str) -> None:
        """A loop-back did not arrive in time."""
        self._loop_lost.add(line, receiver)

    def know_account(self, account: str) -> None:
        """An account has a webhook endpoint."""
        for counter in (self._webhooks_delivered, self._webhooks_failed, self._webhooks_dead):
            counter.know(account)

    def attempted_webhook(self, delivery: Delivery) -> None:
        """A webhook attempt was made; this is the ledger's row after it."""
        if delivery.state is not DeliveryState.DELIVERED:
            self._webhooks_failed.add(delivery.account)
            if delivery.state is DeliveryState.DEAD:
                self._webhooks_dead.add(delivery.account)
            return
        self._webhooks_delivered.add(delivery.account)
        # a redelivery counts from its request
        since = delivery.due_at if delivery.attempts == 1 else delivery.created_at
        self._webhook_took.observe((delivery.delivered_at - since) / 1000)

    def happened(self, name: str, account: str, data: Mapping[str, Any]) -> None:
        """An event was committed."""
        line = data.get("line", "")
        if (counter := self._endings.get(name)) is not None:
            counter.add(account, line)
            took = data.get("delivered_at", 0) - data.get("sent_at", 0)
            if name == "message.delivered" and took > 0:
                self._reported.observe(took / 1000, line)
        elif name == "message.received":
            self._received.add(line)
