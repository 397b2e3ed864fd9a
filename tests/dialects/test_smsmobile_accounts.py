"""What an account may do, as the smsmobile API tells it: its network addresses, its rate, its credits."""

from pathlib import Path

import pytest

from bridge.model.account import AccountChange, Payment, Verification
from tests.support.http_site import CREDENTIALS, HttpSite, open_site
from tests.support.smsmobile_calls import send, set_terms

ASK = {
    "grant_type": "client_credentials",
    "client_id": CREDENTIALS["client_id"],
    "client_secret": CREDENTIALS["client_secret"],
}


@pytest.mark.parametrize(("network", "status"), [("127.0.0.0/8", 200), ("192.0.2.0/24", 403)])
async def test_may_be_used_from_its_own_addresses_only(site: HttpSite, network: str, status: int) -> None:
    await set_terms(site, AccountChange(addresses=(network,)))
    answer = await send(site)
    assert (answer.status, "127.0.0.1" in answer.json.get("message", "")) == (status, status == 403)
    assert len(await site.messages()) == (status == 200)
    token = await site.ask("POST", "/oauth2/token", data=ASK)
    assert token.status == (200 if status == 200 else 401)


async def test_a_token_is_held_to_the_same_terms(site: HttpSite) -> None:
    token = (await site.ask("POST", "/oauth2/token", data=ASK)).json["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    form = {"recipients": "+15550123", "message": "x"}
    assert (await site.ask("POST", "/sendsms", data=form, headers=headers)).status == 200
    await set_terms(site, AccountChange(addresses=("192.0.2.0/24",)))
    answer = await site.ask("POST", "/sendsms", data=form, headers=headers)
    assert (answer.status, answer.json["error"]) == (403, "address_refused")


async def test_says_when_to_come_again(site: HttpSite) -> None:
    await set_terms(site, AccountChange(requests_per_minute=2))
    assert [(await send(site)).status for _ in range(2)] == [200, 200]
    answer = await send(site)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "30")
    assert (answer.json["error"], answer.json["message"]) == ("too_many_requests", "Too many requests.")
    token = await site.ask("POST", "/oauth2/token", data=ASK)
    assert (token.status, token.headers["Retry-After"]) == (429, "30")
    site.clock.at += 30_000
    assert (await send(site)).status == 200


async def test_clients_of_the_old_style_hear_of_too_many_requests_with_200_and_when_to_come_again(
    tmp_path: Path,
) -> None:
    async with open_site(
        tmp_path, dialects={"smsmobile": ""}, options={"smsmobile": {"legacy_http_200": True}}
    ) as site:
        await set_terms(site, AccountChange(requests_per_minute=1))
        await send(site)
        answer = await send(site)
        assert (answer.status, answer.json["error"]) == (200, "too_many_requests")
        assert "Retry-After" in answer.headers


@pytest.mark.parametrize(
    ("terms", "status", "code"),
    [
        (AccountChange(payment=Payment.PREPAID), 402, "out_of_credit"),
        (AccountChange(verification=Verification.PENDING), 403, "not_verified"),
        (AccountChange(daily_per_recipient=1), 409, "daily_limit"),
    ],
)
async def test_says_why_it_is_not_sent(site: HttpSite, terms: AccountChange, status: int, code: str) -> None:
    await site.gateway.administration.top_up("test", "shop", 1)
    assert (await send(site)).status == 200
    await set_terms(site, terms)
    if terms.daily_per_recipient:
        assert (await send(site)).status == 200
    answer = await send(site)
    assert (answer.status, answer.json["error"], answer.json["result"]["error"]) == (status, code, code)


async def test_says_that_the_account_is_disabled(site: HttpSite) -> None:
    await site.gateway.administration.change_account("test", "shop", AccountChange(disabled=True))
    answer = await send(site)
    assert (answer.status, answer.json["error"]) == (403, "account_disabled")
