"""What is forgotten is in no table any more, and in none of the pages that it leaves free; deleted is deleted."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bridge.bus import Bus
from bridge.model.account import Account, Template, Terms
from bridge.model.conversation import Contact
from bridge.model.message import State
from bridge.model.query import InboxQuery, LedgerQuery, MessageQuery
from bridge.model.radio import Call, Concat, InboundPart, InboundReport, Typed
from bridge.model.webhook import DeliveryState, Endpoint
from bridge.ports.store_rows import Outcome
from bridge.store import forgetting
from bridge.store.messages import TOGETHER
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import BY, NOW, message

DAY = 24 * 3600 * 1000  # ms
KEPT = 30 * DAY
NUMBER, TEXT, NAME = "+447700900177", "meet me at the old mill", "Robin Hathersage"
#: as they may be found
TRACES = (NUMBER[-7:], TEXT, NAME)
LONG = f"{TEXT} " * 400
PAID = Account("paid", NOW, credits=5, terms=Terms(daily_per_recipient=9))


async def leave_traces(store: SqliteStore) -> None:
    """A number and a text wherever a bridge puts them."""
    await store.add_account(PAID, [])
    await store.add_endpoint(Endpoint("e1", "paid", "http://127.0.0.1:9/hook", "v2"), BY)
    await store.top_up("paid", 10, f"for {NUMBER}", BY)
    await store.suppress("paid", NUMBER, f"{NAME} asked", BY)
    await store.allow("paid", NUMBER, BY)
    sent = message(1, account="paid", recipient=NUMBER, written=NUMBER, text=LONG, parts=2, client_ref=NUMBER, tag=TEXT)
    await store.submit([sent], NUMBER, "digest")
    assert await store.claim("office", ("",), NOW)
    for index in (1, 2):
        await store.record(Outcome(sent.id, index, State.SENT, index), NOW)
        await store.intend(sent.id, 2, "office", NOW)
    await store.settle(InboundReport("office", "SR:1", NUMBER, 200, State.DELIVERED, TEXT), NOW)
    for slot, concat in (("SM:1", None), ("SM:2", Concat(7, 3, 1))):
        await store.receive(InboundPart("office", slot, NUMBER, TEXT, NOW, concat, data=TEXT.encode().hex()), "o", NOW)
    await store.release_partial(NOW, NOW)
    await store.keep(Typed("phone", "sms:1", NUMBER, LONG, NOW), "phone", NOW)
    await store.keep(Call("phone", "call:1", "missed", NUMBER, NAME, NOW, 0), "phone", NOW)
    deliveries = [row for row, _ in await store.owed("e1", 100)]
    done = [replace(row, state=DeliveryState.DELIVERED, attempts=1, error=TEXT) for row in deliveries]
    await store.record_attempts(done)


def found(database: Path) -> dict[str, list[str]]:
    """Table → the traces in it."""
    with closing(sqlite3.connect(database)) as conn:
        # an index of words cannot be read as a whole; what it consists of can
        real = "type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        tables = [name for (name,) in conn.execute(f"SELECT name FROM sqlite_master WHERE {real}")]
        rows = {table: repr(conn.execute(f"SELECT * FROM {table}").fetchall()) for table in tables}
    return {table: some for table, text in rows.items() if (some := [each for each in TRACES if each in text])}


def on_disk(directory: Path) -> list[str]:
    """The traces in the bytes of what is kept there."""
    kept = b"".join(path.read_bytes() for path in directory.iterdir() if path.is_file())
    return [each for each in TRACES if each.encode() in kept]


async def forget(store: SqliteStore, older_than: int) -> None:
    """As the scheduler does."""
    await store.release_partial(0, older_than + KEPT)
    while await store.sweep(older_than, older_than):
        pass
    while await store.forget_words():
        pass
    await store.tidy()


async def test_no_table_and_no_free_page_keeps_a_number_or_a_text(store: SqliteStore, tmp_path: Path) -> None:
    young = [message(100 + number, created_at=NOW + KEPT, state=State.FAILED) for number in range(400)]
    await store.submit([each for each in young if each.id < young[200].id])
    await leave_traces(store)
    await store.submit([each for each in young if each.id >= young[200].id])
    while await store.to_index():
        await store.index_words()
    await store.tidy()
    before = found(tmp_path / "bridge.db")
    assert before.keys() >= {
        "audit", "calls", "daily", "events", "fragments", "idempotency", "kept_reports", "ledger", "messages",
        "movements", "received", "typed",
    }  # fmt: skip
    assert on_disk(tmp_path) == list(TRACES)
    await forget(store, NOW + 10 * DAY)
    assert found(tmp_path / "bridge.db") == {}
    assert on_disk(tmp_path) == []
    assert await store.count("", MessageQuery()) == 400


async def test_lists_templates_and_accounts_stay_until_somebody_removes_them(store: SqliteStore) -> None:
    await store.add_account(PAID, [])
    await store.suppress("paid", NUMBER, "asked", BY)
    await store.keep_template(Template("paid", "code", "Your code is {code}"), BY)
    await forget(store, NOW + 10_000 * DAY)
    assert [row.number for row in await store.suppressed("paid")] == [NUMBER]
    assert [row.id for row in await store.templates("paid")] == ["code"]
    assert (await store.account("paid")).name == "paid"


async def test_a_contact_that_is_removed_leaves_its_number_in_the_trail_until_that_is_old(
    store: SqliteStore, tmp_path: Path
) -> None:
    await store.keep_contact(Contact("shop", NUMBER, NAME, note=TEXT), BY)
    await store.drop_contact("shop", NUMBER, BY)
    await forget(store, NOW - 1)
    assert found(tmp_path / "bridge.db") == {"audit": [NUMBER[-7:]]}
    await forget(store, NOW + 1)
    assert found(tmp_path / "bridge.db") == {}
    assert on_disk(tmp_path) == []


async def test_what_counts_parts_of_long_texts_knows_no_number(store: SqliteStore, tmp_path: Path) -> None:
    await leave_traces(store)
    await store.tidy()
    assert {"concat_refs", "slots"} & found(tmp_path / "bridge.db").keys() == set()


async def test_what_a_receiver_is_owed_stays_and_all_else_about_it_goes(store: SqliteStore) -> None:
    await store.add_endpoint(Endpoint("e1", "shop", "http://127.0.0.1:9/a", events=("message.failed",)), BY)
    await store.add_endpoint(Endpoint("e2", "shop", "http://127.0.0.1:9/b"), BY)
    await store.submit([message(1)])
    await store.claim("office", ("",), NOW)
    await store.record(Outcome(message(1).id, 1, State.FAILED, error="refused"), NOW + DAY)
    await store.record_attempts(
        [replace(row, state=DeliveryState.DELIVERED, attempts=1) for row, _ in await store.owed("e2", 9)]
    )
    await forget(store, NOW + 1)
    assert [event.name for event in await store.events("", 0, 9)] == ["message.failed"]
    assert [row.endpoint for row in (await store.ledger("", LedgerQuery())).rows] == ["e2", "e1"]
    await store.record_attempts(
        [replace(row, state=DeliveryState.DELIVERED, attempts=1) for row, _ in await store.owed("e1", 9)]
    )
    await forget(store, NOW + 2 * DAY)
    assert await store.events("", 0, 9) == []
    assert (await store.ledger("", LedgerQuery())).rows == ()


async def sent(store: SqliteStore, number: int, **changes: object) -> None:
    await store.submit([message(number, **changes)])
    assert await store.claim("office", ("",), NOW)
    await store.record(Outcome(message(number).id, 1, State.SENT, number), NOW)


async def test_a_message_that_is_deleted_leaves_no_event_no_delivery_and_no_text(
    store: SqliteStore, bus: Bus, tmp_path: Path
) -> None:
    await store.add_endpoint(Endpoint("e1", "shop", "http://127.0.0.1:9/hook"), BY)
    await sent(store, 1, recipient=NUMBER, written=NUMBER, text=TEXT)
    await sent(store, 2)
    heard: list[int] = []
    bus.subscribe(lambda events: heard.append(len(events)))
    assert await store.delete_messages("shop", MessageQuery(ids=(message(1).id,))) == 1
    assert {event.subject for event in await store.events("shop", 0, 99)} == {message(2).id}
    assert {event.subject for _, event in await store.owed("e1", 99)} == {message(2).id}
    await store.tidy()
    assert on_disk(tmp_path) == []
    assert heard == [0], "queues of endpoints look again at what they are about to deliver"


async def test_as_many_as_match_are_deleted_and_what_still_waits_is_not(store: SqliteStore) -> None:
    await store.submit([message(number, state=State.FAILED) for number in range(2 * TOGETHER + 1)])
    await store.submit([message(1000)])
    assert await store.delete_messages("shop", MessageQuery(since=1)) == 2 * TOGETHER + 1
    assert [row.id for row in (await store.messages("shop", MessageQuery())).rows] == [message(1000).id]


async def test_a_received_sms_is_deleted_for_one_account_with_all_that_told_it(store: SqliteStore) -> None:
    for name in ("shop", "cafe"):
        await store.add_endpoint(Endpoint(f"of {name}", name, "http://127.0.0.1:9/hook"), BY)
    received = await store.receive(InboundPart("office", "SM:1", NUMBER, TEXT, NOW), "office", NOW)
    assert received is not None
    assert await store.delete_received("shop", InboxQuery(ids=(received.id,)), NOW) == 1
    assert await store.events("shop", 0, 9) == []
    assert await store.events("", 0, 9, "shop") == []
    assert [event.subject for event in await store.events("cafe", 0, 9)] == [received.id]
    assert [(await store.owed(f"of {name}", 9)) == [] for name in ("shop", "cafe")] == [True, False]
    assert await store.redeliver("shop", LedgerQuery(), [], NOW) == 0


async def test_a_received_sms_that_no_account_has_any_more_is_gone(store: SqliteStore, tmp_path: Path) -> None:
    received = await store.receive(InboundPart("office", "SM:1", NUMBER, TEXT, NOW), "office", NOW)
    assert received is not None
    names = [account.name for account in await store.accounts()]
    for name in names:
        assert found(tmp_path / "bridge.db").keys() == {"received", "events"}
        assert await store.delete_received(name, InboxQuery(ids=(received.id,)), NOW) == 1
    await store.tidy()
    assert found(tmp_path / "bridge.db") == {}
    assert on_disk(tmp_path) == []


async def test_what_an_account_sent_does_not_become_less_by_deleting_or_forgetting(store: SqliteStore) -> None:
    today = NOW // DAY * DAY
    for number, at in enumerate((today - 40 * DAY, today - 1, today, today + 1)):
        await sent(store, number, created_at=at)
    await store.submit([message(9, state=State.FAILED), message(10, account="cafe")])
    counts = await store.sent("shop"), await store.sent("shop", today), await store.sent("")
    assert counts == (4, 2, 4)
    await store.delete_messages("shop", MessageQuery(ids=(message(2).id, message(9).id)))
    assert (await store.sent("shop"), await store.sent("shop", today), await store.sent("")) == counts
    await forget(store, today - 30 * DAY)
    await forget(store, today - 30 * DAY)
    assert (await store.sent("shop"), await store.sent("shop", today), await store.sent("")) == counts
    assert await store.count("shop", MessageQuery()) == 2


async def steps_of_deleting(store: SqliteStore, number: int) -> int:
    """Of SQLite's machine, in tens."""
    taken = [0]

    def count() -> None:
        taken[0] += 1

    store._write_connection.set_progress_handler(count, 10)
    assert await store.delete_messages("shop", MessageQuery(ids=(message(number).id,))) == 1
    store._write_connection.set_progress_handler(None, 0)
    return taken[0]


async def test_a_message_is_deleted_in_as_many_steps_however_many_conversations_there_are(store: SqliteStore) -> None:
    taken = []
    for first, last in ((0, 100), (100, 1000)):
        new = range(first, last)
        await store.submit([message(n, recipient=f"+1555{n:07}", state=State.FAILED) for n in new])
        while await store.index_conversations():
            pass
        taken.append(await steps_of_deleting(store, first + 10))
    assert taken[1] <= 1.2 * taken[0]


async def test_where_several_of_a_conversation_grow_old_together_the_one_before_all_of_them_is_its_newest(
    store: SqliteStore,
) -> None:
    await store.submit([message(1, created_at=NOW + 2 * KEPT, state=State.FAILED)])
    await store.submit([message(number, state=State.FAILED) for number in (2, 3, 4)])
    await store.submit([message(5, recipient="+447700900123", state=State.FAILED)])
    while await store.index_conversations():
        pass
    await store._write(lambda tx: forgetting.drop(tx, "messages", ("seq",), [(2,), (3,), (4,), (5,)]))
    told = store._write_connection.execute("SELECT account, number, sent FROM conversations ORDER BY 1").fetchall()
    assert told == [("", message(1).recipient, 1), ("shop", message(1).recipient, 1)]
