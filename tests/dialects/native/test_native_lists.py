"""Lists: filters, pages, and query strings that say something else than was meant."""

from typing import Any

import pytest
from yarl import URL

from bridge.model.message import State
from tests.support.native_site import Caller, Site


async def texts(caller: Caller, **query: Any) -> list[str]:
    answer = await caller.get("/v1/messages", **query)
    assert answer.status == 200, answer.body
    return [message["text"] for message in answer.body["messages"]]


async def test_lists_the_newest_first(shop: Caller) -> None:
    for text in ("one", "two", "three"):
        await shop.send(text=text)
    assert await texts(shop) == ["three", "two", "one"]


async def test_finds_by_state(site: Site) -> None:
    for text, state in (("went", State.SENT), ("broke", State.FAILED)):
        await site.shop.send(text=text)
        await site.carry(state)
    await site.shop.send(text="waits")
    assert await texts(site.shop, state="failed") == ["broke"]
    assert await texts(site.shop, state="queued,sent") == ["waits", "went"]
    assert await texts(site.shop, line="office") == ["broke", "went"]


async def test_finds_by_number_however_it_is_written(shop: Caller) -> None:
    await shop.send("+15550100", "one")
    await shop.send("+15550101", "two")
    for written in ("+15550100", "0015550100", "+1 555 0100", " 15550100"):
        assert await texts(shop, to=written) == ["one"]


async def test_finds_by_words_reference_and_time(shop: Caller) -> None:
    first = await shop.send(text="Your PARCEL is here", client_ref="order-1")
    await shop.send(text="We open at nine")
    assert await texts(shop, keyword="parcel") == ["Your PARCEL is here"]
    assert await texts(shop, client_ref="order-1") == ["Your PARCEL is here"]
    assert len(await texts(shop, since=first["created_at"])) == 2
    assert await texts(shop, until="2020-01-01T00:00:00Z") == []


async def test_an_account_sees_its_own_and_an_operator_all(site: Site) -> None:
    await site.shop.send(text="shop")
    await site.bakery.send(text="bakery")
    assert await texts(site.shop) == ["shop"]
    assert await texts(site.operator) == ["bakery", "shop"]


async def test_turns_pages_without_losing_or_repeating_a_message(shop: Caller) -> None:
    await shop.post("/v1/messages", {"messages": [{"to": "+15550100", "text": str(number)} for number in range(7)]})
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = (await shop.get("/v1/messages", **query)).body
        seen += [message["text"] for message in page["messages"]]
        await shop.send(text="meanwhile")
        if page["cursor"] is None:
            break
        query["cursor"] = page["cursor"]
    assert seen == [str(number) for number in reversed(range(7))]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("stat=sent", "stat"),
        ("state=sending,lost", "state"),
        ("state=", "state"),
        ("state=sent&state=failed", "state"),
        ("to=nobody", "to"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("limit=%D9%A1", "limit"),
        ("cursor=mine", "cursor"),
        ("cursor=" + "1" * 501, "cursor"),
        ("since=yesterday", "since"),
        ("since=-1", "since"),
        ("since=1e400", "since"),
        ("until=2026-13-01T00:00:00Z", "until"),
        ("keyword=a%00b", "keyword"),
        ("keyword=" + "k" * 201, "keyword"),
        ("keyw%00ord=x", "keyw\0ord"),
    ],
)
async def test_refuses_a_query_that_it_does_not_understand(shop: Caller, query: str, field: str) -> None:
    answer = await shop.call("GET", URL(f"/v1/messages?{query}", encoded=True))
    assert answer.problem == (400, "bad-request", field)


@pytest.mark.parametrize("query", ["keyword=%FF", "keyword=%ED%A0%80", "%FF=x", "keyword=%"])
async def test_bytes_that_are_no_utf8_are_no_accident(shop: Caller, query: str) -> None:
    answer = await shop.call("GET", URL(f"/v1/messages?{query}", encoded=True))
    assert answer.status in {200, 400}
    assert answer.body.get("messages", []) == []


async def test_suggests_the_parameter_and_the_word_that_were_meant(shop: Caller) -> None:
    assert "did you mean `since`?" in (await shop.get("/v1/messages", sinc="1")).detail
    assert "did you mean `delivered`?" in (await shop.get("/v1/messages", state="deliverd")).detail


async def test_shows_every_line_and_each_by_its_name(shop: Caller) -> None:
    lines = (await shop.get("/v1/lines")).body["lines"]
    assert [(line["name"], line["state"]) for line in lines] == [("office", "ready"), ("shop-phone:2", "absent")]
    assert (await shop.get("/v1/lines/shop-phone:2")).body == lines[1]
    assert (await shop.get("/v1/lines/attic")).problem == (404, "no-such-thing", "")


async def test_shows_who_is_asking(site: Site) -> None:
    me = (await site.shop.get("/v1/me")).body
    assert (me["name"], me["operator"], me["on_unknown"]) == ("shop", False, "hold")
    assert (await site.operator.get("/v1/me")).body["operator"] is True
