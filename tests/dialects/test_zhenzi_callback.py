"""Zhenzi's status reports: what the callback URL of an account hears, through the real ledger and the real client."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from api.webhooks.poster import Webhooks
from bridge.model.message import Draft, State
from bridge.model.query import LedgerQuery
from bridge.model.webhook import Delivery, DeliveryState
from bridge.webhooks.deliverer import Deliverer
from tests.support.http_site import HttpSite
from tests.support.receivers import DEADLINE, Receiver
from tests.support.webhook_site import answers
from tests.support.zhenzi_calls import BY_TEMPLATE, SEND, TO, call, furnish


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as opened:
        yield opened


@asynccontextmanager
async def at_work(site: HttpSite, receiver: Receiver) -> AsyncIterator[Deliverer]:
    """Status reports go to the receiver meanwhile."""
    await site.gateway.endpoints.add("test", site.account, receiver.url, "zhenzi")
    webhooks = Webhooks()
    ledger = Deliverer(site.store, site.bus, site.clock, webhooks)
    await ledger.start()
    try:
        yield ledger
    finally:
        await ledger.close()
        await webhooks.close()


async def owed(site: HttpSite) -> Sequence[Delivery]:
    return (await site.store.ledger("", LedgerQuery())).rows


@pytest.mark.parametrize(
    ("state", "status", "text"),
    [
        (State.SENT, "sent", "已发送"),
        (State.DELIVERED, "delivered", "已送达"),
        (State.FAILED, "failed", "发送失败:no such number"),
        (State.UNKNOWN, "unknown", "状态未知"),
        (State.CANCELLED, "failed", "已取消"),
        (State.EXPIRED, "failed", "已过期:its time ran out before it could be sent"),
    ],
)
async def test_tells_what_became_of_a_message(
    site: HttpSite, receiver: Receiver, state: State, status: str, text: str
) -> None:
    async with at_work(site, receiver):
        await call(site, SEND, messageId="order-1")
        site.clock.at += 5000
        await site.bring((await site.the_message()).id, state, "no such number" if state is State.FAILED else "")
        await receiver.has(1)
    (heard,) = receiver.heard
    assert heard.headers["Content-Type"] == "application/json"
    when = "2026-03-23 21:07:49" if state is State.EXPIRED else "2026-03-20 21:07:49"
    assert heard.json == {
        "messageId": "order-1",
        "number": TO,
        "status": status,
        "statusText": text,
        "reportTime": when,
    }


async def test_tells_of_messages_by_template_too(site: HttpSite, receiver: Receiver) -> None:
    await furnish(site)
    async with at_work(site, receiver):
        await call(site, BY_TEMPLATE, messageId="order-1")
        await site.bring((await site.the_message()).id, State.SENT)
        await receiver.has(1)
    assert receiver.heard[0].json["messageId"] == "order-1"


async def test_owes_nothing_for_messages_without_an_id_and_for_those_of_other_dialects(site: HttpSite) -> None:
    await furnish(site)
    await call(site, SEND)
    await site.bring((await site.the_message()).id, State.SENT)
    (message,) = (await site.gateway.submit(site.account, [Draft(TO, "hi", client_ref="mine")])).messages
    await site.bring(message.id, State.SENT)
    await site.hear("hello")
    assert not await owed(site)


async def test_tries_three_times(site: HttpSite, receiver: Receiver) -> None:
    receiver.answer = answers(then=500)
    async with at_work(site, receiver) as ledger:
        await call(site, SEND, messageId="order-1")
        await site.bring((await site.the_message()).id, State.SENT)
        for attempts in (1, 2, 3):
            async with asyncio.timeout(DEADLINE):
                while (await owed(site))[0].attempts < attempts:
                    await asyncio.sleep(0.005)
            site.clock.at += 3_600_000
            ledger.poke()
        (delivery,) = await owed(site)
    assert (delivery.state, delivery.attempts, len(receiver.heard)) == (DeliveryState.DEAD, 3, 3)
