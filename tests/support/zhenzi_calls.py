"""Calls of the Zhenzi dialect, for its tests."""

from typing import Any

from bridge.model.account import AccountChange, Template
from tests.support.http_site import CREDENTIALS, Answer, HttpSite

SEND, BY_TEMPLATE = "/sms/send.do", "/sms/v2/send.do"
BALANCE, FIND = "/account/balance.do", "/smslog/findSmsByMessageId.do"
TO = "13800138000"
CREDITS = 50
APP = {"appId": CREDENTIALS["app_id"], "appSecret": CREDENTIALS["app_secret"]}
#: each endpoint's fields as they should be
GOOD: dict[str, dict[str, str]] = {
    SEND: APP | {"message": "您的验证码是1234", "number": TO},
    BY_TEMPLATE: APP | {"templateId": "two", "templateParams": '["1234", "5"]', "number": TO, "clientIp": "192.0.2.7"},
    BALANCE: APP,
    FIND: APP | {"messageId": "order-1"},
}


async def furnish(site: HttpSite) -> None:
    """A template to send by, credits, and a place for status reports."""
    await add_template(site, "two", "您的验证码是{code},{time}分钟内有效")
    await add_template(site, "draft", "{1}", approved=False)
    await site.gateway.administration.top_up("tests", "shop", CREDITS)
    await site.gateway.endpoints.add("test", site.account, "http://127.0.0.1:9/report", "zhenzi")


async def add_template(site: HttpSite, id: str, text: str, approved: bool = True) -> None:
    """The account has this template from now on."""
    await site.gateway.administration.add_template("tests", Template("shop", id, text, approved))


async def agree(site: HttpSite, **terms: Any) -> None:
    """Terms of the account; the bridge goes by them from the next second on."""
    await site.gateway.administration.change_account("tests", "shop", AccountChange(**terms))
    site.clock.at += 2000


async def call(site: HttpSite, path: str, **changes: str | None) -> Answer:
    """A form POST of the endpoint's fields, with changes; a field that is None is left out."""
    form = GOOD[path] | changes
    return await site.ask("POST", path, data={name: value for name, value in form.items() if value is not None})


def assert_refused(answer: Answer, code: int, *words: str, status: int = 200) -> None:
    """The page's shape, with this code and these words."""
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert list(answer.json) == ["code", "data"]
    assert answer.json["code"] == code, answer.json
    assert isinstance(answer.json["data"], str)
    for word in words:
        assert word in answer.json["data"]


async def assert_untouched(site: HttpSite, messages: int = 0, credits: int = CREDITS) -> None:
    """Nothing more was queued, and nothing was paid."""
    assert len(await site.messages()) == messages
    assert (await site.gateway.administration.account("shop")).credits == credits
