"""Whether anything takes longer when much is kept: `python -m benchmarks.growing`.

Each call on a store of many messages, beside the same call on one of a tenth of them and on an empty one (`ROWS` in
the environment: 1,000,000 when not said otherwise). They are filled by SQL, so that every call finds as many rows in
either; what is compared is processor time, which other programs disturb less, and steps of SQLite's machine, which none
disturbs. Beside that, what the indices cost: bytes on disk and processor time for each message that is accepted.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.table import Row, main
from bridge.model.account import Account
from bridge.model.message import Message, State
from bridge.model.query import InboxQuery, MessageQuery
from bridge.model.radio import InboundPart
from bridge.store.sqlite import SqliteStore

ROWS = int(os.environ.get("ROWS", "1000000"))
NOW, DAY = 1_795_000_000_000, 86_400_000
#: everything was accepted within so many days
DAYS = 90
TURNS = 31
TEXT = "Your code is 482913. It ends in ten minutes."
#: in so many messages of either store
RARE = 20

MESSAGES_BY_SQL = """
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO messages (id, account, recipient, written, text, state, created_at, updated_at, due_at, expires_at, route,
  line, slot, parts, attempts, error, on_unknown, report, sent_at, delivered_at, not_before, client_ref, tag, dialect)
SELECT printf('%040x', i), iif(i % 10, 'shop', 'cafe'), printf('+1555%07d', (i * 7919) % (:rows / 4)), '15550100',
  CASE i % (:rows / :rare) WHEN 7 THEN 'Your parcel has come. 您的退款已到' ELSE
    iif(i % 10 = 0, printf('Table %d is yours at eight.', i), iif(i % 51,
      printf('Your code is %06d. It ends in ten minutes.', (i * 7919) % 1000000),
      printf('您的验证码是%06d，十分钟内有效', (i * 7919) % 1000000))) END,
  iif(:state <> '', :state, CASE WHEN i % (:rows / 100) = 3 THEN 'failed' WHEN i % 5 THEN 'delivered' ELSE 'sent' END),
  :now - (:rows - i) * :step, :now, :now - (:rows - i) * :step, 0, '', iif(:state <> '', '', iif(i % 3, 'van', 'shed')),
  0, 1, 0, '', 'hold', 1, 0, 0, 0, '', '', 'native' FROM n
"""
_RECEIVED = """
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :rows / 10)
INSERT INTO received (id, line, device, sender, text, sent_at, received_at, partial, data, error)
SELECT printf('%032x', i), 'van', 'van', printf('+1555%07d', (i * 7919) % (:rows / 40)),
  iif(i % (:rows / 10 / :rare) = 7, 'Where is my parcel? 退款', printf('Thanks, number %d', i)), :now,
  :now - (:rows / 10 - i) * :step * 10, 0, '', '' FROM n
"""

Call = Callable[[SqliteStore, int], Awaitable[object]]


async def filled(path: Path, rows: int, state: str = "", now: int = NOW) -> SqliteStore:
    """A store with so many messages, all in this state when one is named; the newest is of `now`, Unix ms."""
    store = SqliteStore(str(path))
    await store.open()
    for name in ("shop", "cafe"):
        await store.add_account(Account(name, NOW), [])
    values = {"rows": rows, "rare": RARE, "now": now, "step": DAYS * DAY // max(rows, 1), "state": state}

    def fill() -> None:
        for statement in (MESSAGES_BY_SQL, *(() if state else (_RECEIVED,))):
            store._write_connection.execute(statement, values)

    if rows:
        await asyncio.to_thread(fill)
    while not state and await store.to_index():
        await store.index_words()
    return store


def message(number: int) -> Message:
    """One to accept."""
    return Message(
        id=f"f{number:039x}", account="shop", recipient=f"+1555{number * 7919 % 10_000_000:07}", written="15550100",
        text=TEXT, state=State.QUEUED, created_at=NOW, updated_at=NOW, due_at=NOW,
    )  # fmt: skip


def asked(**query: object) -> Call:
    """A page of messages."""
    return lambda store, _: store.messages("shop", MessageQuery(limit=50, **query))  # type: ignore[arg-type]


def heard(**query: object) -> Call:
    """A page of the inbox."""
    return lambda store, _: store.inbox("shop", InboxQuery(limit=50, **query), NOW)  # type: ignore[arg-type]


SENT = frozenset({State.SENT, State.DELIVERED})
LOOKUPS: Mapping[str, Call] = {
    "messages, newest": asked(),
    "messages?to=": asked(recipient="+15550000012"),
    "messages?keyword=parcel (20 found)": asked(keyword="parcel"),
    "messages?keyword=退款 (20 found)": asked(keyword="退款"),
    "messages?keyword=验证码": asked(keyword="验证码"),
    "messages?keyword=nothing": asked(keyword="xylophone"),
    "messages?keyword=Table (all of another account)": asked(keyword="Table"),
    "messages?keyword=Table, for an operator": lambda store, _: store.messages(
        "", MessageQuery(keyword="Table", limit=50)
    ),
    "messages?state=failed": asked(states=frozenset({State.FAILED})),
    "messages?line=van": asked(line="van"),
    "messages?until= (80 days ago)": asked(until=NOW - 80 * DAY),
    "messages, page 1000": asked(offset=10_000),
    "records: count of all": lambda store, _: store.count("shop", MessageQuery()),
    "records: count since yesterday": lambda store, _: store.count("shop", MessageQuery(SENT, since=NOW - DAY)),
    "account/info": lambda store, _: store.sent("shop"),
    "statistics of a day": lambda store, _: store.statistics("", [NOW - DAY + hour * 3_600_000 for hour in range(25)]),
    "inbox, newest": heard(),
    "inbox?from=": heard(sender="+15550000012"),
    "inbox?keyword=退款 (20 found)": heard(keyword="退款"),
    "what waits, for /metrics": lambda store, _: store.backlog(NOW),
    "a received STOP": lambda store, n: store.receive(
        InboundPart("van", f"{time.monotonic_ns()}", f"+1555{n:07}", "STOP", NOW), "van", NOW
    ),
}
WAITING: Mapping[str, Call] = {
    "accept 32 at once": lambda store, n: store.submit([message(n * 32 + each) for each in range(32)]),
    "a tick of the clock": lambda store, _: store.advance(NOW),
    "a claim": lambda store, n: store.claim("van", ("", "van"), NOW),
    "queues, for alarms": lambda store, _: store.waiting(NOW),
    "what waits, for /metrics": lambda store, _: store.backlog(NOW),
    "the watchdog's pulse": lambda store, _: store.pulse(),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a call: ms of processor time, and steps of SQLite's machine, which no other program disturbs."""

    ms: float
    steps: float


async def costs(store: SqliteStore, calls: Mapping[str, Call], tell: Callable[[str], None]) -> dict[str, Cost]:
    """What → the medians."""
    found = {}
    for what, call in calls.items():
        took = []
        for turn in range(TURNS):
            began = time.process_time()
            await call(store, turn)
            took.append(1000 * (time.process_time() - began))
        found[what] = Cost(median(took), await steps(store, call))
        tell(f"    {what}: {found[what].ms:.2f} ms, {found[what].steps:,.0f} steps")
    return found


async def steps(store: SqliteStore, call: Call) -> float:
    """The median of a few calls; what the index of words does itself is not among them."""
    taken: list[int] = []

    def count() -> None:
        taken[-1] += 1

    for connection in store._connections:
        connection.set_progress_handler(count, 1)
    for turn in range(TURNS, TURNS + 5):
        taken.append(0)
        await call(store, turn)
    for connection in store._connections:
        connection.set_progress_handler(None, 0)
    return median(taken)


async def compare(folder: Path, calls: Mapping[str, Call], state: str, tell: Callable[[str], None]) -> Sequence[Row]:
    """The large store beside the small one, and an empty one."""
    found = []
    for rows in (0, ROWS // 10, ROWS):
        tell(f"  {rows:,} rows {state} …")
        store = await filled(folder / f"{rows}{state}.db", rows, state)
        found.append(await costs(store, calls, tell))
        await store.close()
    empty, small, large = found
    what, against = "waiting" if state else "kept", f"{ROWS // 10:,} {'waiting' if state else 'kept'}"
    return [
        Row(
            f"{each}, {ROWS:,} {what}", "ms", large[each].ms, against, small[each].ms, "ratio ≤ 1.2",
            f"empty {empty[each].ms:.2f}; {large[each].steps:,.0f} steps, {small[each].steps:,.0f}, "
            f"empty {empty[each].steps:,.0f}",
        )
        for each in calls
    ]  # fmt: skip


# -- what indices cost ----------------------------------------------------------------------------
INDICES = (
    "messages_account", "messages_recipient", "messages_line", "messages_queue", "messages_client_ref",
    "sqlite_autoindex_messages_1", "events_about",
)  # fmt: skip
TRIGGERS = ("messages_counted",)
ACCEPTED = 20_000


async def accepted(path: Path, without: str) -> float:
    """Processor time of the writing thread for a message, µs, without an index or trigger."""
    store = SqliteStore(str(path))
    await store.open()
    await store.add_account(Account("shop", NOW), [])
    kind = "TRIGGER" if without in TRIGGERS else "INDEX"
    if without and not without.startswith("sqlite_"):
        store._write_connection.execute(f"DROP {kind} {without}")
    spent = [0.0]

    def clock(_: object) -> None:
        spent[0] = time.thread_time()

    await store._writer.do(clock)
    began = spent[0]
    for start in range(0, ACCEPTED, 32):
        await store.submit([message(start + each) for each in range(32)])
    await store._writer.do(clock)
    await store.close()
    return 1e6 * (spent[0] - began) / ACCEPTED


async def prices(folder: Path, tell: Callable[[str], None]) -> Sequence[Row]:
    """Bytes of each table and index for a message, and what accepting one costs with and without it."""
    tell("  what indices cost …")
    store = await filled(folder / "prices.db", ROWS // 10)
    size = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name"
    with closing(store._read_connection.execute(size)) as rows:
        sizes = dict(rows.fetchall())
    await store.close()
    rows_kept = ROWS // 10
    whole = min([await accepted(folder / f"whole{turn}.db", "") for turn in range(3)])
    yielded = [Row("accept, writing thread", "µs", whole, "-", note="batches of 32; best of 3")]
    for name in (*INDICES, *TRIGGERS):
        if name.startswith("sqlite_"):
            yielded.append(Row(f"{name}: bytes a message", "B", sizes.get(name, 0) / rows_kept, "-"))
            continue
        without = min([await accepted(folder / f"{name}{turn}.db", name) for turn in range(3)])
        note = f"{sizes.get(name, 0) / rows_kept:.0f} bytes a message" if name in sizes else ""
        yielded.append(Row(f"accept with {name}", "µs", whole, "without it", without, note=note))
    words = sum(value for name, value in sizes.items() if name.startswith("message_words"))
    yielded.append(Row("index of words: bytes a message", "B", words / rows_kept, "-", note="built when it is quiet"))
    yielded.append(Row("message and its indices, bytes", "B", sum(sizes.values()) / rows_kept, "-"))
    return yielded


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """Both stores, by turns of each kind."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as name:
        folder = Path(name)
        return [
            *await compare(folder, LOOKUPS, "", tell),
            *await compare(folder, WAITING, "queued", tell),
            *await prices(folder, tell),
        ]


if __name__ == "__main__":
    sys.exit(main({"growing": measure}))
