"""`/getsms`, `/deletesms` and `/gateway/mobile/list` of the smsmobile API."""

from pathlib import Path

import pytest

from bridge.model.message import State
from tests.support.clocks import START
from tests.support.http_site import HttpSite, open_site
from tests.support.smsmobile_calls import get, result, sent_id

DAY = 24 * 3600 * 1000


async def texts(site: HttpSite, **params: str) -> list[str]:
    return [row["message"] for row in (await result(site, "/getsms", **params))["sms"]]


async def test_a_row_has_all_that_clients_look_for(site: HttpSite) -> None:
    received = await site.hear("Grüße 🙂\nzweite Zeile")
    assert await result(site, "/getsms") == {
        "error": "0",
        "sms": [
            {
                "id": received.seq,
                "sIdentifiantPhone": "office",
                "timestamp_unix": START // 1000,
                "message": "Grüße 🙂\nzweite Zeile",
                "number": "+15550123",
                "guid": received.id.upper(),
                "alias": None,
                "date": "2026-03-20",
                "hour": "21:07:44",
                "time_received": str(START),
            }
        ],
    }


@pytest.mark.parametrize("sender", ["MPESA", "007", "+15550123", "1234", ""])
async def test_a_sender_stays_as_it_is(site: HttpSite, sender: str) -> None:
    await site.hear("hello", sender)
    (row,) = (await result(site, "/getsms"))["sms"]
    assert row["number"] == sender


async def test_says_what_could_not_be_read(site: HttpSite) -> None:
    await site.hear("", data="0605040b8423f0", error="")
    await site.hear("", data="07911326", error="the PDU ends too early")
    broken, binary = (await result(site, "/getsms"))["sms"]
    assert broken["note"] == "the PDU ends too early"
    assert binary["note"] == "not text"


async def test_newest_first_and_newer_than_a_moment(site: HttpSite) -> None:
    for number in range(3):
        await site.hear(f"m{number}")
        site.clock.at += 10_000
    assert await texts(site) == ["m2", "m1", "m0"]
    assert await texts(site, limit="1") == ["m2"]
    seen = START // 1000
    assert await texts(site, after_timestamp_unix=str(seen + 1)) == ["m2", "m1"]
    # what else arrives in that second would never be shown if it were left out; clients know rows by their guid
    assert await texts(site, after_timestamp_unix=str(seen)) == ["m2", "m1", "m0"]
    # as Python's time.time() and JavaScript's Date.now() have it
    for written in (f"{seen + 1}.0", f"{seen + 1}.4375", f"{seen + 1}000", f"{seen + 1}999"):
        assert await texts(site, after_timestamp_unix=written) == ["m2", "m1"], written
    for written in ("now", "-1", "1.", ".5", "1e9", f"{seen}000.5.5"):
        answer = await get(site, "/getsms", after_timestamp_unix=written)
        assert answer.json["error"] == "invalid_after_timestamp_unix", written


async def test_an_sms_is_deleted_by_its_guid_in_either_case(site: HttpSite) -> None:
    for spell in (str.upper, str.lower):
        received = await site.hear("hello")
        assert (await result(site, "/deletesms", guid_message=spell(received.id)))["deleted"] == 1


async def test_an_inbox_of_any_length_comes_whole(site: HttpSite) -> None:
    for number in range(250):
        await site.hear(str(number))
    assert len(await texts(site)) == 250


@pytest.mark.parametrize("spelling", ["sIdentifiantPhone", "sIdentifiant", "sid"])
async def test_shows_one_line_or_all_lines_of_a_phone(site: HttpSite, spelling: str) -> None:
    for line in ("office", "duo:1", "duo:2", "duo:1"):
        await site.hear(line, line=line)
    assert await texts(site, **{spelling: "office"}) == ["office"]
    assert await texts(site, **{spelling: "duo:2"}) == ["duo:2"]
    assert await texts(site, **{spelling: "duo"}) == ["duo:1", "duo:2", "duo:1"]
    assert await texts(site, **{spelling: "attic"}) == []
    assert await texts(site, **{spelling: "DUO"}) == ["duo:1", "duo:2", "duo:1"]
    assert await texts(site, **{spelling: "Duo:2"}) == ["duo:2"]


async def test_only_unread_marks_what_it_returns_and_a_plain_look_does_not(site: HttpSite) -> None:
    await site.hear("one")
    assert await texts(site) == ["one"]
    assert await texts(site, onlyunread="yes") == ["one"]
    assert await texts(site, onlyunread="yes") == []
    await site.hear("two")
    assert await texts(site, onlyunread="yes") == ["two"]
    assert await texts(site) == ["two", "one"]


class TestDeleting:
    async def test_forgets_one_message_by_its_guid(self, site: HttpSite) -> None:
        sent, received = await sent_id(site), await site.hear("hello")
        await site.bring(sent, State.SENT)
        for guid in (sent, received.id.upper()):
            answer = await result(site, "/deletesms", guid_message=guid)
            assert (answer["error"], answer["deleted"]) == (0, 1)
        assert (await result(site, "/deletesms", guid_message=sent))["deleted"] == 0
        assert not await site.messages()
        assert await texts(site) == []

    async def test_keeps_what_still_waits_to_be_sent_and_says_so(self, site: HttpSite) -> None:
        answer = await result(site, "/deletesms", guid_message=await sent_id(site))
        assert answer["deleted"] == 0
        assert "still waits" in answer["note"]
        assert len(await site.messages()) == 1

    async def days(self, site: HttpSite) -> None:
        """An SMS in and one out on each of the days from the 20th to the 23rd."""
        for _ in range(4):
            await site.bring(await sent_id(site), State.SENT)
            await site.hear("in")
            site.clock.at += DAY

    async def test_forgets_a_whole_day(self, site: HttpSite) -> None:
        await self.days(site)
        assert (await result(site, "/deletesms", date_start="2026-03-21"))["deleted"] == 2
        rows = (await result(site, "/log/sent/sms"))["sms"] + (await result(site, "/getsms"))["sms"]
        assert sorted({row["date"] for row in rows}) == ["2026-03-20", "2026-03-22", "2026-03-23"]

    async def test_forgets_from_one_day_to_another_both_included(self, site: HttpSite) -> None:
        await self.days(site)
        answer = await result(site, "/deletesms", date_start="2026-03-21", date_end="2026-03-22")
        assert answer["deleted"] == 4
        assert len(await texts(site)) == 2

    async def test_days_are_those_of_the_configured_zone(self, tmp_path: Path) -> None:
        options = {"smsmobile": {"timezone": "Asia/Tokyo"}}
        async with open_site(tmp_path, options=options) as site:
            await site.hear("already the 21st in Tokyo")
            assert (await result(site, "/deletesms", date_start="2026-03-20"))["deleted"] == 0
            assert (await result(site, "/deletesms", date_start="2026-03-21"))["deleted"] == 1

    async def test_an_end_alone_wants_its_start(self, site: HttpSite) -> None:
        answer = await get(site, "/deletesms", date_end="2026-03-20")
        assert answer.json["error"] == "missing_date_start"
        assert answer.json["message"] == "The parameter date_start is missing (date_end is the end of a period)."

    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({}, "missing_guid_message"),
            ({"guid_message": "", "date_start": ""}, "missing_guid_message"),
            ({"date_end": "2026-03-20"}, "missing_date_start"),
            ({"date_start": "20/03/2026"}, "invalid_date_start"),
            ({"date_start": "2026-02-30"}, "invalid_date_start"),
            ({"date_start": "2026-03-20", "date_end": "2026-03-19"}, "invalid_date_end"),
        ],
    )
    async def test_deletes_nothing_when_it_is_not_clear_what(
        self, site: HttpSite, params: dict[str, str], code: str
    ) -> None:
        await site.bring(await sent_id(site), State.SENT)
        await site.hear("in")
        answer = await get(site, "/deletesms", **params)
        assert (answer.status, answer.json["result"]["error"]) == (400, code)
        assert len(await site.messages()) == 1
        assert await texts(site) == ["in"]


async def test_lists_the_lines_as_phones_in_both_shapes(site: HttpSite) -> None:
    answer = (await get(site, "/gateway/mobile/list")).json
    counts = {key: answer[key] for key in ("success", "connected_now", "connected_limit", "connected_available")}
    assert counts == {"success": True, "connected_now": 2, "connected_limit": 3, "connected_available": 1}
    assert [item["sid"] for item in answer["items"]] == ["office", "duo:1", "duo:2"]
    assert answer["items"][1] == {
        "sid": "duo:1",
        "sIdentifiant": "duo:1",
        "label": "+15550101",
        "date": "2026-03-20 21:07:44",
        "battery": 87,
        "version": "android_adb",
        "online": True,
        "port": 1,
        "note": "",
    }
    assert answer["items"][2]["note"] == "switched off: switch it on"
    assert answer["result"] == {"error": 0, "mobiles": answer["items"]}


async def test_finds_phones_by_sid_and_by_words(site: HttpSite) -> None:
    async def found(**params: str) -> list[str]:
        return [item["sid"] for item in (await get(site, "/gateway/mobile/list", **params)).json["items"]]

    assert await found(sid="office") == ["office"]
    assert await found(sid="offi") == []
    assert await found(search="87") == ["duo:1"]
    assert await found(search="ANDROID") == ["duo:1", "duo:2"]
    assert (await get(site, "/gateway/mobile/list", search="x")).json["filters"] == {"sid": "", "search": "x"}


async def test_every_sid_it_lists_can_be_sent_by(site: HttpSite) -> None:
    for item in (await get(site, "/gateway/mobile/list")).json["items"]:
        await sent_id(site, sIdentifiant=item["sid"])
        assert (await site.messages())[-1].route == item["sid"]
