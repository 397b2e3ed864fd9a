"""What Zhenzi's dialect refuses, by code: nothing of it is queued or paid."""

from urllib.parse import urlencode

import pytest

from bridge.model.account import AccountChange, Payment, Verification
from tests.support.http_site import HttpSite
from tests.support.zhenzi_calls import (
    APP,
    BALANCE,
    BY_TEMPLATE,
    CREDITS,
    FIND,
    GOOD,
    SEND,
    TO,
    agree,
    assert_refused,
    assert_untouched,
    call,
    furnish,
)

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NUMBERS = [None, "", " ", "shop", "1", "1" * 21, "1" * 65, f"{TO},15550123", f"{TO};15550123", f'["{TO}"]']
#: what each field must not be; None for not there
BAD: dict[str, dict[str, list[str | None]]] = {
    SEND: {"message": [None, "", " ", "\r\n", "a\x00b"], "number": NUMBERS, "messageId": ["x" * 129]},
    BY_TEMPLATE: {
        "templateId": [None, "", " ", "none", "draft", "短信", "x" * 129],
        "templateParams": [
            None,
            "",
            "x",
            "{}",
            "[true, 2]",
            '[{"a": 1}, 2]',
            "null",
            '"1234"',
            '["1", null]',
            '["1"',
            "[" * 10_000,
        ],
        "number": NUMBERS,
        "messageId": ["x" * 129],
        "clientIp": ["here", "192.0.2", "192.0.2.7,192.0.2.8", "x" * 129],
    },
    BALANCE: {},
    FIND: {"messageId": [None, "", " ", "unknown", "x" * 129]},
}
for fields in BAD.values():
    fields |= {"appId": [None, "", " ", "x" * 129], "appSecret": [None, "", " ", "x" * 129]}


@pytest.fixture(autouse=True)
async def furnished(site: HttpSite) -> None:
    await furnish(site)


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in BAD.items() for name in names])
async def test_100_for_a_field_that_is_wrong(site: HttpSite, path: str, name: str) -> None:
    for value in BAD[path][name]:
        assert_refused(await call(site, path, **{name: value}), 100)
    rest = urlencode({key: value for key, value in GOOD[path].items() if key != name})
    good = GOOD[path].get(name, "order-1")
    bodies = [f"{rest}&{name}=%FF", f"{rest}&{urlencode({name: good})}&{urlencode({name: good})}"]
    for body in bodies:
        assert_refused(await site.ask("POST", path, data=body, headers=FORM), 100, name)
    await assert_untouched(site)


@pytest.mark.parametrize("path", GOOD)
async def test_100_for_fields_that_are_only_in_the_headers(site: HttpSite, path: str) -> None:
    assert_refused(await site.ask("POST", path, headers=GOOD[path] | {"message": "x"}), 100, "appId")
    await assert_untouched(site)


@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_100_for_another_method_with_405(site: HttpSite, path: str, method: str) -> None:
    for where in ({"params": GOOD[path]}, {"data": GOOD[path]}):
        answer = await site.ask(method, path, **where)
        assert_refused(answer, 100, "post", status=405)
        assert answer.headers["Allow"] == "POST"
    await assert_untouched(site)


@pytest.mark.parametrize("path", GOOD)
async def test_105_and_110_for_credentials_that_are_wrong(site: HttpSite, path: str) -> None:
    for app in ("100002", "x", "'", APP["appSecret"]):
        assert_refused(await call(site, path, appId=app), 105, "appId")
    for secret in ("0" * 32, "x", APP["appSecret"].upper(), APP["appId"]):
        assert_refused(await call(site, path, appSecret=secret), 110, "AppSecret")
    await assert_untouched(site)


@pytest.mark.parametrize("path", GOOD)
async def test_107_then_106_for_those_who_are_known_but_may_not(site: HttpSite, path: str) -> None:
    await agree(site, addresses=("192.0.2.0/24",))
    assert_refused(await call(site, path), 107, "ip 错误:127.0.0.1 不在白名单中")
    await site.gateway.administration.change_account("tests", "shop", AccountChange(disabled=True))
    site.clock.at += 2000
    assert_refused(await call(site, path), 106)
    # who does not prove to be the application is told nothing of it
    assert_refused(await call(site, path, appSecret="0" * 32), 110)
    await assert_untouched(site)


@pytest.mark.parametrize("path", [SEND, BY_TEMPLATE])
async def test_106_for_an_account_that_is_not_verified(site: HttpSite, path: str) -> None:
    await agree(site, verification=Verification.PENDING)
    assert_refused(await call(site, path), 106)
    await assert_untouched(site)


@pytest.mark.parametrize("path", [SEND, BY_TEMPLATE])
async def test_108_when_the_credits_do_not_cover_it(site: HttpSite, path: str) -> None:
    await agree(site, payment=Payment.PREPAID)
    await site.gateway.administration.top_up("tests", "shop", 1 - CREDITS)
    long = {SEND: {"message": "字" * 71}, BY_TEMPLATE: {"templateParams": f'["{"字" * 71}", "5"]'}}[path]
    assert_refused(await call(site, path, **long), 108, "余额不足")
    await assert_untouched(site, credits=1)
    assert (await call(site, path)).json["code"] == 0
    assert_refused(await call(site, path), 108)


@pytest.mark.parametrize("path", [SEND, BY_TEMPLATE])
async def test_109_when_a_number_had_its_messages_for_today(site: HttpSite, path: str) -> None:
    await agree(site, daily_per_recipient=2)
    for _ in range(2):
        assert (await call(site, path)).json["code"] == 0
    assert_refused(await call(site, path), 109, "限额")
    assert (await call(site, path, number="15550123")).json["code"] == 0
    await assert_untouched(site, messages=3, credits=CREDITS - 3)
    site.clock.at += 86_400_000
    assert (await call(site, path)).json["code"] == 0


async def test_checks_who_calls_before_what_is_asked(site: HttpSite) -> None:
    wrong = {"message": "字" * 1001, "number": "shop"}
    assert_refused(await call(site, SEND, appId="", **wrong), 100, "appId")
    assert_refused(await call(site, SEND, appId="1", **wrong), 105)
    assert_refused(await call(site, SEND, appSecret="1", **wrong), 110)
    assert_refused(await call(site, SEND, **wrong), 101)
    assert_refused(await call(site, SEND, message="x", number="shop"), 100, "number")


async def test_1000_for_more_requests_than_are_agreed(site: HttpSite) -> None:
    await agree(site, requests_per_minute=1)
    assert (await call(site, BALANCE)).json["code"] == 0
    answer = await call(site, BALANCE)
    assert_refused(answer, 1000)
    assert answer.headers["Retry-After"] == "60"


@pytest.mark.parametrize("path", GOOD)
async def test_1000_for_trouble_of_ours(site: HttpSite, path: str) -> None:
    await site.close_store()
    answer = await call(site, path)
    assert_refused(answer, 1000)
    assert answer.json["data"] == "系统未知错误"


@pytest.mark.parametrize("path", ["/sms/nothing.do", "/sms/v2/nothing.do", "/account/nothing.do", "/smslog/x.do"])
async def test_100_for_a_path_that_is_not_there(site: HttpSite, path: str) -> None:
    assert_refused(await site.ask("POST", path, data=GOOD[SEND]), 100, status=404)
    await assert_untouched(site)


async def test_100_for_a_form_that_is_too_large(site: HttpSite) -> None:
    assert_refused(await call(site, SEND, message="x" * 600_000), 100, status=413)
    await assert_untouched(site)
