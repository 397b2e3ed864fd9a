"""Zhenzi's status reports: what the callback URL of an account hears, through the real ledger and the real client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.webhooks import Webhooks
from bridge.ledger import Ledger
from bridge.model import State
from bridge.queries import LedgerQuery
from tests.dialects.zhenzi_calls import SEND, TO, call
from tests.http_site import HttpSite
from tests.receivers import Receiver


@asynccontextmanager
async def reporting(site: HttpSite, receiver: Receiver) -> AsyncIterator[None]:
    """Status reports go to the receiver meanwhile."""
    await site.gateway.add_endpoint(site.account, receiver.url, "zhenzi")
    webhooks = Webhooks()
    ledger = Ledger(site.store, site.bus, site.clock, webhooks)
    await ledger.start()
    try:
        yield
    finally:
        await ledger.close()
        await webhooks.close()


async def test_reports_what_became_of_a_message(site: HttpSite) -> None:
    async with Receiver() as receiver, reporting(site, receiver):
        await call(site, SEND, messageId="order-1")
        site.clock.at += 5000
        await site.bring((await site.the_message()).id, State.SENT)
        await receiver.has(1)
    (heard,) = receiver.heard
    assert heard.headers["Content-Type"] == "application/json"
    assert heard.json == {
        "messageId": "order-1",
        "number": TO,
        "status": "sent",
        "statusText": "已发送",
        "reportTime": "2026-03-20 21:07:49",
    }


async def test_reports_a_failure_with_its_reason(site: HttpSite) -> None:
    async with Receiver() as receiver, reporting(site, receiver):
        await call(site, SEND, messageId="order-1")
        await site.bring((await site.the_message()).id, State.FAILED, "no such number")
        await receiver.has(1)
    assert (receiver.heard[0].json["status"], receiver.heard[0].json["statusText"]) == (
        "failed",
        "发送失败:no such number",
    )


async def test_is_silent_about_messages_without_an_id_and_those_of_other_dialects(site: HttpSite) -> None:
    async with Receiver() as receiver, reporting(site, receiver):
        pass
    await call(site, SEND)
    await site.bring((await site.the_message()).id, State.SENT)
    await site.hear("hello")
    assert await owed(site) == 0


async def owed(site: HttpSite) -> int:
    return len((await site.store.ledger("", LedgerQuery())).rows)
