"""Errors of the smsmobile API: statuses, both shapes, families, and what stays out of logs."""

import logging
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest

from bridge.model.line import Line
from tests.support.http_site import HttpSite, open_site
from tests.support.smsmobile_calls import KEY, TO, get, send

EVERY_PATH = {
    "/sendsms": "result",
    "/resend": "result",
    "/resendwa": "result",
    "/deletesms": "result",
    "/log/sent/sms": "sms",
    "/log/sent/frommobile": "sms",
    "/getsms": "sms",
    "/gateway/mobile/list": "success",
    "/getwa": "result",
    "/getwa/active": "result",
    "/getwa/synchronisation": "result",
    "/whatsapp/checknumber": "result",
    "/sendemail": "result",
    "/getemail": "result",
    "/conversation/sms/list": "success",
    "/call/missed/list": "success",
    "/call/incoming/list": "success",
    "/call/outgoing/list": "success",
}


@pytest.mark.parametrize("path", EVERY_PATH)
async def test_every_path_wants_a_key_and_says_so_in_its_familys_shape(site: HttpSite, path: str) -> None:
    for key, status, code in (("", 400, "missing_apikey"), ("0" * 48, 403, "invalid_apikey")):
        answer = await get(site, path, apikey=key)
        assert (answer.status, answer.json["error"]) == (status, code)
        assert answer.json["result" if EVERY_PATH[path] == "sms" else EVERY_PATH[path]] is not True
        if EVERY_PATH[path] == "sms":
            assert answer.json["result"]["sms"] == []
        if EVERY_PATH[path] == "success":
            assert answer.json["success"] is False


async def test_who_comes_with_the_vendors_key_is_told_whose_key_it_takes(site: HttpSite) -> None:
    for path in ("/sendsms", "/getsms", "/gateway/mobile/list", "/notification/list"):
        answer = await get(site, path, apikey="0" * 48)
        assert "sms-bridge account add" in answer.json["message"]


#: as the vendor's page prints them
MISSING_KEY = {
    "/notification/send": "Missing required params: apikey and sid are mandatory.",
    "/notification/list": "Missing required param: apikey.",
}


async def test_notifications_refuse_with_a_sentence_only(site: HttpSite) -> None:
    for path in ("/notification/send", "/notification/list"):
        each = await site.ask("GET", path)
        assert (each.status, each.json["success"]) == (400, False)
        assert each.json["message"] == MISSING_KEY[path]
    for path, params, sentence in (
        ("/notification/send", {}, "Missing required params: apikey and sid are mandatory."),
        ("/notification/send", {"sid": "office"}, "Missing required param: message."),
        ("/notification/list", {"date_from": "yesterday"}, "Invalid date_from format. Expected YYYY-MM-DD."),
        ("/notification/list", {"distribued": "2"}, "Invalid distribued value. Allowed values: 0 or 1."),
    ):
        answer = await get(site, path, **params)
        assert (answer.status, answer.json) == (400, {"success": False, "message": sentence})


async def test_the_mailbox_that_is_not_offered_is_empty_with_a_note(site: HttpSite) -> None:
    mail = await get(site, "/getemail")
    assert (mail.status, mail.json["result"]["error"], mail.json["result"]["messages"]) == (200, "0", [])
    assert "no mailbox" in mail.json["result"]["note"]


async def test_resending_by_whatsapp_is_refused(site: HttpSite) -> None:
    answer = await get(site, "/resendwa", guid="x")
    assert (answer.status, answer.json["result"]["error"]) == (400, "whatsapp_not_connected")


async def test_whatsapp_reads_are_switched_off_in_their_own_shapes(site: HttpSite) -> None:
    active = (await get(site, "/getwa/active", statut="1")).json
    assert (active["success"], active["read_message_active"]) == (True, 0)
    window = (await get(site, "/getwa/synchronisation")).json
    assert window == {"error": "0", "messages": "not connected", "expire_at": "", "expire_at_unix": "0"}
    assert (await get(site, "/getwa")).json["result"]["messages"] == []


async def test_takes_the_key_from_a_header_too(site: HttpSite) -> None:
    for headers in ({"X-Api-Key": KEY}, {"x-api-key": KEY}):
        assert (await site.ask("GET", "/getsms", headers=headers)).status == 200


async def test_legacy_clients_get_200_for_their_mistakes_and_a_list_all_the_same(tmp_path: Path) -> None:
    async with open_site(tmp_path, options={"smsmobile": {"legacy_http_200": True}}) as site:
        for answer in (
            await send(site, apikey="x"),
            await send(site, message=""),
            await get(site, "/resend", guid="x"),
        ):
            assert (answer.status, answer.json["result"]["sent"]) == (200, "api_error")
        assert (await get(site, "/getsms", apikey="x")).json["result"]["sms"] == []
        for answer, code in (
            (await get(site, "/sendsms/no/such"), "unknown_path"),
            (await site.ask("DELETE", "/sendsms"), "wrong_method"),
            (await site.ask("POST", "/sendsms", data=BytesIO(b"x" * ((1 << 20) + 1))), "too_large"),
        ):
            assert (answer.status, answer.json["error"]) == (200, code)
        await site.close_store()
        answer = await send(site)
        assert (answer.status, answer.json["error"], answer.headers["Retry-After"]) == (200, "store_unavailable", "5")


async def test_tells_clients_when_to_come_back_while_the_disk_is_full(site: HttpSite) -> None:
    await site.close_store()
    answer = await send(site)
    assert (answer.status, answer.json["error"]) == (503, "store_unavailable")
    assert answer.headers["Retry-After"] == "5"


async def test_a_wrong_method_names_the_right_ones(site: HttpSite) -> None:
    answer = await site.ask("PUT", "/getsms")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST, OPTIONS")
    assert answer.json["result"]["sms"] == []


async def test_a_head_request_sends_nothing(site: HttpSite) -> None:
    query = f"?apikey={KEY}&recipients={TO}&message=hi"
    assert (await site.ask("HEAD", f"/sendsms{query}")).status == 405
    assert not await site.messages()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (b"Content-Encoding: gzip\r\nContent-Length: 5", b"plain"),
        (b"Transfer-Encoding: chunked", b"zz\r\nplain\r\n0\r\n\r\n"),
    ],
)
async def test_refuses_a_body_that_is_not_packed_as_it_says(site: HttpSite, headers: bytes, body: bytes) -> None:
    answer = await site.raw(b"POST /sendsms HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n" + body)
    assert answer.status == 400
    assert not await site.messages()


async def test_a_bug_of_ours_is_told_in_shape_and_logged_without_keys_and_texts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = "private " * 2

    def broken() -> Sequence[Line]:
        raise RuntimeError(f"something quotes {KEY} and {text}")

    async with open_site(tmp_path, lines=broken) as site:
        answer = await send(site, message=text, port="1")
    assert (answer.status, answer.json["result"]["error"]) == (500, "server_error")
    (record,) = [record for record in caplog.records if record.name == "api.http.app"]
    assert "RuntimeError in /sendsms" in record.getMessage()
    assert "in broken" in record.getMessage()
    reference = record.getMessage().split("reference ")[1][:8]
    assert reference in answer.json["message"]
    for secret in (KEY, text):
        assert secret not in caplog.text
        assert secret not in answer.body.decode()


@pytest.mark.parametrize(
    "line",
    [
        f"GET /sendsms?apikey={KEY}&message=Olá HTTP/1.1",
        f"GET /sendsms?apikey={KEY}&message=a b HTTP/1.1",
        f"GET /sendsms?apikey={KEY}&message={'x' * 300_000} HTTP/1.1",
        f"get /sendsms?apikey={KEY} HTTP/1.1",
    ],
)
async def test_a_request_that_is_no_http_leaves_no_key_in_any_log(
    site: HttpSite, caplog: pytest.LogCaptureFixture, line: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = await site.raw(line.encode() + b"\r\nHost: x\r\n\r\n")
    assert answer.status == 400
    assert KEY not in caplog.text
    assert not await site.messages()


async def test_nothing_that_is_asked_is_logged(site: HttpSite, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await get(site, "/sendsms", recipients=TO, message="a private text")
        await get(site, "/sendsms", apikey="0" * 48, recipients=TO, message="a private text")
        await get(site, "/no/such/path")
    for secret in (KEY, TO, "15550123", "a private text"):
        assert secret not in caplog.text
