"""What pulling dialects hand out: each end once, as the account counts it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.gateway.pulls import Pulls
from bridge.model.line import Line
from bridge.model.message import State
from bridge.model.radio import InboundPart, InboundReport
from bridge.ports.store_rows import Outcome
from bridge.store.pulls import GAP
from bridge.store.sqlite import SqliteStore
from tests.support.empty_store import empty_store
from tests.support.store_rows import CAFE, NOW, SHOP, message


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    empty_store(tmp_path)
    store = SqliteStore(str(tmp_path / "bridge.db"), None)
    await store.open()
    for account in (SHOP, CAFE):
        await store.add_account(account, [])
    yield store
    await store.close()


def pulls(store: SqliteStore, *, reports: bool) -> Pulls:
    """With one line, that can or cannot report delivery."""
    return Pulls(store, lambda: [Line("office", "office", "gsm_modem", reports=reports)])


async def sent(store: SqliteStore, *, reports: bool = True) -> None:
    await store.submit([message(1)])
    await store.claim("office", ("",), NOW)
    await store.record(Outcome(message(1).id, 1, State.SENT, 7, reports=reports), NOW)


async def test_a_line_that_reports_is_waited_for(store: SqliteStore) -> None:
    await sent(store)
    mine = pulls(store, reports=True)
    assert await mine.reports(SHOP) == []
    await store.settle(InboundReport("office", "SR:7", message(1).recipient, 7, State.DELIVERED, "", NOW), NOW + 5)
    (report,) = await mine.reports(SHOP)
    assert (report.message.id, report.message.state, report.success) == (message(1).id, State.DELIVERED, True)
    assert await mine.reports(SHOP) == []


async def test_a_line_that_cannot_report_has_done_its_best_when_it_has_sent(store: SqliteStore) -> None:
    await sent(store, reports=False)
    (report,) = await pulls(store, reports=False).reports(SHOP)
    assert (report.message.state, report.success) == (State.SENT, True)


async def test_nobody_is_handed_what_is_anothers(store: SqliteStore) -> None:
    await sent(store, reports=False)
    assert await pulls(store, reports=False).reports(CAFE) == []


async def test_a_received_sms_is_handed_to_each_account_once(store: SqliteStore) -> None:
    mine = pulls(store, reports=True)
    await store.receive(InboundPart("office", "SM:1", "+15550150", "hello", NOW), "office", NOW)
    assert [row.text for row in await mine.received(SHOP)] == ["hello"]
    assert await mine.received(SHOP) == []
    assert [row.text for row in await mine.received(CAFE)] == ["hello"]


async def test_what_came_in_before_an_account_was_there_is_not_handed_to_it(store: SqliteStore) -> None:
    await store.receive(InboundPart("office", "SM:1", "+15550150", "hello", NOW - 1), "office", NOW - 1)
    assert await pulls(store, reports=True).received(replace(SHOP, created_at=NOW)) == []


async def test_behind_thousands_of_events_of_others_an_account_finds_its_own(store: SqliteStore) -> None:
    await store.submit([message(10 + number, account="cafe", due_at=NOW * 2) for number in range(GAP + 50)])
    await sent(store, reports=False)
    assert [event.name for event in await store.events("shop", 0, 9)] == ["message.submitted", "message.sent"]
    await store.receive(InboundPart("office", "SM:1", "+15550150", "hello", NOW), "office", NOW)
    mine = pulls(store, reports=False)
    assert len(await mine.reports(SHOP)) == 1
    assert len(await mine.received(SHOP)) == 1
    assert await mine.reports(SHOP) == []
