"""/v1/inbox: what came in."""

from typing import Any

import pytest

from tests.support.native_site import Caller, Site


async def texts(caller: Caller, **query: Any) -> list[str]:
    answer = await caller.get("/v1/inbox", **query)
    assert answer.status == 200, answer.body
    return [message["text"] for message in answer.body["messages"]]


async def test_shows_what_came_in_with_its_line(site: Site) -> None:
    received = await site.receive("+447700900123", "Is it open?")
    message = (await site.shop.get(f"/v1/inbox/{received.id}")).body
    assert (message["from"], message["text"], message["line"]) == ("+447700900123", "Is it open?", "office")
    assert (message["partial"], message["read"]) == (False, False)
    assert message["sent_at"] == "2026-11-20T23:01:52.123Z"
    assert (await site.shop.get("/v1/inbox")).body["messages"] == [message]


async def test_finds_by_sender_words_line_and_time(site: Site) -> None:
    await site.receive("+15550100", "Table for two")
    await site.receive("PARCELS", "It is here", line="shop-phone:2")
    assert await texts(site.shop, from_="+1 555 0100") == ["Table for two"]
    assert await texts(site.shop, from_="PARCELS") == ["It is here"]
    assert await texts(site.shop, keyword="table") == ["Table for two"]
    assert await texts(site.shop, line="shop-phone:2") == ["It is here"]
    assert await texts(site.shop, until="2020-01-01T00:00:00Z") == []
    assert await texts(site.shop, since="2020-01-01T00:00:00Z") == ["It is here", "Table for two"]


async def test_marks_as_read_what_it_gives_out_when_asked(site: Site) -> None:
    await site.receive(text="one")
    assert await texts(site.shop, unread="true", mark_read="true") == ["one"]
    await site.receive(text="two")
    assert await texts(site.shop, unread="true") == ["two"]
    assert await texts(site.shop, unread="false") == ["two", "one"]
    assert await texts(site.bakery, unread="1") == ["two", "one"]


async def test_turns_pages(site: Site) -> None:
    for number in range(5):
        await site.receive(text=str(number))
    page = (await site.shop.get("/v1/inbox", limit=3)).body
    rest = (await site.shop.get("/v1/inbox", limit=3, cursor=page["cursor"])).body
    assert [message["text"] for message in page["messages"] + rest["messages"]] == ["4", "3", "2", "1", "0"]
    assert rest["cursor"] is None


async def test_hides_an_sms_from_one_account_only(site: Site) -> None:
    received = await site.receive()
    assert (await site.shop.delete(f"/v1/inbox/{received.id}")).status == 204
    assert (await site.shop.get(f"/v1/inbox/{received.id}")).status == 404
    assert (await site.shop.delete(f"/v1/inbox/{received.id}")).problem == (404, "no-such-thing", "")
    assert (await site.bakery.get(f"/v1/inbox/{received.id}")).status == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"unread": "yes"}, "unread"),
        ({"form": "x"}, "form"),
        ({"from": "s" * 101}, "from"),
        ({"cursor": "x"}, "cursor"),
    ],
)
async def test_refuses_a_query_that_it_does_not_understand(shop: Caller, query: dict[str, str], field: str) -> None:
    assert (await shop.get("/v1/inbox", **query)).problem == (400, "bad-request", field)
