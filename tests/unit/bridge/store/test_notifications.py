"""Notifications are read from the event log by indices, filtered and in pages."""

import pytest

from bridge.model.event import NOTIFICATION_SENT, Event
from bridge.model.notification import NotificationQuery
from bridge.store.notifications import FIND
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW

EVERYBODY = ""


async def notify(store: SqliteStore, number: int, account: str = "shop", sid: str = "office") -> None:
    said = {"account": account, "sid": sid, "title": f"title {number}", "type": "notification", "text": "text"}
    await store.note(Event(0, "", NOTIFICATION_SENT, account, NOW + number, sid, said))


async def titles(store: SqliteStore, account: str = "shop", **query: object) -> list[str]:
    rows = (await store.notifications(account, NotificationQuery(**query))).rows  # type: ignore[arg-type]
    return [row.title.removeprefix("title ") for row in rows]


async def test_an_account_sees_its_own_and_everybody_all_of_them(store: SqliteStore) -> None:
    await notify(store, 1)
    await notify(store, 2, "cafe")
    assert (await titles(store), await titles(store, "cafe"), await titles(store, EVERYBODY)) == (
        ["1"],
        ["2"],
        ["2", "1"],
    )


async def test_is_filtered_by_device_time_and_whether_it_was_mailed(store: SqliteStore) -> None:
    for number, sid in enumerate(("office", "Office", "phone")):
        await notify(store, number, sid=sid)
    assert await titles(store, sid="OFFICE") == ["1", "0"]
    assert await titles(store, since=NOW + 1, until=NOW + 1) == ["1"]
    assert (await titles(store, mailed=True), len(await titles(store, mailed=False))) == ([], 3)


async def test_pages_follow_each_other(store: SqliteStore) -> None:
    for number in range(5):
        await notify(store, number)
    first = await store.notifications("shop", NotificationQuery(limit=2))
    rest = await store.notifications("shop", NotificationQuery(limit=9, cursor=first.cursor))
    assert [row.title[-1] for row in (*first.rows, *rest.rows)] == ["4", "3", "2", "1", "0"]
    assert rest.cursor == ""


@pytest.mark.parametrize(
    ("account", "index"), [("e.account = ?", "events_notifications"), ("1", "events_notifications_all")]
)
async def test_is_found_by_an_index_however_many_events_there_are(store: SqliteStore, account: str, index: str) -> None:
    values = (9, "shop", 9) if "?" in account else (9, 9)
    plan = store._read_connection.execute("EXPLAIN QUERY PLAN " + FIND.format(account=account, where="1"), values)
    steps = [row[3] for row in plan.fetchall()]
    assert any(index in step for step in steps), steps
    assert any("ledger_mailed" in step for step in steps), steps
