"""`/log/sent/frommobile` and the three lists of calls of the smsmobile API."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.model.line import Line, LineState
from bridge.model.radio import Call, Typed
from tests.support.clocks import START
from tests.support.http_site import HttpSite, open_site
from tests.support.smsmobile_calls import get, result

DAY = 86_400_000
LISTS = ["/call/missed/list", "/call/incoming/list", "/call/outgoing/list"]
PHONE = Line("phone", "phone", "android_adb", LineState.READY, calls=True)
MUTE = Line("phone", "phone", "android_adb", LineState.READY, calls=False, calls_reason="Android forbids it: allow it")
MODEM = Line("office", "office", "gsm_modem", LineState.READY)


def typed(text: str, at: int = START, slot: str = "") -> Typed:
    return Typed("phone:2", slot or text, "+15550123", text, at)


def call(kind: str, at: int = START, number: str = "+15550123", name: str = "Taylor", seconds: int = 0) -> Call:
    return Call("phone", f"{kind}{at}", kind, number, name, at, seconds)


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[HttpSite]:
    async with open_site(tmp_path, lambda: (MODEM, PHONE)) as site:
        yield site


async def rows(site: HttpSite, path: str, **params: Any) -> Any:
    answer = await get(site, path, **params)
    assert answer.status == 200, answer.body
    assert answer.json["success"] is True
    found = answer.json["data" if "missed" in path else "rows"]
    assert answer.json["count"] == len(found)
    return found


async def texts(site: HttpSite, **params: str) -> list[str]:
    return [row["message"] for row in (await result(site, "/log/sent/frommobile", **params))["sms"]]


async def test_a_typed_sms_looks_like_a_row_of_the_sent_log(phone: HttpSite) -> None:
    await phone.tell(typed("On my way"))
    answer = await result(phone, "/log/sent/frommobile/", period="last_7days", limit="200")
    (row,) = answer["sms"]
    guid, number = row.pop("guid"), row.pop("id")
    assert (answer["error"], row) == (
        0,
        {
            "guid_message": guid,
            "number": "+15550123",
            "recipients": "+15550123",
            "message": "On my way",
            "date": "2026-03-20",
            "hour": "21:07:44",
            "timestamp_unix": START // 1000,
            "send_from_mobile": "1",
            "send_from_mobile_erreur": "",
            "error_api": "",
            "sIdentifiantPhone": "phone:2",
            "port": None,
            "schedule_timestamp": None,
            "retry": 0,
            "send_with_whatsapp": "0",
            "status": "sent",
            "error": "",
            "note": "",
        },
    )
    assert 0 < number < 2**53


async def test_lists_what_was_typed_by_period_newest_first(phone: HttpSite) -> None:
    # it is 21:07 in UTC
    for text, at in (("now", START), ("night", START - 22 * DAY // 24), ("week", START - 7 * DAY), ("old", DAY)):
        await phone.tell(typed(text, at))
    assert await texts(phone) == await texts(phone, period="all") == ["now", "night", "week", "old"]
    assert await texts(phone, period="today") == ["now"]
    assert await texts(phone, period="yesterday") == ["night"]
    assert await texts(phone, period="last_7days") == ["now", "night", "week"]
    assert await texts(phone, period="last_30days", limit="2") == ["now", "night"]
    assert (await get(phone, "/log/sent/frommobile", period="last_century")).json["error"] == "invalid_period"
    assert (await get(phone, "/log/sent/frommobile", limit="0")).json["error"] == "invalid_limit"


async def test_a_day_begins_where_the_owner_lives(tmp_path: Path) -> None:
    options = {"smsmobile": {"timezone": "Asia/Shanghai"}}
    async with open_site(tmp_path, lambda: (PHONE,), options=options) as site:
        # 05:07 on the 21st over there
        midnight = START - START % DAY + 16 * DAY // 24
        await site.tell(typed("today", midnight))
        await site.tell(typed("yesterday", midnight - 1))
        assert await texts(site, period="today") == ["today"]
        assert await texts(site, period="yesterday") == ["yesterday"]


async def test_tells_why_there_are_no_sms_typed_on_a_phone(tmp_path: Path) -> None:
    async with open_site(tmp_path, lambda: (MODEM,)) as site:
        answer = await result(site, "/log/sent/frommobile")
        assert (answer["error"], answer["sms"]) == (0, [])
        assert "No line is a phone" in answer["note"]
        await site.tell(typed("before it was unplugged"))
        assert "note" not in await result(site, "/log/sent/frommobile")


async def test_a_phone_on_which_nobody_typed_needs_no_excuse(phone: HttpSite) -> None:
    assert await result(phone, "/log/sent/frommobile") == {"error": 0, "sms": []}


async def test_missed_calls_have_this_shape(phone: HttpSite) -> None:
    await phone.tell(call("missed"))
    await phone.tell(call("incoming"))
    assert (await get(phone, "/call/missed/list/")).json == {
        "success": True,
        "offset": 0,
        "limit": 100,
        "count": 1,
        "data": [{"number": "+15550123", "name": "Taylor", "date": "2026-03-20 21:07:44"}],
    }


@pytest.mark.parametrize("kind", ["incoming", "outgoing"])
async def test_answered_and_made_calls_have_this_shape(phone: HttpSite, kind: str) -> None:
    await phone.tell(call(kind, name="", seconds=61))
    await phone.tell(call("missed"))
    assert (await get(phone, f"/call/{kind}/list/")).json == {
        "success": True,
        "count": 1,
        "rows": [
            {
                "phone_number": "+15550123",
                "cached_name": None,
                "call_datetime_utc": "2026-03-20 21:07:44",
                "call_date_ms": START,
                "duration_sec": 61,
            }
        ],
    }


async def test_missed_calls_are_searched_by_day_number_and_name(phone: HttpSite) -> None:
    for days, name in enumerate(("Bo", "Cy", "Al")):
        await phone.tell(call("missed", START - days * DAY, f"+1555016{days}", name))

    async def names(**params: str) -> list[str]:
        return [row["name"] for row in await rows(phone, "/call/missed/list", **params)]

    assert await names() == ["Bo", "Cy", "Al"]
    assert await names(search="cy") == ["Cy"]
    assert await names(search="0162") == ["Al"]
    assert await names(date_start="2026-03-19") == ["Bo", "Cy"]
    assert await names(date_end="2026-03-19") == ["Cy", "Al"]
    assert await names(date_start="2026-03-19", date_end="2026-03-19") == ["Cy"]
    assert await names(offset="1", limit="1") == ["Cy"]
    assert await names(limit="100000") == ["Bo", "Cy", "Al"]


async def test_calls_are_searched_by_moment_number_and_name_and_sorted_as_asked(phone: HttpSite) -> None:
    for second, name in enumerate(("Bo", "Cy", "Al")):
        await phone.tell(call("outgoing", START + second, f"+1555016{second}", name, 9 - second))

    async def names(**params: str) -> str:
        return " ".join([row["cached_name"] for row in await rows(phone, "/call/outgoing/list", **params)])

    assert await names() == await names(sort_by="call_date_ms", sort_dir="DESC") == "Al Cy Bo"
    assert await names(sort_dir="asc") == "Bo Cy Al"
    assert await names(sort_by="cached_name", sort_dir="asc") == "Al Bo Cy"
    assert await names(sort_by="duration_sec") == "Bo Cy Al"
    assert await names(sort_by="phone_number", offset="1", limit="1") == "Cy"
    assert await names(q="bo") == "Bo"
    assert await names(q="0161") == "Cy"
    assert await names(date_from_ms=str(START + 1)) == "Al Cy"
    assert await names(date_to_ms=str(START + 1)) == "Cy Bo"


@pytest.mark.parametrize("path", LISTS)
async def test_refuses_in_the_familys_own_words(phone: HttpSite, path: str) -> None:
    missing, wrong = await get(phone, path, apikey=""), await get(phone, path, apikey="0" * 48)
    assert (missing.status, missing.json) == (400, {"success": False, "error": "missing_apikey"})
    assert (wrong.status, wrong.json) == (403, {"success": False, "error": "invalid_apikey"})
    await phone.close_store()
    broken = await get(phone, path)
    assert (broken.status, list(broken.json)) == (503, ["success", "error", "detail"])


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        (LISTS[0], "offset", "-1"),
        (LISTS[0], "limit", "0"),
        (LISTS[0], "date_start", "20.03.2026"),
        (LISTS[1], "date_from_ms", "2026-03-20"),
        (LISTS[1], "sort_by", "number; DROP"),
        (LISTS[2], "sort_dir", "up"),
    ],
)
async def test_refuses_filters_that_make_no_sense(phone: HttpSite, path: str, name: str, value: str) -> None:
    answer = await get(phone, path, **{name: value})
    assert (answer.status, answer.json["success"], answer.json["error"]) == (400, False, f"invalid_{name}")
    assert name in answer.json["detail"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((MODEM,), "No connected line has a call log: a phone has one, a modem has none."),
        ((MODEM, MUTE), "phone: Android forbids it: allow it"),
    ],
)
async def test_says_why_no_line_tells_of_its_calls(
    tmp_path: Path, path: str, lines: tuple[Line, ...], why: str
) -> None:
    async with open_site(tmp_path, lambda: lines) as site:
        answer = await get(site, path)
        assert (answer.status, answer.json["success"], answer.json["count"], answer.json["note"]) == (200, True, 0, why)
        await site.tell(call("missed"))
        # it told once, so an empty list needs no note
        assert len(await rows(site, path)) == (1 if "missed" in path else 0)
        assert "note" not in (await get(site, path)).json


@pytest.mark.parametrize("path", LISTS)
async def test_a_phone_without_calls_has_an_empty_list(phone: HttpSite, path: str) -> None:
    assert await rows(phone, path) == []
