"""Who may come in is asked again once a body that took its time is here: anything may have changed by then."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from bridge.model.account import AccountChange, Verification
from bridge.model.scope import SEND
from bridge.model.user import Role
from tests.support.lasting import Halting, tell
from tests.support.native_site import Answer, Caller, Site

MESSAGE = {"to": "+15550100", "text": "x"}


async def around(site: Site, caller: Caller, method: str, path: str, value: Any, change: Awaitable[Any]) -> Answer:
    """A call that is let in before a change is made, and has its body after that was answered."""
    body, entered = Halting(value), asyncio.Event()
    for who in (site.gateway.authenticator, site.gateway.sessions):
        tell(who, entered)
    calling = asyncio.get_running_loop().create_task(caller.call(method, path, aiter(body)))
    await entered.wait()
    await change
    body.go_on()
    return await calling


def account(**change: Any) -> Callable[[Site], Awaitable[Any]]:
    return lambda site: site.gateway.administration.change_account("test", "shop", AccountChange(**change))


CHANGES: Mapping[str, tuple[Callable[[Site], Awaitable[Any]], int]] = {
    "disabled": (account(disabled=True), 403),
    "elsewhere": (account(addresses=("192.0.2.0/24",)), 403),
    "rejected": (account(verification=Verification.REJECTED), 403),
    "rotated": (lambda site: site.gateway.administration.rotate("test", "shop", "apikey", 0), 401),
}


@pytest.mark.parametrize("value", [MESSAGE, {"messages": [MESSAGE] * 900}], ids=["one message", "many messages"])
@pytest.mark.parametrize("what", CHANGES)
async def test_a_submission_under_way_goes_by_what_its_account_may_do_when_it_is_complete(
    site: Site, what: str, value: Any
) -> None:
    change, status = CHANGES[what]
    answer = await around(site, site.shop, "POST", "/v1/messages", value, change(site))
    assert answer.status == status, answer.body
    assert (await site.operator.get("/v1/messages")).body["messages"] == []


async def test_a_key_that_is_revoked_meanwhile_sends_nothing(site: Site) -> None:
    shop = await site.store.account("shop")
    _, printed = await site.gateway.administration.add_key("test", shop, "crm", SEND)
    crm = site.caller(printed["apikey"])
    revoking = site.gateway.administration.revoke_key("test", "shop", "crm")
    answer = await around(site, crm, "POST", "/v1/messages", MESSAGE, revoking)
    assert answer.status == 401


async def test_a_person_who_may_only_read_by_then_changes_nothing(site: Site) -> None:
    person = await site.person(Role.OWNER)
    await site.person(Role.OWNER, "other")  # the last owner stays one
    demoting = site.gateway.users.change("test", "owner", role=Role.READER)
    answer = await around(site, person, "POST", "/v1/accounts", {"name": "clinic"}, demoting)
    assert answer.status == 403
    assert "clinic" not in [each.name for each in await site.store.accounts()]


async def test_a_change_for_somebody_else_is_in_nobodys_way(site: Site) -> None:
    other = site.gateway.administration.change_account("test", "bakery", AccountChange(disabled=True))
    answer = await around(site, site.shop, "POST", "/v1/messages", MESSAGE, other)
    assert answer.status == 202
