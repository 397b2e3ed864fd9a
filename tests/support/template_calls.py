"""Calls of the template platform's dialect, for its tests."""

from typing import Any

from bridge.model.account import AccountChange, Payment, Template
from tests.support.http_site import CREDENTIALS, Answer, HttpSite

TO, SHOWN = "13800138000", "138****8000"
CREDITS = 50
HEADERS = {"X-API-Key": CREDENTIALS["api_key"], "X-API-Secret": CREDENTIALS["api_secret"]}


async def furnish(site: HttpSite) -> None:
    """The templates that the tests send by, and credits."""
    await add_template(site, "123456", "您的验证码是{code}")
    await add_template(site, "draft", "{code}", approved=False)
    await site.gateway.administration.top_up("tests", "shop", CREDITS)


async def add_template(site: HttpSite, id: str, text: str, approved: bool = True) -> None:
    """The account has this template from now on."""
    await site.gateway.administration.add_template("tests", Template("shop", id, text, approved))


async def agree(site: HttpSite, **terms: Any) -> None:
    """Terms of the account; the bridge goes by them from the next second on."""
    await site.gateway.administration.change_account("tests", "shop", AccountChange(**terms))
    site.clock.at += 2000


async def prepaid(site: HttpSite, credits: int) -> None:
    """From now on nothing goes out that these credits do not cover."""
    left = (await site.gateway.administration.account("shop")).credits or 0
    await site.gateway.administration.top_up("tests", "shop", credits - left)
    await agree(site, payment=Payment.PREPAID)


async def post(site: HttpSite, path: str, body: Any, **headers: str) -> Answer:
    """A JSON POST with good credentials."""
    return await site.ask("POST", path, json=body, headers=HEADERS | headers)


async def send(site: HttpSite, **changes: Any) -> Answer:
    """The page's first example, with changes; a member that is `...` is left out."""
    body = {"phone": TO, "template_id": "123456", "params": {"code": "1234"}} | changes
    return await post(site, "/api/sms/send", {name: value for name, value in body.items() if value is not ...})


async def batch(site: HttpSite, *phones: Any, **changes: Any) -> Answer:
    """The same text to several numbers."""
    body = {"phones": list(phones), "template_id": "123456", "params": {"code": "1234"}} | changes
    return await post(site, "/api/sms/batch-send", body)


async def get(site: HttpSite, path: str, **params: Any) -> Answer:
    """A GET with good credentials."""
    return await site.ask("GET", path, params=params, headers=HEADERS)


async def records(site: HttpSite, **params: Any) -> Any:
    """The data of records that were found."""
    answer = await get(site, "/api/sms/records", **params)
    assert answer.status == 200, answer.body
    return answer.json["data"]


def assert_refused(answer: Answer, status: int, *words: str) -> None:
    """The failure body of the page, with these words in its sentence."""
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert list(answer.json) == ["success", "message"]
    assert answer.json["success"] is False
    for word in words:
        assert word in answer.json["message"]


async def assert_untouched(site: HttpSite, messages: int = 0, credits: int = CREDITS) -> None:
    """Nothing more was queued, and nothing was paid."""
    assert len(await site.messages()) == messages
    assert (await site.gateway.administration.account("shop")).credits == credits
