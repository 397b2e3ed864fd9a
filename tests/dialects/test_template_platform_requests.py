"""The requests that the pages of the template platform print, byte for byte where they print bytes, and the answers."""

import json
import re

import pytest

from bridge.model.message import State
from tests.support.http_site import CREDENTIALS, HttpSite
from tests.support.template_calls import CREDITS, HEADERS, SHOWN, TO, add_template, furnish, get, post, prepaid

ONE = '{"phone": "13800138000", "template_id": "123456", "params": {"code": "1234"}}'
#: how each sample program of the pages writes its request
PROGRAMS = {
    "curl": ("Accept: */*\r\nContent-Type: application/json", ONE),
    "php": (
        "Accept: */*\r\nContent-Type: application/json",
        '{"phone":"13800138000","template_id":"123456","params":{"code":"1234"}}',
    ),
    "python": ("Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nContent-Type: application/json", ONE),
    "node": (
        "Accept: application/json, text/plain, */*\r\nContent-Type: application/json",
        '{"phone":"13800138000","template_id":"123456","params":{"code":"1234"}}',
    ),
}


@pytest.fixture(autouse=True)
async def furnished(site: HttpSite) -> None:
    await furnish(site)


@pytest.mark.parametrize("program", PROGRAMS)
async def test_answers_the_sample_program(site: HttpSite, program: str) -> None:
    headers, body = PROGRAMS[program]
    answer = await site.raw(
        f"POST /api/sms/send HTTP/1.1\r\nHost: aa.example\r\nX-API-Key: {CREDENTIALS['api_key']}\r\n"
        f"X-API-Secret: {CREDENTIALS['api_secret']}\r\n{headers}\r\nContent-Length: {{length}}\r\n\r\n{body}".encode()
    )
    assert answer.status == 200
    message = await site.the_message()
    assert answer.json == {
        "success": True,
        "message": "短信发送成功",
        "data": {"message_id": message.id, "phone": "138****8000"},
    }
    assert (message.recipient, message.text, message.state) == (TO, "您的验证码是1234", State.QUEUED)


async def test_answers_the_sample_of_sending(site: HttpSite) -> None:
    await add_template(site, "123456", "您的验证码是{code},{time}分钟内有效")
    body = {"phone": "13800138000", "template_id": "123456", "params": {"code": "1234", "time": "5"}}
    answer = await post(site, "/api/sms/send", body)
    message = await site.the_message()
    assert answer.json == {
        "success": True,
        "message": "短信发送成功",
        "data": {"message_id": message.id, "phone": "138****8000"},
    }
    assert message.text == "您的验证码是1234,5分钟内有效"


async def test_answers_with_the_pages_failure_when_the_balance_is_too_low(site: HttpSite) -> None:
    await prepaid(site, credits=0)
    answer = await post(site, "/api/sms/send", {"phone": TO, "template_id": "123456", "params": {"code": "1234"}})
    assert (answer.status, answer.json) == (400, {"success": False, "message": "发送失败:余额不足"})
    assert not await site.messages()


async def test_answers_the_sample_of_a_batch(site: HttpSite) -> None:
    body = {"phones": ["13800138000", "13800138001"], "template_id": "123456", "params": {"code": "1234"}}
    answer = await post(site, "/api/sms/batch-send", body)
    assert answer.status == 200
    first, second = await site.messages()
    data = answer.json["data"]
    assert re.fullmatch("[0-9a-f]{32}", data.pop("batch_id"))
    assert data == {
        "total": 2,
        "success_count": 2,
        "failed_count": 0,
        "results": [
            {"phone": "138****8000", "success": True, "message_id": first.id},
            {"phone": "138****8001", "success": True, "message_id": second.id},
        ],
    }
    assert [message.text for message in (first, second)] == ["您的验证码是1234"] * 2


async def test_answers_the_sample_of_the_records(site: HttpSite) -> None:
    await post(site, "/api/sms/send", {"phone": TO, "template_id": "123456", "params": {"code": "1234"}})
    await site.bring((await site.the_message()).id, State.SENT)
    answer = await get(site, "/api/sms/records")
    body = answer.json
    (record,) = body["data"].pop("records")
    assert body == {"success": True, "data": {"total": 1, "page": 1, "per_page": 10}}
    page = {key: record[key] for key in ("id", "phone", "template_id", "status", "created_at")}
    assert page == {
        "id": 1,
        "phone": SHOWN,
        "template_id": "123456",
        "status": "success",
        "created_at": "2026-03-20 21:07:44",
    }


async def test_answers_the_sample_of_the_account(site: HttpSite) -> None:
    answer = await get(site, "/api/account/info")
    assert answer.json == {
        "success": True,
        "data": {"balance": float(CREDITS), "total_sent": 0, "today_sent": 0, "verification_status": "approved"},
    }
    assert b'"balance": 50.00' in answer.body


async def test_sends_once_more_with_a_trailing_slash_and_without_a_label(site: HttpSite) -> None:
    assert (await site.ask("POST", "/api/sms/send/", data=ONE.encode(), headers=HEADERS)).status == 200
    assert (await site.the_message()).recipient == TO


async def test_takes_json_with_a_byte_order_mark_and_says_where_other_json_is_broken(site: HttpSite) -> None:
    body = json.dumps({"phone": TO, "template_id": "123456", "params": {"code": "1234"}}).encode()
    sent = await site.ask("POST", "/api/sms/send", data=b"\xef\xbb\xbf" + body, headers=HEADERS)
    assert (sent.status, sent.json["success"]) == (200, True)
    broken = await site.ask("POST", "/api/sms/send", data=body.replace(b'1234"', b'12\n34"'), headers=HEADERS)
    assert (broken.status, broken.json["message"]) == (400, "请求参数错误:请求内容不是有效的 JSON:第 1 行第 73 列")
