"""What a call of very many messages leaves in memory once it is over, however it ended: nothing."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from api.http.bodies import READING
from bridge.model.account import AccountChange, Payment, Verification
from bridge.model.message import Draft, Message
from tests.support.native_site import Site
from tests.support.waiting import until

MANY = 3000
SOUND = {"to": "+15550100", "text": "x"}


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """Python's garbage collector would find what is in a circle minutes later, while such calls go on."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def body(*last: dict[str, Any]) -> bytes:
    return json.dumps({"messages": [SOUND] * MANY + list(last)}).encode()


async def accepted(site: Site) -> int:
    return (await site.shop.post("/v1/messages", body())).status


async def refused_at_its_end(site: Site) -> int:
    return (await site.shop.post("/v1/messages", body({}))).status


async def cut_short(site: Site) -> int:
    return (await site.shop.post("/v1/messages", body()[:-2])).status


async def no_room(site: Site) -> int:
    site.http.app[READING].made.left = 1_000_000  # type: ignore[union-attr]
    return (await site.shop.post("/v1/messages", body())).status


async def given_up(site: Site) -> int:
    halfway = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield body()[:-10_000]
        halfway.set()
        await asyncio.Event().wait()

    calling = asyncio.get_running_loop().create_task(site.shop.post("/v1/messages", slowly()))
    await halfway.wait()
    await until(lambda: left() > MANY / 2)
    calling.cancel()
    return 0


async def no_such_number(site: Site) -> int:
    return (await site.shop.post("/v1/messages", body({"to": "nobody", "text": "x"}))).status


async def not_verified(site: Site) -> int:
    change = AccountChange(verification=Verification.REJECTED)
    await site.gateway.administration.change_account("test", "shop", change)
    return (await site.shop.post("/v1/messages", body())).status


async def out_of_credit(site: Site) -> int:
    await site.gateway.administration.change_account("test", "shop", AccountChange(payment=Payment.PREPAID))
    await site.gateway.administration.top_up("test", "shop", 10)
    return (await site.shop.post("/v1/messages", body())).status


async def too_many_for_a_number(site: Site) -> int:
    await site.gateway.administration.change_account("test", "shop", AccountChange(daily_per_recipient=10))
    return (await site.shop.post("/v1/messages", body())).status


async def named_before(site: Site) -> int:
    await site.shop.send(client_ref="order 7")
    return (await site.shop.post("/v1/messages", body(SOUND | {"client_ref": "order 7"}))).status


async def store_closed(site: Site) -> int:
    await site.shop.get("/v1/me")
    await site.store.close()
    return (await site.shop.post("/v1/messages", body())).status


async def repeated(site: Site) -> int:
    caller = site.shop.with_headers(Idempotency_Key="one")
    await caller.post("/v1/messages", body())
    return (await caller.post("/v1/messages", body())).status


ENDS: dict[Callable[[Site], Awaitable[int]], int] = {
    accepted: 202,
    refused_at_its_end: 400,
    cut_short: 400,
    no_room: 429,
    given_up: 0,
    no_such_number: 400,
    not_verified: 403,
    out_of_credit: 402,
    too_many_for_a_number: 409,
    named_before: 409,
    store_closed: 503,
    repeated: 202,
}


def left() -> int:
    """How many drafts and messages are in memory."""
    return sum(type(each) in (Draft, Message) for each in gc.get_objects())


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
async def test_nothing_of_a_long_call_stays_in_memory(site: Site, end: Callable[[Site], Awaitable[int]]) -> None:
    assert await end(site) == ENDS[end]
    await until(lambda: left() < 10)
