"""What the template platform refuses: nothing of it is queued or paid, and every answer is the page's failure."""

import asyncio
import json
from typing import Any

import pytest

from bridge.model.account import AccountChange
from tests.support.http_site import CREDENTIALS, HttpSite
from tests.support.lasting import Halting, tell
from tests.support.template_calls import (
    HEADERS,
    TO,
    agree,
    assert_refused,
    assert_untouched,
    batch,
    furnish,
    get,
    post,
    send,
)

SEND, BATCH, RECORDS, INFO = "/api/sms/send", "/api/sms/batch-send", "/api/sms/records", "/api/account/info"
EVERY = {SEND: "POST", BATCH: "POST", RECORDS: "GET", INFO: "GET"}
GOOD: dict[str, dict[str, Any]] = {
    SEND: {"phone": TO, "template_id": "123456", "params": {"code": "1234"}, "provider": "office"},
    BATCH: {"phones": [TO, "+15550123"], "template_id": "123456", "params": {"code": "1234"}, "provider": "office"},
}
#: what each parameter must not be; `...` for not there
BAD: dict[str, dict[str, list[Any]]] = {
    SEND: {
        "phone": [..., None, "", " ", 13800138000, [TO], {}, True, "shop", "1", "1" * 21, "1" * 65, f"{TO},15550123"],
        "template_id": [..., None, "", " ", 123456, ["123456"], {}, False, "x" * 65],
        "params": [..., None, "", "code", 1, True, ["1234"], {"code": None}, {"code": []}, {"code": {}}, {"Code": "1"}],
        "provider": [1, True, [], {}, "x" * 65, "nowhere"],
    },
    BATCH: {
        "phones": [..., None, "", [], TO, 1, {}, True, [TO] * 101],
        "template_id": [..., None, "", " ", 123456, [], "x" * 65],
        "params": [..., None, "", "code", 1, True, ["1234"], {"code": None}, {"code": []}, {"code": {}}, {"Code": "1"}],
        "provider": [1, True, [], {}, "x" * 65, "nowhere"],
    },
}
OTHERS = {SEND: ["phones", "text", "Phone", "x" * 500], BATCH: ["phone", "text", "Phones", ""]}


@pytest.fixture(autouse=True)
async def furnished(site: HttpSite) -> None:
    await furnish(site)


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in BAD.items() for name in names])
async def test_names_the_parameter_that_is_wrong(site: HttpSite, path: str, name: str) -> None:
    for value in BAD[path][name]:
        body = {key: kept for key, kept in (GOOD[path] | {name: value}).items() if kept is not ...}
        # without its `params`, what a template lacks is named
        assert_refused(await post(site, path, body), 400, "请求参数错误", "参数" if name == "params" else name)
    await assert_untouched(site)


@pytest.mark.parametrize("path", GOOD)
async def test_refuses_members_that_it_does_not_know_and_such_that_come_twice(site: HttpSite, path: str) -> None:
    for name in OTHERS[path]:
        assert_refused(await post(site, path, GOOD[path] | {name: "x"}), 400, name[:64])
    for name, value in GOOD[path].items():
        twice = json.dumps(GOOD[path])[:-1] + f", {json.dumps(name)}: {json.dumps(value)}}}"
        assert_refused(await site.ask("POST", path, data=twice, headers=HEADERS), 400, name)
    await assert_untouched(site)


@pytest.mark.parametrize("path", GOOD)
async def test_reads_its_parameters_from_nowhere_but_the_json_body(site: HttpSite, path: str) -> None:
    query = {"phone": TO, "template_id": "123456"}
    assert_refused(await site.ask("POST", path, params=query, json={}, headers=HEADERS), 400, "phone")
    assert_refused(await site.ask("POST", path, params=query, headers=HEADERS), 400, "JSON")
    assert_refused(await site.ask("POST", path, data=query, headers=HEADERS), 400, "JSON")
    assert_refused(await site.ask("POST", path, json=query, headers=None), 401)
    await assert_untouched(site)


@pytest.mark.parametrize("path", GOOD)
async def test_refuses_a_body_that_is_no_json_object(site: HttpSite, path: str) -> None:
    good = json.dumps(GOOD[path], ensure_ascii=False).encode()
    odd = [b"", b"null", b"[]", b'"x"', b"{", good[:-1], good + b"x", good.replace(b"1234", b"\xff"), b"[" * 100_000]
    odd += [good.replace(b'"1234"', value) for value in (b"NaN", b"Infinity", b"1e999", b"1" * 5000, b"'1'")]
    odd += [good.decode().encode("utf-16"), b"\xef\xbb\xbf" * 2 + good]
    for body in odd:
        assert_refused(await site.ask("POST", path, data=body, headers=HEADERS), 400)
    await assert_untouched(site)


@pytest.mark.parametrize("path", EVERY)
async def test_lets_in_nobody_without_both_headers(site: HttpSite, path: str) -> None:
    key, secret = HEADERS.values()
    wrong = [
        {},
        {"X-API-Key": key},
        {"X-API-Secret": secret},
        {"X-API-Key": "", "X-API-Secret": secret},
        {"X-API-Key": key, "X-API-Secret": ""},
        {"X-API-Key": secret, "X-API-Secret": key},
        {"X-API-Key": key, "X-API-Secret": "0" * 32},
        {"X-API-Key": "0" * 32, "X-API-Secret": secret},
        {"X-API-Key": key, "X-API-Secret": "x" * 5000},
        {"X-API-Key": "钥匙", "X-API-Secret": secret},
        {"X-API-Key": CREDENTIALS["app_id"], "X-API-Secret": CREDENTIALS["app_secret"]},
        [("X-API-Key", key), ("X-API-Key", key), ("X-API-Secret", secret)],
    ]
    for headers in wrong:
        answer = await site.ask(EVERY[path], path, headers=headers, json=GOOD.get(path))
        assert_refused(answer, 401, "认证失败,API Key 或 Secret 无效")
    in_query = await site.ask(EVERY[path], path, params=HEADERS, json=GOOD.get(path))
    assert_refused(in_query, 401)
    await assert_untouched(site)


@pytest.mark.parametrize("path", EVERY)
async def test_says_why_somebody_who_is_known_may_not(site: HttpSite, path: str) -> None:
    async def ask() -> Any:
        return await site.ask(EVERY[path], path, headers=HEADERS, json=GOOD.get(path))

    await agree(site, addresses=("192.0.2.0/24",))
    assert_refused(await ask(), 403, "IP 地址 127.0.0.1 不在白名单中")
    await agree(site, addresses=("127.0.0.0/8",), requests_per_minute=1)
    assert (await ask()).status == 200
    limited = await ask()
    assert_refused(limited, 429, "请求频率超限")
    assert limited.headers["Retry-After"] == "60"
    await site.gateway.administration.change_account("tests", "shop", AccountChange(disabled=True))
    site.clock.at += 2000
    assert_refused(await ask(), 403, "禁用")


@pytest.mark.parametrize("path", EVERY)
async def test_answers_to_one_method_only(site: HttpSite, path: str) -> None:
    right = EVERY[path]
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - {right}:
        answer = await site.ask(method, path, headers=HEADERS, json=GOOD.get(path, {}))
        assert_refused(answer, 405, f"请求方法错误,请使用 {right}")
        assert answer.headers["Allow"] == right
    await assert_untouched(site)


async def test_refuses_what_is_too_large_or_nowhere(site: HttpSite) -> None:
    assert_refused(await send(site, params={"code": "x" * 300_000}), 413)
    assert_refused(await get(site, "/api/sms/nothing"), 404)
    await assert_untouched(site)


async def test_tells_nothing_of_trouble_of_ours(site: HttpSite) -> None:
    await site.close_store()
    for answer in (await send(site), await batch(site, TO), await get(site, RECORDS), await get(site, INFO)):
        assert_refused(answer, 500)
        assert answer.json["message"] == "服务器内部错误"
        assert answer.headers["Retry-After"] == "5"


@pytest.mark.parametrize("path", [SEND, BATCH])
async def test_an_account_that_is_disabled_before_all_of_its_call_came_sends_nothing(site: HttpSite, path: str) -> None:
    body, entered = Halting(GOOD[path]), asyncio.Event()
    tell(site.gateway.authenticator, entered)
    labelled = HEADERS | {"Content-Type": "application/json"}
    calling = asyncio.get_running_loop().create_task(site.ask("POST", path, data=aiter(body), headers=labelled))
    await entered.wait()
    await site.gateway.administration.change_account("tests", "shop", AccountChange(disabled=True))
    body.go_on()
    assert_refused(await calling, 403)
    await assert_untouched(site)
