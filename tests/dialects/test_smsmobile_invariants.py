"""What breaks real clients of the smsmobile API when it is wrong."""

import json

import pytest

from bridge.model.message import State
from tests.support.http_site import HttpSite
from tests.support.smsmobile_calls import KEY, TO, get, result, send, sent_id


async def test_sent_is_the_text_1(site: HttpSite) -> None:
    answer = await send(site)
    assert answer.json["result"]["sent"] == "1"
    # one client looks for this in what Python prints
    assert "'sent': '1'" in str(answer.json)


async def test_error_is_the_number_0_on_success(site: HttpSite) -> None:
    error = (await send(site)).json["result"]["error"]
    assert error == 0
    assert type(error) is int


async def test_success_has_no_error_at_the_top(site: HttpSite) -> None:
    assert list((await send(site)).json) == ["result"]


async def test_the_id_is_under_result_and_finds_the_message_again(site: HttpSite) -> None:
    guid = await sent_id(site)
    assert len(guid) == 40
    assert guid == guid.lower()
    assert (await site.the_message()).id == guid
    assert (await result(site, "/log/sent/sms", guid_message=guid))["sms"][0]["guid"] == guid


async def test_the_whole_success_is_as_the_vendor_prints_it(site: HttpSite) -> None:
    answer = (await send(site)).json["result"]
    guid = answer.pop("id")
    assert answer == {
        "error": 0,
        "sent": "1",
        "note": "sent by mobile",
        "datetime": "2026-03-20T21:07:44Z",
        "datetimeLocal": "2026-03-20T21:07:44+00:00",
        "port": None,
        "iac_control": "0",
        "iac_authorized": "1",
        "send_with_whatsapp": "0",
        "encrypted": {"status": "0"},
        "trial_account": {"status": "0", "sms_sent": 0},
    }
    assert int(guid, 16)


@pytest.mark.parametrize("path", ["/sendsms", "/sendsms/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_answers_on_both_spellings_of_a_path_without_a_redirect(site: HttpSite, method: str, path: str) -> None:
    params = {"apikey": KEY, "recipients": TO, "message": "hello"}
    answer = await site.ask(method, path, params=params)
    assert answer.status == 200
    assert (await site.the_message()).text == "hello"


READING = ["/getsms", "/log/sent/sms", "/log/sent/frommobile", "/gateway/mobile/list", "/getwa", "/getwa/active"]


@pytest.mark.parametrize("path", [*READING, "/getwa/synchronisation", "/whatsapp/checknumber"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_reads_with_both_methods_and_both_spellings(site: HttpSite, method: str, path: str) -> None:
    for spelling in (path, path + "/"):
        assert (await site.ask(method, spelling, params={"apikey": KEY})).status == 200


async def test_merges_query_and_form(site: HttpSite) -> None:
    answer = await site.ask("POST", f"/sendsms?apikey={KEY}&message=in+the+query", data={"recipients": TO})
    assert answer.status == 200
    assert (await site.the_message()).text == "in the query"


async def test_the_body_goes_over_the_query(site: HttpSite) -> None:
    await site.ask("POST", f"/sendsms?apikey={KEY}&message=query&recipients=1", data={"recipients": TO, "message": ""})
    message = await site.the_message()
    assert (message.recipient, message.text) == (TO, "query")


async def test_takes_everything_in_the_query_of_a_post_with_an_empty_json_body(site: HttpSite) -> None:
    query = {"apikey": KEY, "recipients": TO, "message": "hello"}
    headers = {"Content-Type": "application/json"}
    for body in (b"", b"{}", b"not json", b'"text"', b"\xff"):
        assert (await site.ask("POST", "/sendsms", params=query, headers=headers, data=body)).status == 200
    assert len(await site.messages()) == 5


async def test_takes_a_json_body_with_a_get(site: HttpSite) -> None:
    body = {"apikey": KEY, "recipients": TO, "message": "hello"}
    assert (await site.ask("GET", "/sendsms", json=body)).status == 200
    assert (await site.the_message()).text == "hello"


async def test_takes_json_with_numbers_and_truths_in_it(site: HttpSite) -> None:
    body = {"apikey": KEY, "recipients": 15550123, "message": 4711, "sendsms": True, "sendwa": False, "port": None}
    assert (await site.ask("POST", "/sendsms", json=body)).status == 200
    message = await site.the_message()
    assert (message.recipient, message.text) == ("15550123", "4711")


async def test_takes_json_that_is_labelled_as_a_form(site: HttpSite) -> None:
    body = json.dumps({"apikey": KEY, "recipients": TO, "message": "a=b&c 100%"})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await site.ask("POST", "/sendsms", data=body, headers=headers)).status == 200
    assert (await site.the_message()).text == "a=b&c 100%"


async def test_takes_a_form_with_a_charset_in_its_label(site: HttpSite) -> None:
    body = f"apikey={KEY}&recipients=%2B15550123&message=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82"
    headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
    assert (await site.ask("POST", "/sendsms", data=body, headers=headers)).status == 200
    assert (await site.the_message()).text == "Привет"


async def test_takes_multipart(site: HttpSite) -> None:
    boundary = "------------------------d74496d66958873e"
    fields = {"apikey": KEY, "recipients": TO, "message": "two\r\nlines – 100% ✓"}
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    data = f"{body}--{boundary}--\r\n".encode()
    assert (await site.ask("POST", "/sendsms", data=data, headers=headers)).status == 200
    assert (await site.the_message()).text == fields["message"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Ol\u00e1 100% ok", "Ol\u00e1 100% ok"),
        ("50%off", "50%off"),
        ("%", "%"),
        ("a+b", "a b"),
        ("%zz%4", "%zz%4"),
        ("a=b=c", "a=b=c"),
        ("🙂", "🙂"),
    ],
)
async def test_a_form_may_be_sloppy(site: HttpSite, written: str, meant: str) -> None:
    body = f"apikey={KEY}&recipients={TO}&message={written}".encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await site.ask("POST", "/sendsms", data=body, headers=headers)).status == 200
    assert (await site.the_message()).text == meant


async def test_a_blank_before_a_number_is_a_lost_plus(site: HttpSite) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = f"apikey={KEY}&recipients=+15550123&message=hello"
    assert (await site.ask("POST", "/sendsms", data=body, headers=headers)).status == 200
    assert (await site.the_message()).recipient == "+15550123"


@pytest.mark.parametrize("written", ["07700900123", "+447700900123", "447700900123", "00447700900123", "+1 (555) 0123"])
async def test_takes_a_number_in_any_spelling(site: HttpSite, written: str) -> None:
    assert (await send(site, recipients=written)).json["result"]["error"] == 0


async def test_ignores_parameters_it_does_not_know(site: HttpSite) -> None:
    more = {"from": "composer", "sendername": "shop", "direction": "out", "after": "x", "x[]": "1", "": "y"}
    assert (await send(site, **more)).status == 200
    assert (await site.the_message()).tag == "composer"


async def test_ignores_values_that_make_no_sense_where_it_does_not_look(site: HttpSite) -> None:
    body = {"apikey": KEY, "recipients": TO, "message": "hello", "meta": {"a": [1]}, "list": [], "odd": "\ud800"}
    assert (await site.ask("POST", "/sendsms", json=body)).status == 200


async def test_an_empty_parameter_is_an_absent_one(site: HttpSite) -> None:
    empty = dict.fromkeys(("schedule_timestamp", "sIdentifiant", "port", "sendsms", "sendwa", "waonly", "shorturl"), "")
    assert (await send(site, **empty)).status == 200
    assert (await site.the_message()).state is State.QUEUED


@pytest.mark.parametrize("state", State)
async def test_a_log_row_is_sent_or_failed_only_when_it_is(site: HttpSite, state: State) -> None:
    later = {"schedule_timestamp": site.clock.at // 1000 + 60} if state is State.SCHEDULED else {}
    guid = await sent_id(site, **later)
    await site.bring(guid, state, "+CMS ERROR: 38 (network out of order)" if state is State.FAILED else "")
    (row,) = (await result(site, "/log/sent/sms", guid_message=guid))["sms"]
    errors = (row["send_from_mobile_erreur"], row["error_api"])
    sent = row["send_from_mobile"] == "1" and errors == ("", "")
    failed = errors != ("", "")
    assert sent == (state in (State.SENT, State.DELIVERED))
    assert failed == (state in (State.FAILED, State.EXPIRED, State.CANCELLED))
    assert "0" not in errors
    assert row["status"] == state


async def test_the_inbox_is_a_list_even_when_it_is_empty(site: HttpSite) -> None:
    assert (await get(site, "/getsms")).json == {"result": {"error": "0", "sms": []}}


async def test_json_is_the_whole_body_in_utf8(site: HttpSite) -> None:
    await site.hear("Grüße 🙂")
    answer = await get(site, "/getsms")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Grüße 🙂" in answer.body.decode()
    assert int(answer.headers["Content-Length"]) == len(answer.body)


async def test_pages_in_browsers_may_call(site: HttpSite) -> None:
    answer = await site.ask("OPTIONS", "/sendsms", headers={"Origin": "https://shop.example"})
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    for header in ("Authorization", "Content-Type"):
        assert header in answer.headers["Access-Control-Allow-Headers"]
    for answered in (await send(site), await send(site, apikey="wrong"), await get(site, "/getsms")):
        assert answered.headers["Access-Control-Allow-Origin"] == "*"
