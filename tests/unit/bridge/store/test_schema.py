"""No statement of the store reads a table that grows from end to end: everything that anybody may ask is asked here."""

import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import fields, replace
from typing import Any

import pytest

from bridge.model.attention import Verdict
from bridge.model.conversation import ContactQuery, ConversationQuery
from bridge.model.history import HistoryQuery, Quarter
from bridge.model.inbox import CallKind
from bridge.model.line import Channel
from bridge.model.message import State
from bridge.model.notification import NotificationQuery
from bridge.model.query import CallQuery, InboxQuery, LedgerQuery, MessageQuery, TypedQuery
from bridge.model.radio import Call, Concat, Evidence, Held, InboundPart, InboundReport, Typed
from bridge.model.webhook import DeliveryState, Endpoint
from bridge.ports.store import Store
from bridge.ports.store_rows import ClockState, Outcome
from bridge.store.delivery_reports import (
    PARTS_IN_HAND,
    PARTS_OF_OWN_REFERENCE,
    PARTS_OF_REFERENCE,
    PARTS_OF_UNKNOWN_FATE,
    REFERENCES_BEFORE,
)
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import BY, NOW, message

#: what has a row for each message, event or day
GROWING = (
    "messages", "parts", "events", "ledger", "received", "received_marks", "idempotency", "movements", "audit",
    "fragments", "conversations", "message_counts", "received_counts",
)  # fmt: skip
#: methods that no message, event or day makes slower: they read what an operator made, or nothing
SMALL = frozenset(
    [
        "account",
        "account_for",
        "accounts",
        "add_account",
        "add_credential",
        "add_endpoint",
        "add_key",
        "add_link",
        "add_user",
        "allow",
        "begin_rotation",
        "begin_session",
        "begin_totp",
        "change_account",
        "change_endpoint",
        "change_user",
        "clock_state",
        "close",
        "contact",
        "contact_groups",
        "contacts",
        "depart",
        "drop_contact",
        "drop_template",
        "end_session",
        "end_sessions",
        "ended",
        "endpoint",
        "endpoints",
        "exchange",
        "finish_rotation",
        "forget_expired",
        "forget_trip",
        "keep_contact",
        "keep_contacts",
        "keep_template",
        "keys",
        "knows",
        "link",
        "login",
        "lose_trip",
        "memories",
        "memorise",
        "moved",
        "note_clock",
        "note_session",
        "pause_endpoint",
        "propose_totp",
        "prove",
        "redeem",
        "remove_user",
        "revoke_key",
        "room",
        "rotate",
        "session",
        "sessions",
        "set_webhook_secret",
        "suppressed",
        "suppression",
        "suppressions",
        "template",
        "templates",
        "tidy",
        "top_up",
        "trips",
        "use_recovery_code",
        "use_totp",
        "used",
        "users",
        "note",
        "note_together",
    ]
)
#: methods that read the rows of one batch, by its key
BATCHES = frozenset(
    {
        "add_batch", "add_rows", "batch", "batches", "drop_batch", "judge_batch", "move_batch", "plan_batch",
        "reserve_rows", "results", "row_counts", "rows", "rows_accepted", "running_batches", "same_files", "under_way",
        "waiting_messages",
    }
)  # fmt: skip
#: what a statement may read from end to end, and why
ALLOWED = {
    r"FROM (messages|received) m NOT INDEXED .*ORDER BY seq DESC LIMIT": "newest first, until the page is full",
    r"ORDER BY \w+(, \w+)* LIMIT 200$": "a step of a sweep, in the order of the key",
    r"^UPDATE \w+ SET \w+ = \w+ \+ ": "the clock was set: what waits moves along",
    r"seq BETWEEN \d+( \+ \d+)? AND \d+\b": "a span of rows: new ones, or a few thousand",
    r"seq > \d+ AND seq <= \d+|LIMIT 250$": "new rows, which are taken into an index",
    r"INDEXED BY ledger_dead": "deliveries that were given up, by an index of these",
    r"FROM fragments WHERE received IS NULL GROUP BY": "parts that wait for others, by an index of these",
    r"FROM messages WHERE state = 'sending'$": "messages that are with a device, by an index of these",
}

FILTERS: dict[str, list[Any]] = {
    "states": [frozenset({State.FAILED}), frozenset({State.SENT, State.QUEUED})],
    "state": [DeliveryState.OWED, DeliveryState.DELIVERED],
    "ids": [("1" * 40,)],
    "since": [NOW - 5],
    "until": [NOW + 5],
    "cursor": ["2"],
    "offset": [3],
    "channel": [Channel.SMS],
    "unread": [True],
    "kinds": [frozenset({CallKind.MISSED})],
    "mailed": [True],
    "keyword": ["text", "xt", "退订"],
}


def queries(kind: type) -> Iterator[Any]:
    """Each filter alone, and beside a state, a keyword and a time."""
    plain = kind()
    names = {field.name for field in fields(kind)} - {"limit", "mark_read", "order", "ascending"}
    alone = [plain]
    for name in sorted(names):
        for value in FILTERS.get(name, ["office"]):
            if name != "cursor" or kind not in (TypedQuery, CallQuery, ContactQuery, ConversationQuery):
                alone.append(replace(plain, **{name: value}))
    yield from alone
    for beside in ("states", "keyword", "since"):
        if beside in names:
            yield from (replace(each, **{beside: FILTERS[beside][0]}) for each in alone)


async def live(store: SqliteStore) -> AsyncIterator[str]:
    """A little of everything; the methods that were called."""
    await store.add_endpoint(Endpoint("e1", "shop", "http://127.0.0.1:9/hook"), BY)
    await store.submit([message(number, recipient=f"+1555010{number}") for number in range(8)], "key", "digest")
    await store.submit([message(9, state=State.SCHEDULED, due_at=NOW + 1)], apart=True)
    await store.remembered("shop", "key", "digest")
    yield "submit remembered"
    claim = await store.claim("office", ("", "office"), NOW)
    assert claim is not None
    await store.intend(claim.message.id, 2, "office", NOW)
    for outcome in (State.SENT, State.FAILED, State.UNKNOWN, State.UNKNOWN, State.QUEUED):
        claim = await store.claim("office", ("", "office"), NOW)
        assert claim is not None
        await store.record(Outcome(claim.message.id, 1, outcome, 7), NOW)
    await store.settle(InboundReport("office", "SR:1", "+15550101", 7, State.DELIVERED, "", NOW), NOW)
    await store.settle(Evidence("office", message(3).id, 1, State.SENT), NOW)
    yield "claim intend record settle"
    for number, text in enumerate(("hello", "STOP", "START")):
        await store.receive(InboundPart("office", f"SM:{number}", "+15550101", text, NOW), "office", NOW)
    for index in (1, 2):
        await store.receive(InboundPart("office", f"SM:9{index}", "+1", "a", NOW, Concat(7, 3, index)), "office", NOW)
    await store.let_go(Held("office", "SM:", ("SM:1",)))
    await store.release_partial(NOW + 1, NOW + 90_000_000)
    await store.keep(Typed("office", "1", "+15550101", "typed", NOW), "office", NOW)
    await store.keep(Call("office", "2", "missed", "+15550101", "Robin", NOW, 3), "office", NOW)
    await store.held(["office"])
    yield "receive let_go held release_partial keep"
    unknown = (await store.messages("", MessageQuery(frozenset({State.UNKNOWN})))).rows
    await store.decide(unknown[0].id, Verdict.ARRIVED, BY)
    await store.doubtful(["office"])
    await store.advance(NOW + 10)
    await store.cancel(message(7).id, NOW)
    await store.resend(message(2).id, NOW)
    await store.recover(NOW)
    await store.suppress("shop", "+15550106", "asked", BY)
    await store.shift(60_000, ClockState("boot", 0, NOW))
    yield "decide doubtful advance cancel resend recover suppress shift"


async def ask(store: SqliteStore) -> AsyncIterator[str]:
    """Whatever may be asked; the methods that were called."""
    for account in ("", "shop"):
        for query in queries(MessageQuery):
            await store.messages(account, query)
            await store.count(account, query)
        for ledger in queries(LedgerQuery):
            await store.ledger(account, ledger)
            await store.redeliver(account, ledger, (), NOW)
        await store.notifications(account, NotificationQuery())
        await store.events(account, 0, 10)
        await store.statistics(account, [0, NOW])
        await store.sent(account, NOW)
        await store.audit(account)
    yield "messages count ledger redeliver notifications events statistics sent audit"
    for inbox in queries(InboxQuery):
        for reading in (inbox, replace(inbox, mark_read=True)):
            await store.inbox("shop", reading, NOW)
    for typed in queries(TypedQuery):
        await store.typed("shop", typed)
    for calls in queries(CallQuery):
        await store.calls("shop", calls)
    await store.received("shop", (await store.inbox("shop", InboxQuery(), NOW)).rows[0].id)
    yield "inbox typed calls received"
    while await store.index_conversations():
        pass
    for conversations in queries(ConversationQuery):
        await store.conversations("shop", "shop", conversations)
    await store.thread("shop", "shop", "+15550101", 10, "")
    await store.read_thread("shop", "shop", "+15550101", NOW)
    yield "index_conversations conversations thread read_thread"
    await store.message(message(1).id)
    await store.parts(message(1).id)
    await store.movements("shop")
    await store.newest_event()
    await store.event_position(NOW)
    await store.owed("e1", 10)
    await store.hand_out_reports("shop", "", frozenset({"office"}), 10)
    received = await store.hand_out_received("shop", 0, 10)
    await store.tags("shop", "account_v1", received)
    yield "message parts movements newest_event event_position owed hand_out_reports hand_out_received tags"
    await store.life("shop", message(1).id)
    await store.undecided("shop", 10)
    await store.dead_letters("shop", 10)
    yield "life undecided dead_letters"
    await store.backlog(NOW)
    await store.waiting(NOW)
    await store.pulse()
    await store.to_index()
    await store.index_words()
    await store.forget_words()
    yield "backlog waiting pulse to_index index_words forget_words"


async def look_back(store: SqliteStore) -> AsyncIterator[str]:
    """What is remembered of lines; the methods that were called."""
    for line in ("", "office"):
        for cursor in ("", f"{NOW}-{'a' * 26}"):
            await store.past_trips(HistoryQuery(line, cursor=cursor))
        for cursor in ("", "2"):
            await store.past_alarms(HistoryQuery(line, cursor=cursor))
    await store.keep_quarters([Quarter("office", NOW, -71, 0, 900)], NOW - 5)
    await store.quarters("office", NOW - 5, NOW)
    await store.latest(["van", "nobody"])
    yield "past_trips past_alarms keep_quarters quarters latest"


async def forget(store: SqliteStore) -> AsyncIterator[str]:
    """What takes things away; the methods that were called."""
    deliveries = [row for row, _ in await store.owed("e1", 100)]
    await store.record_attempts([replace(row, state=DeliveryState.DELIVERED, attempts=1) for row in deliveries])
    await store.delete_messages("shop", MessageQuery(until=NOW + 1))
    await store.delete_received("shop", InboxQuery(until=NOW + 1), NOW)
    while await store.sweep(NOW * 2, NOW * 2):
        pass
    await store.remove_endpoint("shop", "e1", BY)
    yield "record_attempts delete_messages delete_received sweep remove_endpoint"


def scans(conn: sqlite3.Connection, statement: str) -> list[str]:
    """The steps of its plan that read a table that grows from end to end."""
    tables = {alias: table for table, alias in re.findall(r"\b(?:FROM|JOIN|UPDATE)\s+(\w+)\s+(\w+)", statement)}
    steps = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {statement}")]
    # by a row's position alone it is as good as from end to end
    read = re.compile(r"(?:SCAN|SEARCH) (\w+)(?! VIRTUAL)(?! USING INTEGER PRIMARY KEY \(rowid=\?\))")
    named = [
        (step, found[1])
        for step in steps
        if (found := read.match(step)) and (step.startswith("SCAN") or "INTEGER PRIMARY KEY (rowid" in step)
    ]
    return [step for step, name in named if tables.get(name, name) in GROWING or name in GROWING]


@pytest.fixture
async def asked(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> tuple[frozenset[str], list[str]]:
    """The methods that were called, and the statements that they made."""
    # as in a store in which nothing is few
    monkeypatch.setattr("bridge.store.lookup.FEW", 0)
    made: dict[str, None] = {}
    for connection in store._connections:
        connection.set_trace_callback(made.setdefault)
    called: set[str] = set()
    for tour in (live, ask, look_back, forget):
        async for methods in tour(store):
            called |= set(methods.split())
    for connection in store._connections:
        connection.set_trace_callback(None)
    return frozenset(called), [statement for statement in made if not statement.startswith("--")]


async def test_everything_that_may_be_asked_is_asked_here(asked: tuple[frozenset[str], list[str]]) -> None:
    """A method is missing: call it above, or name it in SMALL when it reads nothing that grows."""
    public = {name for name in dir(Store) if not name.startswith("_")}
    assert public - SMALL - BATCHES - asked[0] == set()
    assert (SMALL | BATCHES | asked[0]) - public == set()


async def test_nothing_that_grows_is_read_from_end_to_end(
    store: SqliteStore, asked: tuple[frozenset[str], list[str]]
) -> None:
    found = {statement: some for statement in asked[1] if (some := scans(store._write_connection, statement))}
    left = [
        f"{some}: {' '.join(statement.split())}"
        for statement, some in found.items()
        if not any(re.search(allowed, " ".join(statement.split())) for allowed in ALLOWED)
    ]
    assert left == [], "\n".join(left)


# -- parts of reports ------------------------------------------------------------------------------
QUERIES = {
    "parts of a reference": (PARTS_OF_REFERENCE, ("sim", "line", 7, 1, 2)),
    "parts in hand": (PARTS_IN_HAND, ("sim", "line", 1, 2)),
    "parts of unknown fate": (PARTS_OF_UNKNOWN_FATE, ("sim", "line", 1, 2)),
}


@pytest.mark.parametrize(("query", "values"), QUERIES.values(), ids=QUERIES)
async def test_is_found_by_an_index(store: SqliteStore, query: str, values: tuple[object, ...]) -> None:
    plan = store._write_connection.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
    assert [row[3] for row in plan if "SCAN" in row[3]] == []
    assert "intent_at>? AND intent_at<?" in plan[0][3]


async def test_a_reference_that_no_other_part_has_is_found_by_its_index(store: SqliteStore) -> None:
    plan = store._write_connection.execute(f"EXPLAIN QUERY PLAN {PARTS_OF_OWN_REFERENCE}", (1 << 61, 1, 2)).fetchall()
    assert "SEARCH p USING INDEX parts_own_reference (reference=?)" in {row[3] for row in plan}


async def test_what_came_before_a_part_is_found_by_the_index_of_references(store: SqliteStore) -> None:
    plan = store._write_connection.execute(f"EXPLAIN QUERY PLAN {REFERENCES_BEFORE}", ("sim", 1)).fetchall()
    steps = {row[3] for row in plan if " p " in f"{row[3]} "}
    assert steps == {"SEARCH p USING COVERING INDEX parts_reference (sim=? AND reference=? AND intent_at<?)"}
