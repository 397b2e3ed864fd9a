"""What an account may do, as `/v1` tells it: its network addresses, its rate, its credits."""

import pytest

from bridge.model.account import AccountChange, Payment, Verification
from tests.support.native_site import Site

MESSAGE = {"to": "+15550100", "text": "x"}


async def test_may_be_used_from_its_own_addresses_only(site: Site) -> None:
    await site.gateway.administration.change_account("test", "shop", AccountChange(addresses=("192.0.2.0/24",)))
    assert (await site.shop.get("/v1/me")).problem == (403, "not-allowed", "")
    await site.gateway.administration.change_account(
        "test", "bakery", AccountChange(addresses=("192.0.2.0/24", "127.0.0.1", "::1"))
    )
    assert (await site.bakery.get("/v1/me")).status == 200


async def test_says_when_to_come_again(site: Site) -> None:
    await site.gateway.administration.change_account("test", "shop", AccountChange(requests_per_minute=1))
    assert (await site.shop.get("/v1/me")).status == 200
    answer = await site.shop.get("/v1/me")
    assert answer.problem == (429, "too-many", "")
    assert 50 <= int(answer.headers["Retry-After"]) <= 60
    assert (await site.bakery.get("/v1/me")).status == 200


@pytest.mark.parametrize(
    ("terms", "problem"),
    [
        (AccountChange(payment=Payment.PREPAID), (402, "out-of-credit", "")),
        (AccountChange(verification=Verification.PENDING), (403, "not-allowed", "")),
    ],
)
async def test_says_why_it_is_not_sent(site: Site, terms: AccountChange, problem: tuple[int, str, str]) -> None:
    await site.gateway.administration.change_account("test", "shop", terms)
    await site.gateway.administration.top_up("test", "shop", 0)
    assert (await site.shop.post("/v1/messages", MESSAGE)).problem == problem


async def test_says_that_a_recipient_had_enough_today(site: Site) -> None:
    await site.gateway.administration.change_account("test", "shop", AccountChange(daily_per_recipient=1))
    assert (await site.shop.post("/v1/messages", MESSAGE)).status == 202
    answer = await site.shop.post("/v1/messages", MESSAGE)
    assert answer.problem == (409, "not-possible", "")
    assert "+15550100" in answer.body["detail"]


async def test_a_message_to_a_number_on_the_list_is_taken_and_has_failed(site: Site) -> None:
    await site.gateway.administration.suppress("test", "shop", "+15550100")
    answer = await site.shop.post("/v1/messages", MESSAGE)
    assert (answer.status, answer.body["state"]) == (202, "failed")
    assert answer.body["error"].startswith("MBBLACK: ")
