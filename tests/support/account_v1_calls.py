"""Calls of the account/MD5 dialect, for its tests."""

import hashlib
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from bridge.model.account import AccountChange
from tests.support.http_site import CREDENTIALS, Answer, HttpSite

SHOP, PWD = CREDENTIALS["v1_account"], hashlib.md5(CREDENTIALS["v1_password"].encode()).hexdigest()
TO, OTHER = "13800138000", "+447700900123"
FORM = "application/x-www-form-urlencoded"
PATHS = ("/api/v1/send", "/api/v1/report", "/api/v1/mo", "/api/v1/queryBalance")


def send_form(**changes: str | None) -> dict[str, str]:
    """The form of a send; None leaves a field out."""
    form: dict[str, str | None] = {"account": SHOP, "pwd": PWD, "mobiles": TO, "content": "hello"}
    return {name: value for name, value in (form | changes).items() if value is not None}


async def post(site: HttpSite, path: str, form: dict[str, str] | bytes, **options: Any) -> Answer:
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    options = {"headers": {"Content-Type": FORM}} | options
    answer = await site.ask("POST", path, data=BytesIO(body), **options)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert list(answer.json) == ["code", "data", "message"]
    return answer


async def send(site: HttpSite, **changes: str | None) -> str:
    """The taskId of what was accepted."""
    answer = (await post(site, "/api/v1/send", send_form(**changes))).json
    assert (answer["code"], answer["message"], list(answer["data"])) == ("00", "成功", ["taskId"])
    return str(answer["data"]["taskId"])


async def pull(site: HttpSite, what: str) -> Any:
    """The data of a call that asks for nothing but its caller's."""
    answer = (await post(site, f"/api/v1/{what}", {"account": SHOP, "pwd": PWD})).json
    assert (answer["code"], answer["message"]) == ("00", "成功")
    return answer["data"]


def refused(answer: Answer) -> str:
    """The code of a refusal."""
    told = answer.json
    assert told["data"] is None
    assert told["message"]
    assert not told["message"].isascii()
    assert isinstance(told["code"], str)
    return told["code"]


async def set_terms(site: HttpSite, **terms: Any) -> None:
    """Other terms for the shop, at once."""
    await site.gateway.administration.change_account("test", "shop", AccountChange(**terms))
    site.clock.at += 1001  # accounts are remembered for a second
