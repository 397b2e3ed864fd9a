"""Twelve hours of mixed traffic in compressed time: `python -m benchmarks.soak`.

What a day shift at 5 messages a second makes (216,000, half of them sent and half received) goes through one bridge as
fast as it takes them, with webhooks for everything, delivery reports, people who look at the page and programs that
read `/v1/events` and `/metrics`. Meanwhile what a leak would be seen in: memory, descriptors, threads, the write-ahead
log. Each accepted and each received message must be reported by a webhook in the end. `SOAK` in the environment is how
many messages; `SOAK_PLOT` is where the plot goes.
"""

import asyncio
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

import aiohttp

from benchmarks.idle import memory
from benchmarks.network import Customer, Network, network
from benchmarks.plots import Panel, drawn
from benchmarks.processes import processor_seconds
from benchmarks.receivers import receiver
from benchmarks.serving import Bridge, serving
from benchmarks.table import Row, machine, main
from bridge.tasks import Tasks

MESSAGES = int(os.environ.get("SOAK", "216000"))
PLOT = os.environ.get("SOAK_PLOT", "")
HOURS, MODEMS = 12, 4
#: accepted and not yet reported; written by customers and not yet told
WAITING_OUT, WAITING_IN = 64, 32
#: seconds between two looks at the process, and between two of the people's
EVERY, READING = 1.0, 0.5
#: seconds for what was sent last
PATIENCE = 120.0
PAGE = (
    "/v1/messages?limit=50", "/v1/inbox?limit=50", "/v1/conversations", "/v1/lines", "/v1/attention",
    "/v1/messages?keyword=parcel", "/v1/messages?state=failed", "/v1/ledger", "/v1/messages/{id}", "/v1/me",
)  # fmt: skip

TOLD = ("message.submitted", "message.sent", "message.delivered", "message.failed", "message.unknown",
        "message.received")  # fmt: skip


@dataclass
class Books:
    """What went in, and what the webhooks told."""

    #: ids of messages that were accepted
    accepted: set[str] = field(default_factory=set)
    delivered: set[str] = field(default_factory=set)
    #: texts that customers wrote
    written: set[str] = field(default_factory=set)
    heard: set[str] = field(default_factory=set)
    webhooks: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, body: bytes) -> None:
        """A webhook came."""
        event = json.loads(body)
        data = event["data"]
        self.webhooks += 1
        if event["type"] == "sms.received":
            self.heard.add(data["message"])
        elif event["type"] == "sms.delivered":
            self.delivered.add(data["guid"])
        self.moved.set()

    @property
    def done(self) -> int:
        """Messages of either direction that came to their end."""
        return len(self.delivered) + len(self.heard)

    async def until(self, met: Callable[[], bool]) -> None:
        """Wait until webhooks have made it so. Raises TimeoutError when none comes for long."""
        while not met():
            self.moved.clear()
            await asyncio.wait_for(self.moved.wait(), PATIENCE)


# -- traffic --------------------------------------------------------------------------------------
async def send(bridge: Bridge, far: Network, books: Books) -> None:
    """An application's messages."""
    for number in range(MESSAGES // 2):
        await books.until(lambda: len(books.accepted) - len(books.delivered) < WAITING_OUT)
        text = f"Your parcel {number} has come. " + "It waits at the counter. " * (8 * (number % 20 == 0))
        to = far.customers[number % len(far.customers)]
        accepted = await bridge.post("/v1/messages", {"to": to, "text": text})
        books.accepted.add(accepted["id"])


async def write(customer: Customer, far: Network, books: Books) -> None:
    """Customers' messages."""
    for number in range(MESSAGES // 2):
        await books.until(lambda: len(books.written) - len(books.heard) < WAITING_IN)
        text = f"Where is parcel {number}?"
        books.written.add(text)
        customer.write(far.numbers[number % len(far.numbers)], text)
        await customer.written(1)


async def read(bridge: Bridge, books: Books) -> None:
    """People who look at the page, and a program of this machine that scrapes without a key."""
    async with aiohttp.ClientSession() as scraper:
        for path in itertools.cycle((*PAGE, "/metrics")):
            wanted = path.replace("{id}", next(iter(books.accepted), "")).rstrip("/")
            async with (scraper if path == "/metrics" else bridge.http).get(bridge.url + wanted) as answer:
                told = await answer.read()
                assert answer.ok, (wanted, answer.status, told)
            await asyncio.sleep(READING)


async def listen(bridge: Bridge) -> None:
    """Programs that hold an event stream for some seconds, and come back."""
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(7), bridge.http.get(bridge.url + "/v1/events?stream=1") as answer:
                async for _ in answer.content.iter_any():
                    pass
        await asyncio.sleep(0.5)


# -- looks ----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Look:
    """The process at a moment."""

    #: s since the beginning
    at: float
    #: messages that have come to their end
    done: int
    resident: float  # MiB
    descriptors: int
    threads: int
    log: float  # MiB
    store: float  # MiB


def look(bridge: Bridge, books: Books, folder: Path, began: float) -> Look:
    """Now."""
    process = Path(f"/proc/{bridge.pid}")
    sizes = [(folder / f"bridge.db{end}").stat().st_size / 2**20 for end in ("-wal", "")]
    return Look(
        time.monotonic() - began, books.done, memory(bridge.pid).resident, len(list((process / "fd").iterdir())),
        len(list((process / "task").iterdir())), *sizes,
    )  # fmt: skip


async def watch(bridge: Bridge, books: Books, folder: Path, looks: list[Look], tell: Callable[[str], None]) -> None:
    """Look again and again, and tell of each hour."""
    began, hour = time.monotonic(), 0
    while True:
        looks.append(look(bridge, books, folder, began))
        if books.done * HOURS // MESSAGES > hour:
            hour, last = books.done * HOURS // MESSAGES, looks[-1]
            tell(f"  hour {hour} after {last.at:.0f} s: {last.resident:.1f} MiB, {last.descriptors} descriptors, "
                 f"{last.threads} threads, log {last.log:.1f} MiB, store {last.store:.0f} MiB")  # fmt: skip
        await asyncio.sleep(EVERY)


async def soak(folder: Path, looks: list[Look], tell: Callable[[str], None]) -> tuple[Books, float]:
    """All of it; seconds of processor time that the bridge used."""
    books, whole = Books(), asyncio.current_task()

    def end(_: BaseException) -> None:
        if whole is not None:
            whole.cancel()

    async with (
        receiver(books.tell) as url,
        network(folder / "world", MODEMS) as far,
        serving(folder, far.ports) as bridge,
        far.writing() as customer,
    ):
        await bridge.post("/v1/webhooks", {"url": url, "events": list(TOLD)})
        beside = Tasks("soak", end)
        beside.start(watch(bridge, books, folder, looks, tell), "looks")
        beside.start(read(bridge, books), "people who read")
        beside.start(listen(bridge), "event streams")
        before = processor_seconds(bridge.pid)
        await asyncio.gather(send(bridge, far, books), write(customer, far, books))
        await books.until(lambda: books.accepted <= books.delivered and books.written <= books.heard)
        used = processor_seconds(bridge.pid) - before
        await beside.close()
    return books, used


# -- what it shows --------------------------------------------------------------------------------
def growth(looks: Sequence[Look], name: str) -> tuple[float, float]:
    """The mean of the last hour, and of the second: the first one warms up."""

    def of_hour(hour: int) -> float:
        some = [float(getattr(each, name)) for each in looks if each.done * HOURS // MESSAGES == hour]
        return mean(some or [float(getattr(looks[-1], name))])

    return of_hour(HOURS - 1), of_hour(1)


def plot(looks: Sequence[Look], words: str) -> str:
    """The looks as SVG."""
    panels = [
        Panel("memory (RSS), MiB", {"": [each.resident for each in looks]}),
        Panel("open descriptors", {"": [each.descriptors for each in looks]}),
        Panel("threads", {"": [each.threads for each in looks]}),
        Panel("write-ahead log, MiB", {"": [each.log for each in looks]}),
        Panel("messages a second", {"": _rates(looks)}),
    ]
    return drawn(f"Twelve hours at 5 messages a second, {words}", "minutes", [each.at / 60 for each in looks], panels)


def _rates(looks: Sequence[Look]) -> list[float]:
    """Over ten looks each."""
    before = [looks[max(0, place - 10)] for place in range(len(looks))]
    return [(now.done - then.done) / max(now.at - then.at, 1) for now, then in zip(looks, before, strict=True)]


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """All rows."""
    looks: list[Look] = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as name:
        books, used = await soak(Path(name), looks, tell)
    seconds = looks[-1].at
    words = f"{MESSAGES:,} messages in {seconds / 60:.0f} minutes ({MESSAGES / seconds:.0f}/s)"
    if PLOT:
        Path(PLOT).write_text(plot(looks, words))
    load = machine()["load average"]
    note = f"{words}, {books.webhooks:,} webhooks, load average {load}"
    against = "its second hour"
    return [
        Row("soak: messages lost", "", MESSAGES // 2 * 2 - books.done, "-", target="0", note=note),
        Row("soak: memory in the last hour", "MiB", *_beside(looks, "resident", against), "ratio ≤ 1.05", "RSS"),
        Row("soak: descriptors in the last hour", "", *_beside(looks, "descriptors", against), "ratio ≤ 1.05"),
        Row("soak: threads in the last hour", "", *_beside(looks, "threads", against), "ratio ≤ 1.05"),
        Row("soak: longest write-ahead log", "MiB", max(each.log for each in looks), "-", target="≤ 12"),
        Row("soak: processor a message", "ms", 1000 * used / MESSAGES, "-", note="sent with report, or received"),
        Row("soak: store, bytes a message", "KiB", looks[-1].store * 1024 / MESSAGES, "-", note="with its events"),
    ]


def _beside(looks: Sequence[Look], name: str, against: str) -> tuple[float, str, float]:
    last, second = growth(looks, name)
    return last, against, second


if __name__ == "__main__":
    sys.exit(main({"soak": measure}))
