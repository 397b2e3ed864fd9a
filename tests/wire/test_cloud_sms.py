"""Cloud SMS from a vendor's call to the recipient and back: the real bridge and drivers, and emulated providers."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.model.account import Template
from bridge.model.line import Line, LineState
from bridge.model.message import State
from tests.support.cloud_site import TEXT, CloudSite, on_cloud, provider_of
from tests.support.running import SHOP
from tests.support.waiting import until

ANA, WRITTEN = "+8613800138000", "13800138000"


@pytest.fixture(params=["tencent", "aliyun"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CloudSite]:
    async with on_cloud(tmp_path, request.param) as made:
        await made.bridge.gateway.administration.add_template("test", Template("shop", "login", "Your code is {code}"))
        yield made


async def by_template(site: CloudSite, phone: str = WRITTEN, **params: str) -> tuple[int, Any]:
    """Send by the template platform, as its page does."""
    keys = {"X-API-Key": site.bridge.keys["api_key"], "X-API-Secret": site.bridge.keys["api_secret"]}
    body = {"phone": phone, "template_id": "login", "params": params or {"code": "1234"}, "provider": site.name}
    async with site.bridge.http.post(f"{site.bridge.url}/api/sms/send", json=body, headers=keys) as answer:
        return answer.status, await answer.json()


async def test_a_template_of_the_platform_goes_by_the_provider_it_names(site: CloudSite) -> None:
    status, told = await by_template(site)
    assert (status, told["success"], told["data"]["phone"]) == (200, True, "138****8000")
    message = await site.bridge.became(told["data"]["message_id"], State.DELIVERED)
    [record] = site.provider.far.records
    assert (record.number, record.text, record.ours) == (ANA, TEXT, f"{message.id}.1")
    assert [each.text for each in await site.provider.far.person(ANA).wait()] == [TEXT]


async def test_a_text_from_any_dialect_that_a_template_makes_goes_too(site: CloudSite) -> None:
    sent = await site.bridge.send(ANA, "Your code is 777", sIdentifiant=site.name)
    assert (await site.bridge.became(sent, State.DELIVERED)).line == site.name
    assert site.provider.far.records[0].text == "Your code is 777"


async def test_what_no_template_makes_is_refused_at_once(site: CloudSite) -> None:
    await site.bridge.gateway.administration.add_template("test", Template("shop", "login", "Hello {code}"))
    assert (await by_template(site))[0] == 400
    form = {
        "apikey": site.bridge.keys["apikey"],
        "recipients": ANA,
        "message": "Good morning",
        "sIdentifiant": site.name,
    }
    async with site.bridge.http.post(f"{site.bridge.url}/sendsms", data=form) as answer:
        told = await answer.json()
        assert (answer.status, told["error"]) == (400, "unknown_template")
    assert site.provider.far.records == []


async def test_what_may_go_by_any_line_does_not_go_by_this_one(site: CloudSite) -> None:
    sent = await site.bridge.send(ANA, TEXT)
    assert (await by_template(site))[0] == 200
    await until(lambda: _count(site, 1))
    assert (await site.bridge.gateway.message(SHOP, sent)).state is State.QUEUED


async def _count(site: CloudSite, count: int) -> bool:
    return len(site.provider.far.records) >= count


async def test_a_time_out_is_unknown_and_settled_by_the_report(site: CloudSite) -> None:
    site.provider.faults.silent_next, site.provider.faults.report_delay = 1, 4.0
    sent = (await by_template(site))[1]["data"]["message_id"]
    assert "no answer came" in (await site.bridge.became(sent, State.UNKNOWN)).error
    await site.bridge.became(sent, State.DELIVERED)
    assert len(site.provider.far.records) == 1


async def test_reports_that_come_late_twice_and_out_of_order_each_find_their_message(site: CloudSite) -> None:
    site.provider.faults.twice, site.provider.faults.shuffle, site.provider.faults.report_delay = True, 3, 0.2
    ids = [(await by_template(site, code=str(number)))[1]["data"]["message_id"] for number in range(3)]
    for each in ids:
        await site.bridge.became(each, State.DELIVERED)
    assert len(site.provider.far.records) == 3


async def test_a_failure_says_the_carriers_word(site: CloudSite) -> None:
    site.provider.faults.outcome, site.provider.faults.failure = "failed", "MOBILE_NOT_ON_SERVICE"
    sent = (await by_template(site))[1]["data"]["message_id"]
    assert "MOBILE_NOT_ON_SERVICE" in (await site.bridge.became(sent, State.FAILED)).error


@pytest.mark.parametrize(
    ("kind", "state"), [("permanent", State.FAILED), ("credit", State.DELIVERED), ("line", State.DELIVERED)]
)
async def test_refusals_fail_the_message_or_rest_the_line(site: CloudSite, kind: str, state: State) -> None:
    codes = {
        "tencent": {
            "permanent": "FailedOperation.ContainSensitiveWord",
            "credit": "FailedOperation.InsufficientBalanceInSmsPackage", "line": "AuthFailure.UnauthorizedOperation",
        },
        "aliyun": {
            "permanent": "isv.BLACK_KEY_CONTROL_LIMIT", "credit": "isv.AMOUNT_NOT_ENOUGH",
            "line": "isp.RAM_PERMISSION_DENY",
        },
    }  # fmt: skip
    site.provider.faults.refuse_next.append(codes[site.name][kind])
    sent = (await by_template(site))[1]["data"]["message_id"]
    message = await site.bridge.became(sent, state)
    assert len(site.provider.far.records) == (state is State.DELIVERED)
    assert (codes[site.name][kind] in message.error) is (state is State.FAILED)


async def test_a_reply_is_received_once_however_often_it_is_pushed_and_td_is_a_stop(site: CloudSite) -> None:
    site.provider.faults.twice = True
    await by_template(site)
    site.provider.far.person(ANA).send("TD")
    [received] = await site.bridge.received(1)
    assert (received.sender, received.text, received.line) == (ANA, "TD", site.name)
    stopped = (await by_template(site))[1]["data"]["message_id"]
    assert (await site.bridge.became(stopped, State.FAILED)).error.startswith("MBBLACK: the recipient wrote TD")
    assert len(await site.bridge.received(1)) == 1


async def test_a_key_that_is_no_good_parks_the_line_and_says_what_to_check(tmp_path: Path) -> None:
    provider = provider_of("tencent")
    await provider.start()
    try:
        provider.faults.fail_next = ["AuthFailure.SecretIdNotFound"] * 100
        async with on_cloud(tmp_path, "tencent", provider, ready=False) as site:

            def parked() -> Line | None:
                return next((each for each in site.bridge.gateway.lines() if each.state is LineState.PARKED), None)

            line = await until(parked)
            assert line is not None
            assert "check secret_id" in line.reason
    finally:
        await provider.close()


async def test_callbacks_answer_what_the_providers_consoles_look_for(site: CloudSite) -> None:
    url = site.provider.pushes.url
    async with site.bridge.http.get(url) as answer:
        told = json.loads(await answer.read())
        assert (answer.status, told.get("result", told.get("code"))) == (200, 0)
    async with site.bridge.http.post(f"{site.bridge.url}/callbacks/{site.name}/guess", data=b"[]") as answer:
        assert answer.status == 403
    assert [line.state for line in site.bridge.gateway.lines()] == [LineState.READY]
