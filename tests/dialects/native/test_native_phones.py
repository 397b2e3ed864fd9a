"""/v1/typed and /v1/calls: what phones tell besides SMS to them."""

from typing import Any

import pytest

from bridge.model.radio import Call, Typed
from tests.support.native_site import NOW, Caller, Site


async def tell(site: Site, *items: Typed | Call) -> None:
    for item in items:
        assert await site.store.keep(item, "shop-phone", NOW + 500) is not None


def typed(number: int, text: str = "On my way") -> Typed:
    return Typed("shop-phone:2", f"s{number}", f"+1555010{number}", text, NOW + number)


def call(number: int, kind: str = "missed", name: str = "") -> Call:
    return Call("shop-phone:2", f"c{number}", kind, f"+1555010{number}", name, NOW + number, 7)


async def texts(caller: Caller, **query: Any) -> list[str]:
    answer = await caller.get("/v1/typed", **query)
    assert answer.status == 200, answer.body
    return [message["text"] for message in answer.body["messages"]]


async def numbers(caller: Caller, **query: Any) -> str:
    answer = await caller.get("/v1/calls", **query)
    assert answer.status == 200, answer.body
    return " ".join(each["number"][-1] for each in answer.body["calls"])


async def test_shows_what_was_typed_to_every_account(site: Site) -> None:
    await tell(site, typed(1))
    shown = (await site.shop.get("/v1/typed")).body
    [row] = shown["messages"]
    assert {key: row[key] for key in row if key != "id"} == {
        "to": "+15550101", "text": "On my way", "line": "shop-phone:2", "device": "shop-phone",
        "sent_at": "2026-11-20T23:01:52.124Z", "recorded_at": "2026-11-20T23:01:52.623Z",
    }  # fmt: skip
    assert (await site.bakery.get("/v1/typed")).body == shown


async def test_shows_a_call_to_every_account(site: Site) -> None:
    await tell(site, call(1, name="Taylor"))
    shown = (await site.shop.get("/v1/calls")).body
    [row] = shown["calls"]
    assert {key: row[key] for key in row if key != "id"} == {
        "kind": "missed", "number": "+15550101", "name": "Taylor", "duration_seconds": 7, "line": "shop-phone:2",
        "device": "shop-phone", "call_at": "2026-11-20T23:01:52.124Z", "recorded_at": "2026-11-20T23:01:52.623Z",
    }  # fmt: skip
    assert (await site.bakery.get("/v1/calls")).body == shown


async def test_finds_what_was_typed(site: Site) -> None:
    await tell(site, typed(1, "one"), typed(2, "two"))
    assert await texts(site.shop) == ["two", "one"]
    assert await texts(site.shop, to="+1 555 0101") == ["one"]
    assert await texts(site.shop, keyword="TWO") == ["two"]
    assert await texts(site.shop, line="office") == []
    assert await texts(site.shop, since="2026-11-20T23:01:52.125Z") == ["two"]


async def test_finds_calls(site: Site) -> None:
    await tell(site, call(1), call(2, "incoming", "Taylor"), call(3, "outgoing"))
    assert await numbers(site.shop) == "3 2 1"
    assert await numbers(site.shop, kind="missed") == "1"
    assert await numbers(site.shop, kind="missed,outgoing") == "3 1"
    assert await numbers(site.shop, number="+1 555 0102") == "2"
    assert await numbers(site.shop, keyword="tay") == "2"
    assert await numbers(site.shop, until="2026-11-20T23:01:52.124Z") == "1"


async def test_turns_pages(site: Site) -> None:
    await tell(site, *(typed(number, str(number)) for number in range(5)), *(call(number) for number in range(5)))
    for path, key in (("/v1/typed", "messages"), ("/v1/calls", "calls")):
        page = (await site.shop.get(path, limit=3)).body
        rest = (await site.shop.get(path, limit=3, cursor=page["cursor"])).body
        seen = [row.get("text") or row["number"][-1] for row in page[key] + rest[key]]
        assert (seen, rest["cursor"]) == (["4", "3", "2", "1", "0"], None)


@pytest.mark.parametrize(
    ("query", "field"), [({"kind": "lost"}, "kind"), ({"cursor": "mine"}, "cursor"), ({"nam": "x"}, "nam")]
)
async def test_refuses_a_query_that_it_does_not_understand(shop: Caller, query: dict[str, str], field: str) -> None:
    assert (await shop.get("/v1/calls", **query)).problem == (400, "bad-request", field)


async def test_tells_each_as_an_event_as_documented(site: Site) -> None:
    await tell(site, typed(1), call(2))
    logged = await site.store.events("shop", 0, 9)
    assert [event.name for event in logged] == ["message.typed", "call.missed"]
    assert "did you mean `call.missed`?" in (await site.shop.get("/v1/events", names="call.mised")).detail
