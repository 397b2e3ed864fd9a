"""What the terms of a site forbid is not handed over: it waits at the hub, or goes elsewhere, and keeps its tries."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.devices import device_worker
from bridge.model.account import AccountChange, Payment, Verification
from bridge.model.line import Line, LineState
from bridge.model.message import State
from bridge.model.query import MessageQuery
from device_drivers.bridge_remote import api
from tests.support.running import SHOP
from tests.support.two_bridges import LINE, TwoBridges, two_bridges
from tests.support.waiting import until

#: the site's answer to one request too many
TOO_MANY = (429, "too-many")


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The site is asked more often, so that a test need not wait."""
    monkeypatch.setattr(device_worker, "REFRESH_INTERVAL", 1.0)


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[TwoBridges]:
    async with two_bridges(tmp_path) as made:
        yield made


async def at_site(both: TwoBridges) -> int:
    return len((await both.site.gateway.messages(SHOP, MessageQuery(limit=100))).rows)


async def change(both: TwoBridges, **terms: object) -> None:
    """The terms of the hub's account at the site."""
    await both.site.gateway.administration.change_account("test", SHOP.name, AccountChange(**terms))  # type: ignore[arg-type]


def parked(both: TwoBridges) -> Line | None:
    return next((line for line in both.hub.gateway.lines() if line.state is LineState.PARKED), None)


async def test_messages_wait_at_the_hub_while_its_account_at_the_site_has_no_credits(both: TwoBridges) -> None:
    await both.site.gateway.administration.top_up("test", SHOP.name, 1)
    await change(both, payment=Payment.PREPAID)
    customers = both.world.customers
    sent = [await both.hub.send(customers[number % 3], f"number {number}") for number in range(6)]
    line = await until(lambda: parked(both))
    assert "has no credits left" in line.reason
    rows = (await both.hub.gateway.messages(SHOP, MessageQuery(limit=100))).rows
    assert sorted(row.state in (State.SENT, State.DELIVERED) for row in rows) == [False] * 5 + [True]
    # it was the site's account, which is no reason to give any of them up
    assert sum(row.attempts for row in rows) <= 1
    assert await at_site(both) == 1
    [site] = await both.hub.gateway.sites.all()
    assert [words for words in site.problems if "no credits" in words]
    await both.site.gateway.administration.top_up("test", SHOP.name, 5)
    await both.hub.ready(LINE)
    for each in sent:
        await both.hub.became(each, State.DELIVERED)
    for number in range(3):
        assert len(await both.person(customers[number]).wait(2)) == 2


async def test_a_site_that_does_not_approve_of_the_hub_is_given_nothing(both: TwoBridges) -> None:
    await change(both, verification=Verification.REJECTED)
    sent = await both.hub.send(both.world.customers[0], "not yet")
    await until(lambda: parked(both))
    await change(both, verification=Verification.APPROVED)
    message = await both.hub.became(sent, State.DELIVERED)
    assert message.attempts == 0


async def test_what_a_recipient_may_not_get_today_fails_with_the_sites_words_and_holds_up_no_other(
    both: TwoBridges,
) -> None:
    await change(both, daily_per_recipient=1)
    ana, ben = both.world.customers[:2]
    first, second, other = [await both.hub.send(number, "hello") for number in (ana, ana, ben)]
    assert "a day" in (await both.hub.became(second, State.FAILED)).error
    for each in (first, other):
        await both.hub.became(each, State.DELIVERED)


async def test_a_limit_of_requests_delays_messages_and_gives_none_up(
    both: TwoBridges, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one whose recipient was refused before, while others got through."""
    monkeypatch.setattr(api, "RETRY_AFTER", 1)
    customers = both.world.customers
    both.way.refuse_next.append(TOO_MANY)
    sent = [await both.hub.send(customers[number % 3], f"number {number}") for number in range(9)]
    for each in sent:
        message = await both.hub.became(each, State.DELIVERED)
        assert message.attempts == 0
        both.way.refuse_next.append(TOO_MANY)
    for number in range(3):
        texts = [f"number {n}" for n in range(number, 9, 3)]
        assert [sms.text for sms in await both.person(customers[number]).wait(3)] == texts


async def test_a_hub_that_ends_while_it_waits_for_room_sends_the_message_another_time(
    both: TwoBridges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "RETRY_AFTER", 3600)
    both.way.refuse_next.append(TOO_MANY)
    sent = await both.hub.send(both.world.customers[0], "in a moment")
    await until(lambda: not both.way.refuse_next)
    both.way.unplug()
    await until(lambda: both.hub.gateway.lines()[0].state is LineState.ABSENT)
    await until(lambda: is_queued(both, sent))
    await both.way.plug()
    await both.hub.became(sent, State.DELIVERED)


async def is_queued(both: TwoBridges, message: str) -> bool:
    return (await both.hub.gateway.message(SHOP, message)).state is State.QUEUED
