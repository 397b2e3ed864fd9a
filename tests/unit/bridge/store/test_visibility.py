"""Two shops share a bridge: what comes to the line of one is never seen by the other, however it asks.

Every dialect asks through these doors of the gateway and no other: import-linter keeps `api` from the store.
"""

import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bridge.bus import Bus
from bridge.errors import NoSuchThing
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account, AccountChange, Author, Terms
from bridge.model.conversation import ConversationQuery
from bridge.model.inbox import Received
from bridge.model.query import CallQuery, InboxQuery, LedgerQuery, TypedQuery
from bridge.model.radio import Call, InboundPart, Typed
from bridge.model.statistics import StatisticsQuery
from bridge.model.webhook import Endpoint
from bridge.store import visibility
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import FakeClock
from tests.support.store_rows import NOW

#: limited by a line, by a device with two lines, and not at all
BIKES = Account("bikes", NOW, terms=Terms(inbound_lines=("office",)))
CAKES = Account("cakes", NOW, terms=Terms(inbound_lines=("duo", "van")))
ALL = Account("all", NOW)
OPERATOR = Account("boss", NOW, operator=True)
WRITER = "+15550150"
#: line → who sees what comes to it
SEEN = {"office": {BIKES}, "duo:2": {CAKES}, "attic": set[Account]()}
BY = Author("a test", NOW)


@dataclass
class Site:
    store: SqliteStore
    gateway: Gateway

    async def hear(self, line: str, text: str = "") -> Received:
        part = InboundPart(line, f"{line} {text}", WRITER, text or f"to {line}", sent_at=NOW)
        received = await self.store.receive(part, line.partition(":")[0], NOW)
        assert received is not None
        return received

    async def texts(self, account: Account, **query: Any) -> list[str]:
        return [each.text for each in (await self.gateway.inbox(account, InboxQuery(**query))).rows]


@pytest.fixture
async def site(store: SqliteStore, bus: Bus) -> Site:
    for account in (BIKES, CAKES, ALL, OPERATOR):
        await store.add_account(account, [])
        hook = Endpoint(f"of {account.name}", account.name, "https://shop.example/", "v2", ("*",), "s", "")
        await store.add_endpoint(hook, BY)
    return Site(store, Gateway(store, bus, clock=FakeClock(NOW)))


async def everything(site: Site, account: Account) -> set[str]:
    """All texts, numbers and counts that an account can find out."""
    gateway, found = site.gateway, set[str]()
    found.update(await site.texts(account))
    queries: list[dict[str, Any]] = [
        {"sender": WRITER},
        {"keyword": "to"},
        {"unread": True},
        *({"line": line} for line in SEEN),
    ]
    for query in queries:
        found.update(await site.texts(account, **query))
    found.update(each.text for each in (await gateway.typed(account, TypedQuery())).rows)
    found.update(each.name for each in (await gateway.calls(account, CallQuery())).rows)
    found.update(each.text for each in await gateway.pulls.received(account))
    for each in (await gateway.conversations.find(account, ConversationQuery())).rows:
        found.add(each.last.text)
    thread = await gateway.conversations.thread(account, WRITER, 100, "")
    found.update(entry.text for entry in thread.entries)
    for event in await site.store.events("" if account.operator else account.name, 0, 100, account.name):
        found.add(str(event.data.get("text") or event.data.get("name") or event.data.get("line", "")))
    ledger = (await gateway.endpoints.ledger(account, LedgerQuery(endpoint=f"of {account.name}", limit=100))).rows
    told = {event.id: event for event in await site.store.events("", 0, 100)}
    found.update(
        str(told[each.event_id].data.get("text") or told[each.event_id].data.get("name", "")) for each in ledger
    )
    found.update((await gateway.statistics(account, StatisticsQuery())).lines)
    return found - {""}


async def test_no_door_shows_what_came_to_the_line_of_another(site: Site) -> None:
    received = {line: await site.hear(line) for line in SEEN}
    for line in SEEN:
        await site.store.keep(Typed(line, f"t{line}", WRITER, f"typed on {line}", NOW), line.partition(":")[0], NOW)
        await site.store.keep(
            Call(line, f"c{line}", "missed", WRITER, f"called {line}", NOW, 0), line.partition(":")[0], NOW
        )
    for account in (BIKES, CAKES, ALL, OPERATOR):
        known = await everything(site, account)
        for line, who in SEEN.items():
            of_line = {each for each in known if line in each}
            if account in (ALL, OPERATOR) or account in who:
                assert {f"to {line}", f"typed on {line}", f"called {line}", line} <= of_line, (account.name, line)
                assert (await site.gateway.received(account, received[line].id)).line == line
            else:
                assert of_line == set(), (account.name, line)
                with pytest.raises(NoSuchThing):
                    await site.gateway.received(account, received[line].id)


async def test_a_stop_to_the_line_of_another_is_not_told(site: Site) -> None:
    await site.hear("duo:2", "STOP")
    names = {
        account.name: [each.name for each in await site.store.events(account.name, 0, 100)]
        for account in (BIKES, CAKES)
    }
    assert names["bikes"] == []
    assert "recipient.stopped" in names["cakes"]


async def test_unread_counts_and_pages_leave_out_the_others(site: Site) -> None:
    for number in range(6):
        await site.hear("duo:2", f"cake {number}")
        await site.hear("office", f"bike {number}")
    (conversation,) = (await site.gateway.conversations.find(BIKES, ConversationQuery())).rows
    assert conversation.unread == 6
    seen: list[str] = []
    cursor = ""
    while True:
        page = await site.gateway.inbox(BIKES, InboxQuery(limit=2, cursor=cursor))
        seen += [each.text for each in page.rows]
        if not (cursor := page.cursor):
            break
    assert seen == [f"bike {number}" for number in reversed(range(6))]
    thread = await site.gateway.conversations.thread(BIKES, WRITER, 4, "")
    rest = await site.gateway.conversations.thread(BIKES, WRITER, 4, thread.cursor)
    assert [entry.text for entry in (*thread.entries, *rest.entries)] == seen


async def test_nobody_deletes_or_reads_for_another(site: Site) -> None:
    await site.hear("office", "bike")
    assert await site.gateway.delete_received(CAKES, InboxQuery(sender=WRITER)) == 0
    assert await site.texts(CAKES, unread=True, mark_read=True) == []
    assert await site.texts(BIKES, unread=True) == ["bike"]


async def test_new_terms_hold_for_what_is_there_already(site: Site) -> None:
    await site.hear("office", "bike")
    await site.hear("duo:2", "cake")
    assert await site.texts(BIKES, unread=True, mark_read=True) == ["bike"]
    await site.store.change_account("bikes", AccountChange(inbound_lines=()), BY)
    # it has read everything that it saw, and this was not among it
    assert await site.texts(BIKES, unread=True) == ["cake"]
    await site.store.change_account("bikes", AccountChange(inbound_lines=("van",)), BY)
    assert await site.texts(replace(BIKES, terms=Terms())) == []


async def test_an_sms_goes_when_all_who_see_it_deleted_it(site: Site, tmp_path: Path) -> None:
    received = await site.hear("office", "bike")
    for account in (BIKES, ALL, OPERATOR, Account("shop"), Account("cafe")):
        await site.gateway.delete_received(account, InboxQuery(ids=(received.id,)))
    with sqlite3.connect(tmp_path / "bridge.db") as database:
        assert database.execute("SELECT count(*) FROM received").fetchone() == (0,)


@pytest.mark.parametrize(
    ("names", "line", "device", "sees"),
    [
        ((), "office", "", True),
        (("office",), "office", "", True),
        (("office",), "duo:2", "duo", False),
        (("duo",), "duo:2", "", True),
        (("duo:1",), "duo:2", "duo", False),
        (("du",), "duo", "duo", False),
    ],
)
def test_a_line_is_meant_by_its_name_or_its_devices(names: tuple[str, ...], line: str, device: str, sees: bool) -> None:
    assert visibility.includes(frozenset(names), line, device) is sees
