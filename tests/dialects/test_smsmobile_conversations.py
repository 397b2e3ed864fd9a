"""`/conversation/sms/list` of the smsmobile API."""

from typing import Any

import pytest

from tests.support.http_site import HttpSite
from tests.support.smsmobile_calls import get, send

TO, OTHER = "+15550123", "+15550124"


async def conversations(site: HttpSite, **params: str) -> list[dict[str, Any]]:
    answer = await get(site, "/conversation/sms/list", **params)
    assert (answer.status, answer.json["success"]) == (200, True)
    return list(answer.json["conversations"])


async def test_groups_what_came_in_by_its_sender_the_newest_first(site: HttpSite) -> None:
    for sender, text in ((TO, "one"), (OTHER, "two"), (TO, "three")):
        await site.hear(text, sender)
        site.clock.at += 1000
    found = await conversations(site, origineConversation="received")
    assert [(each["numero"], each["count"], each["last_message"]) for each in found] == [
        (TO, 2, "three"),
        (OTHER, 1, "two"),
    ]
    upwards = await conversations(site, origineConversation="received", sort="ASC", limit="1")
    assert [each["numero"] for each in upwards] == [OTHER]


async def test_shows_the_messages_of_one_number(site: HttpSite) -> None:
    for recipient in (TO, OTHER, TO):
        await send(site, recipients=recipient)
    (found,) = await conversations(site, origineConversation="sent", numero=TO)
    assert (found["numero"], found["count"]) == (TO, 2)
    assert [row["number"] for row in found["messages"]] == [TO, TO]


@pytest.mark.parametrize("written", [TO, "15550123", "0015550123", " 15550123", "+1 555 0123"])
@pytest.mark.parametrize("direction", ["sent", "received"])
async def test_finds_a_number_however_it_is_written(site: HttpSite, written: str, direction: str) -> None:
    await send(site, recipients=TO)
    await site.hear("hello", TO)
    (found,) = await conversations(site, origineConversation=direction, numero=written)
    assert (found["numero"], found["count"]) == (TO, 1)


async def test_finds_a_sender_by_its_name(site: HttpSite) -> None:
    await site.hear("hello", "MPESA")
    (found,) = await conversations(site, origineConversation="received", numero="MPESA")
    assert found["numero"] == "MPESA"


async def test_nothing_is_an_empty_list(site: HttpSite) -> None:
    assert await conversations(site, origineConversation="received", date_from="2026-01-01", date_to="2026-01-02") == []


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({}, "origineconversation"),
        ({"origineConversation": "both"}, "origineconversation"),
        ({"origineConversation": "sent", "date_from": "9999-12-31"}, "date_from"),
        ({"origineConversation": "sent", "limit": "0"}, "limit"),
    ],
)
async def test_says_which_parameter_is_wrong(site: HttpSite, wrong: dict[str, str], name: str) -> None:
    answer = await get(site, "/conversation/sms/list", **wrong)
    assert (answer.status, answer.json["error"]) == (400, f"invalid_{name}")
