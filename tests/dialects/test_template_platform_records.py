"""What the template platform tells of the past."""

from typing import Any

import pytest

from bridge.model.account import Account, Verification
from bridge.model.message import Draft, State
from bridge.model.query import MessageQuery
from tests.support.http_site import HttpSite
from tests.support.template_calls import (
    HEADERS,
    agree,
    assert_refused,
    assert_untouched,
    batch,
    furnish,
    get,
    prepaid,
    records,
    send,
)

HOUR, DAY = 3_600_000, 86_400_000


@pytest.fixture(autouse=True)
async def furnished(site: HttpSite) -> None:
    await furnish(site)


async def ids(site: HttpSite, **params: Any) -> list[int]:
    return [record["id"] for record in (await records(site, **params))["records"]]


async def test_pages_through_all_newest_first(site: HttpSite) -> None:
    await batch(site, *[f"+447700900{index:03}" for index in range(25)])
    assert await ids(site) == list(range(25, 15, -1))
    assert await ids(site, page="3") == list(range(5, 0, -1))
    assert await ids(site, page="4") == []
    assert await ids(site, page="3", per_page="7") == list(range(11, 4, -1))
    assert len(await ids(site, per_page="100")) == 25
    data = await records(site, page="999999999", per_page="100")
    assert (data["records"], data["total"], data["page"], data["per_page"]) == ([], 25, 999_999_999, 100)


@pytest.mark.parametrize("state", State)
async def test_tells_the_state_in_the_pages_words(site: HttpSite, state: State) -> None:
    draft = Draft("+15550123", "hi", not_before=site.clock.at + DAY if state is State.SCHEDULED else 0)
    (message,) = (await site.gateway.submit(site.account, [draft])).messages
    await site.bring(message.id, state, "the phone said no" if state is State.FAILED else "")
    word = {"sent": "success", "delivered": "success", "failed": "failed", "expired": "failed"}.get(state, "pending")
    if state is State.CANCELLED:
        word = "failed"
    (record,) = (await records(site, status=word))["records"]
    assert (record["status"], record["message_id"]) == (word, message.id)
    assert bool(record.get("error")) is (word == "failed")
    for other in {"pending", "success", "failed"} - {word}:
        assert (await records(site, status=other))["total"] == 0


async def test_tells_what_other_dialects_sent_without_a_template(site: HttpSite) -> None:
    await site.gateway.submit(site.account, [Draft("+15550123", "hi", tag="mine")])
    (record,) = (await records(site))["records"]
    assert (record["template_id"], record["provider"]) == ("", "")


async def test_shows_nothing_of_another_account(site: HttpSite) -> None:
    other = Account("bakery", site.clock.at)
    await site.store.add_account(other, [])
    await site.gateway.submit(other, [Draft("+15550123", "hi")])
    assert (await records(site))["total"] == 0
    assert (await get(site, "/api/account/info")).json["data"]["total_sent"] == 0


async def test_goes_by_the_accounts_time_zone(site: HttpSite) -> None:
    await agree(site, zone="Asia/Shanghai")
    await send(site)
    (record,) = (await records(site))["records"]
    assert record["created_at"] == "2026-03-21 05:07:46"
    moment = record["created_at"]
    assert len(await ids(site, start_time=moment, end_time=moment)) == 1
    assert await ids(site, start_time="2026-03-21 05:07:47") == []
    assert await ids(site, end_time="2026-03-21 05:07:45") == []
    assert len(await ids(site, start_time="0001-01-01 00:00:00", end_time="9999-12-31 23:59:59")) == 1


async def test_takes_an_hour_that_comes_twice_as_a_whole(site: HttpSite) -> None:
    await agree(site, zone="Europe/Paris")
    for at in (1_792_888_200_000, 1_792_891_800_000):  # 2026-10-25, both times that it is 02:30
        site.clock.at = at
        await send(site)
    assert len(await ids(site, start_time="2026-10-25 02:30:00", end_time="2026-10-25 02:30:00")) == 2


async def test_counts_what_was_sent_and_what_of_it_today(site: HttpSite) -> None:
    await agree(site, zone="Asia/Shanghai")
    for hours in (0, 11, 8):  # at 05:07, at 16:07 and, on the next day, at 00:07
        site.clock.at += hours * HOUR
        await send(site)
        newest = (await site.messages())[-1]
        await site.bring(newest.id, State.DELIVERED)
    await send(site)
    data = (await get(site, "/api/account/info")).json["data"]
    assert (data["total_sent"], data["today_sent"]) == (3, 1)
    await site.gateway.delete_messages(site.account, MessageQuery(since=1))
    assert (await get(site, "/api/account/info")).json["data"] == data


async def test_tells_the_balance_as_it_is_now(site: HttpSite) -> None:
    await prepaid(site, 3)
    assert (await get(site, "/api/account/info")).json["data"]["balance"] == 3
    await send(site)
    assert b'"balance": 2.00,' in (await get(site, "/api/account/info")).body


@pytest.mark.parametrize("verification", Verification)
async def test_tells_the_verification(site: HttpSite, verification: Verification) -> None:
    await agree(site, verification=verification)
    data = (await get(site, "/api/account/info")).json["data"]
    assert data["verification_status"] == verification.value


BAD_QUERIES = [
    ("page", ["0", "-1", "1.5", "x", "1" * 30, "٣"]),
    ("per_page", ["0", "101", "-1", "x", "1e1"]),
    ("status", ["sent", "SUCCESS", "pending,failed"]),
    ("start_time", ["yesterday", "2026-03-20", "2026-13-01 00:00:00", "2026-03-20T00:00:00", "2026-3-20 0:0:0"]),
    ("end_time", ["yesterday", "2026-02-30 00:00:00", "1774040864", "0000-00-00 00:00:00", "x" * 5000]),
]


@pytest.mark.parametrize(("name", "values"), BAD_QUERIES)
async def test_names_the_parameter_that_is_wrong(site: HttpSite, name: str, values: list[str]) -> None:
    for value in values:
        assert_refused(await get(site, "/api/sms/records", **{name: value}), 400, name)
    for query in (f"{name}=%FF", f"{name}=1&{name}=1"):
        answer = await get(site, f"/api/sms/records?{query}")
        assert_refused(answer, 400, name)
    # an empty value is none, as an empty field of a search form is
    assert (await get(site, "/api/sms/records", **{name: ""})).status == 200
    await assert_untouched(site)


async def test_refuses_an_end_before_the_start(site: HttpSite) -> None:
    times = {"start_time": "2026-03-20 00:00:01", "end_time": "2026-03-20 00:00:00"}
    assert_refused(await get(site, "/api/sms/records", **times), 400, "end_time")


async def test_reads_no_parameters_out_of_a_body(site: HttpSite) -> None:
    await send(site)
    answer = await site.ask("GET", "/api/sms/records", json={"status": "failed"}, headers=HEADERS)
    assert answer.json["data"]["total"] == 1
