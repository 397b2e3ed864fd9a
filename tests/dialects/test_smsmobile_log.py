"""`/log/sent/sms` and `/resend` of the smsmobile API."""

import pytest

from bridge.accounts.credentials import digest
from bridge.model.account import Account, AccountChange
from bridge.model.message import State
from bridge.ports.store_rows import Credential
from tests.support.clocks import START
from tests.support.http_site import HttpSite
from tests.support.smsmobile_calls import KEY, TO, get, result, send, sent_id, set_terms


async def texts(site: HttpSite, **params: str) -> list[str]:
    return [row["message"] for row in (await result(site, "/log/sent/sms", **params))["sms"]]


async def test_a_row_has_all_that_clients_look_for(site: HttpSite) -> None:
    moment = START // 1000 + 60
    guid = await sent_id(site, recipients=" 1 555 0123", port="1", schedule_timestamp=str(moment))
    answer = await result(site, "/log/sent/sms")
    assert answer["error"] == 0
    (row,) = answer["sms"]
    number = row.pop("id")
    assert row == {
        "guid": guid,
        "guid_message": guid,
        "number": TO,
        "recipients": TO,
        "message": "hello",
        "date": "2026-03-20",
        "hour": "21:07:44",
        "timestamp_unix": START // 1000,
        "send_from_mobile": "0",
        "send_from_mobile_erreur": "",
        "error_api": "",
        "sIdentifiantPhone": ":1",
        "port": 1,
        "schedule_timestamp": moment,
        "retry": 0,
        "send_with_whatsapp": "0",
        "status": "scheduled",
        "error": "",
        "note": "",
    }
    assert 0 < number < 2**53


async def test_row_numbers_stay_and_differ(site: HttpSite) -> None:
    for text in ("one", "two"):
        await sent_id(site, message=text)
    first, again = [[row["id"] for row in (await result(site, "/log/sent/sms"))["sms"]] for _ in range(2)]
    assert first == again
    assert first[0] != first[1]


async def test_newest_first_and_older_ones_by_guid_or_by_time(site: HttpSite) -> None:
    ids = []
    for number in range(5):
        ids.append(await sent_id(site, message=f"m{number}"))
        site.clock.at += 10_000
    assert await texts(site) == ["m4", "m3", "m2", "m1", "m0"]
    assert await texts(site, limit="2") == ["m4", "m3"]
    assert await texts(site, before=ids[3], limit="2") == ["m2", "m1"]
    assert await texts(site, before=ids[3].upper(), limit="2") == ["m2", "m1"]
    second = (START + 20_000) // 1000
    assert await texts(site, before=str(second)) == ["m1", "m0"]
    # in milliseconds, to the very one
    assert await texts(site, before=str(START + 20_000)) == ["m1", "m0"]
    assert await texts(site, before=str(START + 20_001)) == ["m2", "m1", "m0"]
    assert await texts(site, before="2026-03-20") == []
    assert await texts(site, before="2026-03-21") == ["m4", "m3", "m2", "m1", "m0"]


@pytest.mark.parametrize(
    "params", [{"before": "yesterday"}, {"limit": "0"}, {"limit": "many"}, {"error_api": "perhaps"}]
)
async def test_refuses_filters_that_make_no_sense(site: HttpSite, params: dict[str, str]) -> None:
    answer = await get(site, "/log/sent/sms", **params)
    assert (answer.status, answer.json["error"]) == (400, f"invalid_{next(iter(params))}")


async def test_finds_by_number_and_by_text(site: HttpSite) -> None:
    await sent_id(site, message="Your order is ready")
    await sent_id(site, message="other", recipients="+15550199")
    assert await texts(site, keyword="ORDER") == ["Your order is ready"]
    assert await texts(site, keyword="0199") == ["other"]
    assert await texts(site, keyword="nothing") == []


async def test_lists_errors_of_either_side_alone_or_both(site: HttpSite) -> None:
    await site.bring(await sent_id(site, message="refused"), State.FAILED, "+CMS ERROR: 38 (network out of order)")
    await site.bring(await sent_id(site, message="taken back"), State.CANCELLED)
    await site.bring(await sent_id(site, message="fine"), State.SENT)
    assert await texts(site, error_mobile="1") == ["refused"]
    assert await texts(site, error_api="1") == ["taken back"]
    assert await texts(site, error_api="1", error_mobile="1") == ["taken back", "refused"]
    assert await texts(site, error_api="0") == ["fine", "taken back", "refused"]
    (row,) = (await result(site, "/log/sent/sms", error_mobile="1"))["sms"]
    assert row["send_from_mobile_erreur"] == "+CMS ERROR: 38 (network out of order)"
    (row,) = (await result(site, "/log/sent/sms", error_api="1"))["sms"]
    assert row["error_api"] == "cancelled"


async def test_an_unknown_outcome_says_so_in_words(site: HttpSite) -> None:
    await site.bring(await sent_id(site), State.UNKNOWN, "no answer within 60 s")
    (row,) = (await result(site, "/log/sent/sms"))["sms"]
    assert (row["status"], row["error"]) == ("unknown", "no answer within 60 s")
    assert "may or may not" in row["note"]


async def test_a_guid_that_nobody_has_is_an_error_without_rows(site: HttpSite) -> None:
    answer = await result(site, "/log/sent/sms", guid_message="0" * 40)
    assert (answer["error"], answer["sms"]) == ("not_found", [])


async def test_nobody_sees_another_accounts_messages(site: HttpSite) -> None:
    await site.store.add_account(Account("neighbour"), [Credential("token", "", digest("neighbour"))])
    guid = await sent_id(site)
    headers = {"Authorization": "Bearer neighbour"}
    for path in ("/log/sent/sms", f"/log/sent/sms?guid_message={guid}"):
        assert (await site.ask("GET", path, headers=headers)).json["result"]["sms"] == []
    assert (await site.ask("GET", f"/resend?guid={guid}", headers=headers)).status == 404
    assert (await site.ask("GET", f"/deletesms?guid_message={guid}", headers=headers)).json["result"]["deleted"] == 0


@pytest.mark.parametrize("state", [State.FAILED, State.EXPIRED, State.UNKNOWN])
async def test_resends_what_did_not_go_out_under_the_same_id(site: HttpSite, state: State) -> None:
    guid = await sent_id(site)
    await site.bring(guid, state)
    answer = await result(site, "/resend", guid=guid)
    assert (answer["id"], answer["error"], answer["sent"]) == (guid, 0, "1")
    assert (await site.the_message()).state is State.QUEUED


@pytest.mark.parametrize("state", [State.QUEUED, State.SENT, State.DELIVERED, State.CANCELLED])
async def test_refuses_to_resend_what_is_not_in_error(site: HttpSite, state: State) -> None:
    guid = await sent_id(site)
    await site.bring(guid, state)
    answer = await get(site, "/resend/", guid_message=guid)
    assert answer.status == 409
    refused = answer.json["result"]
    assert (refused["error"], refused["sent"], refused["id"]) == ("not_in_error", "0", guid)
    assert state in refused["note"]
    assert (await site.the_message()).state is state


async def test_says_when_there_is_nothing_to_resend(site: HttpSite) -> None:
    assert (await get(site, "/resend", guid="0" * 40)).json["result"]["error"] == "not_found"
    assert (await get(site, "/resend")).json["result"]["error"] == "missing_guid"


async def test_a_page_never_ends_inside_a_second(site: HttpSite) -> None:
    for number in range(5):
        await send(site, message=f"m{number}")
        site.clock.at += 1000 if number % 2 else 1
    first = (await result(site, "/log/sent/sms", limit="2"))["sms"]
    assert [row["message"] for row in first] == ["m4", "m3", "m2"]
    rest = (await result(site, "/log/sent/sms", before=str(first[-1]["timestamp_unix"])))["sms"]
    assert [row["message"] for row in rest] == ["m1", "m0"]


async def test_before_takes_a_date_and_time_in_the_accounts_zone(site: HttpSite) -> None:
    await send(site, message="early")
    await set_terms(site, AccountChange(zone="Asia/Shanghai"))
    (row,) = (await result(site, "/log/sent/sms"))["sms"]
    assert (row["date"], row["hour"]) == ("2026-03-21", "05:07:44")
    assert (await result(site, "/log/sent/sms", before="2026-03-21 05:07:44"))["sms"] == []
    assert len((await result(site, "/log/sent/sms", before="2026-03-21 05:07:45"))["sms"]) == 1
    answer = await get(site, "/log/sent/sms", before="2026-13-21 05:07:45")
    assert (answer.status, answer.json["error"]) == (400, "invalid_before")


async def test_before_takes_times_as_the_answers_have_them(site: HttpSite) -> None:
    await set_terms(site, AccountChange(zone="Asia/Shanghai"))
    await send(site, message="early")
    site.clock.at += 60_000
    answer = (await get(site, "/sendsms", recipients="+15550123", message="late")).json["result"]
    second = str(site.clock.at // 1000)
    local, utc = answer["datetimeLocal"], answer["datetime"]
    assert (local[-6:], utc[-1]) == ("+08:00", "Z")
    for written in (utc, local, local.replace("+", " "), second, f"{second}.0", f"{second}000"):
        rows = (await result(site, "/log/sent/sms", before=written))["sms"]
        assert [row["message"] for row in rows] == ["early"], written
    for written in (utc[:-1] + "X", "2026-02-30T01:02:03Z", local + ":99"):
        assert (await get(site, "/log/sent/sms", before=written)).status == 400, written


@pytest.mark.parametrize("keyword", ["+15550123", "%2B15550123"])
async def test_a_raw_plus_in_a_keyword_is_a_plus(site: HttpSite, keyword: str) -> None:
    await send(site)
    answer = await site.raw(f"GET /log/sent/sms?apikey={KEY}&keyword={keyword} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert len(answer.json["result"]["sms"]) == 1


@pytest.mark.parametrize("path", ["/log/sent/sms", "/deletesms", "/call/missed/list"])
async def test_the_last_day_of_the_calendar_is_refused_and_breaks_nothing(site: HttpSite, path: str) -> None:
    answer = await get(site, path, before="9999-12-31", date_start="9999-12-31")
    assert answer.status == 400
