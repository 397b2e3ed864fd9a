"""/v1/webhooks and /v1/ledger: where events go, and what became of each delivery."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bridge.model.webhook import DeliveryState
from tests.support.native_site import NOW, Caller, Site

URL = "https://shop.example/sms"


async def add(caller: Caller, **more: Any) -> dict[str, Any]:
    answer = await caller.post("/v1/webhooks", {"url": URL, **more})
    assert answer.status == 201, answer.body
    return dict(answer.body)


async def test_shows_the_secret_once(shop: Caller) -> None:
    answer = await shop.post("/v1/webhooks", {"url": URL, "events": ["message.received"], "max_attempts": 3})
    made = answer.body
    assert (answer.status, answer.headers["Location"]) == (201, f"/v1/webhooks/{made['id']}")
    assert made["secret"].startswith("whsec_")
    shown = (await shop.get(f"/v1/webhooks/{made['id']}")).body
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert (shown["format"], shown["events"], shown["max_attempts"]) == ("v2", ["message.received"], 3)
    assert (await shop.get("/v1/webhooks")).body == {"webhooks": [shown]}


async def test_changes_the_secret_in_two_steps(site: Site) -> None:
    made = await add(site.shop)
    begun = (await site.shop.post(f"/v1/webhooks/{made['id']}/rotate", {})).body
    assert begun["rotating"] is True
    assert begun["next_secret"] not in {made["secret"], ""}
    assert "next_secret" not in (await site.shop.get(f"/v1/webhooks/{made['id']}")).body
    done = (await site.shop.post(f"/v1/webhooks/{made['id']}/rotate", {"finish": True})).body
    assert done["rotating"] is False
    assert "secret" not in done
    [kept] = await site.store.endpoints("shop")
    assert (kept.secret, kept.next_secret) == (begun["next_secret"], "")


async def test_a_pause_beside_a_rotation_leaves_both(site: Site) -> None:
    path = f"/v1/webhooks/{(await add(site.shop))['id']}"
    rotated, _ = await asyncio.gather(site.shop.post(f"{path}/rotate"), site.shop.patch(path, {"paused": True}))
    [kept] = await site.store.endpoints("shop")
    assert (kept.paused, kept.next_secret) == (True, rotated.body["next_secret"])


async def test_the_trail_says_who_changed_an_endpoint(site: Site) -> None:
    made = await add(site.shop)
    await site.shop.patch(f"/v1/webhooks/{made['id']}", {"paused": True})
    await site.operator.delete(f"/v1/webhooks/{made['id']}")
    entries = (await site.operator.get("/v1/audit?account=shop")).body["entries"]
    assert [(each["who"], each["what"], each["detail"]) for each in reversed(entries)] == [
        ("shop", "add_endpoint", f"{made['id']}, v2 to shop.example"),
        ("shop", "change_endpoint", f"{made['id']}, paused: True"),
        ("operator", "remove_endpoint", f"{made['id']}, shop.example"),
    ]


async def test_begins_a_rotation_without_a_body(shop: Caller) -> None:
    made = await add(shop)
    assert (await shop.post(f"/v1/webhooks/{made['id']}/rotate")).body["rotating"] is True


async def test_a_rotation_that_was_not_begun_cannot_be_finished(shop: Caller) -> None:
    made = await add(shop)
    answer = await shop.post(f"/v1/webhooks/{made['id']}/rotate", {"finish": True})
    assert answer.problem == (409, "not-possible", "")


async def test_pauses_and_goes_on(shop: Caller) -> None:
    path = f"/v1/webhooks/{(await add(shop))['id']}"
    assert (await shop.patch(path, {"paused": True})).body["paused"] is True
    assert (await shop.get(path)).body["paused"] is True
    assert (await shop.patch(path, {"paused": False})).body["paused"] is False


async def test_removes_a_webhook(shop: Caller) -> None:
    path = f"/v1/webhooks/{(await add(shop))['id']}"
    assert (await shop.delete(path)).status == 204
    assert (await shop.delete(path)).problem == (404, "no-such-thing", "")
    assert (await shop.get("/v1/webhooks")).body == {"webhooks": []}


async def test_an_account_cannot_touch_the_webhooks_of_another(site: Site) -> None:
    path = f"/v1/webhooks/{(await add(site.shop))['id']}"
    answers = [
        await site.bakery.get(path),
        await site.bakery.patch(path, {"paused": True}),
        await site.bakery.post(f"{path}/rotate", {}),
        await site.bakery.delete(path),
    ]
    assert {answer.status for answer in answers} == {404}
    assert (await site.bakery.get("/v1/webhooks")).body == {"webhooks": []}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": 7}, "url"),
        ({"url": ""}, "url"),
        ({"url": URL, "format": "v3"}, "format"),
        ({"url": URL, "events": ["message.lost"]}, "events"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": "*"}, "events"),
        ({"url": URL, "events": [1]}, "events"),
        ({"url": URL, "max_attempts": -1}, "max_attempts"),
        ({"url": URL, "secret": "mine"}, "secret"),
    ],
)
async def test_refuses_a_webhook_that_it_cannot_serve(shop: Caller, body: object, field: str) -> None:
    assert (await shop.post("/v1/webhooks", body)).problem == (400, "bad-request", field)
    assert (await shop.get("/v1/webhooks")).body == {"webhooks": []}


@pytest.mark.parametrize(("body", "field"), [({}, "paused"), ({"paused": 1}, "paused"), ({"url": URL}, "url")])
async def test_refuses_a_change_that_is_none(shop: Caller, body: object, field: str) -> None:
    path = f"/v1/webhooks/{(await add(shop))['id']}"
    assert (await shop.patch(path, body)).problem == (400, "bad-request", field)


async def owing(site: Site, count: int = 3) -> list[dict[str, Any]]:
    """The ledger after so many messages, newest first."""
    await add(site.shop)
    for _ in range(count):
        await site.shop.send()
    return list((await site.shop.get("/v1/ledger")).body["deliveries"])


async def bury(site: Site) -> None:
    """Every delivery of the shop failed for good."""
    [endpoint] = await site.store.endpoints("shop")
    for delivery, _ in await site.store.owed(endpoint.id, 100):
        for attempts in range(1, 10):
            state = DeliveryState.DEAD if attempts == 9 else DeliveryState.OWED
            tried = replace(delivery, state=state, attempts=attempts, status=500, error="HTTP 500")
            await site.store.record_attempts([tried])


async def test_the_ledger_owes_each_event_to_the_webhook(site: Site) -> None:
    rows = await owing(site)
    assert [row["event"] for row in rows] == ["message.submitted"] * 3
    assert {(row["state"], row["attempts"], row["status"], row["delivered_at"]) for row in rows} == {
        ("owed", 0, None, None)
    }
    assert [row["seq"] for row in rows] == sorted((row["seq"] for row in rows), reverse=True)
    assert (await site.bakery.get("/v1/ledger")).body["deliveries"] == []


async def test_an_account_learns_the_status_that_came_back(site: Site) -> None:
    await owing(site)
    await bury(site)
    rows = (await site.shop.get("/v1/ledger", state="dead")).body["deliveries"]
    assert [row["status"] for row in rows] == [500] * 3


async def test_finds_deliveries(site: Site) -> None:
    rows = await owing(site)
    last = rows[0]
    for query, count in (
        ({"state": "owed"}, 3),
        ({"state": "dead"}, 0),
        ({"event_id": last["event_id"]}, 1),
        ({"endpoint": last["endpoint"], "event": "message.submitted"}, 3),
        ({"event": "message.received"}, 0),
        ({"until": NOW // 1000 - 10**8}, 0),
        ({"since": NOW // 1000 - 10**8, "limit": 2}, 2),
    ):
        assert len((await site.shop.get("/v1/ledger", **query)).body["deliveries"]) == count, query


async def test_turns_the_pages_of_the_ledger(site: Site) -> None:
    rows = await owing(site)
    page = (await site.shop.get("/v1/ledger", limit=2)).body
    rest = (await site.shop.get("/v1/ledger", limit=2, cursor=page["cursor"])).body
    assert page["deliveries"] + rest["deliveries"] == rows


async def test_owes_chosen_deliveries_once_more(site: Site) -> None:
    rows = await owing(site)
    await bury(site)
    answer = await site.shop.post("/v1/ledger/redeliver", {"ids": [rows[0]["id"], rows[1]["id"]]})
    assert (answer.status, answer.body) == (202, {"count": 2})
    states = [row["state"] for row in (await site.shop.get("/v1/ledger")).body["deliveries"]]
    assert states == ["owed", "owed", "dead"]


async def test_owes_a_range_once_more(site: Site) -> None:
    rows = await owing(site)
    await bury(site)
    asked = {"state": "dead", "endpoint": rows[0]["endpoint"], "since": NOW // 1000 - 10**8, "until": 4102444800}
    assert (await site.shop.post("/v1/ledger/redeliver", asked)).body == {"count": 3}
    assert (await site.shop.post("/v1/ledger/redeliver", asked)).body == {"count": 0}


async def test_an_account_cannot_redeliver_what_is_anothers(site: Site) -> None:
    rows = await owing(site)
    assert (await site.bakery.post("/v1/ledger/redeliver", {"ids": [rows[0]["id"]]})).body == {"count": 0}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"ids": []}, "ids"),
        ({"ids": ["x"] * 1001}, "ids"),
        ({"ids": ["x"], "state": "dead"}, "ids"),
        ({"state": "lost"}, "state"),
        ({"sinse": 1}, "sinse"),
        ({"since": True}, "since"),
    ],
)
async def test_refuses_to_redeliver_what_is_not_said_clearly(site: Site, body: object, field: str) -> None:
    await owing(site, 1)
    await bury(site)
    assert (await site.shop.post("/v1/ledger/redeliver", body)).problem == (400, "bad-request", field)
    assert (await site.shop.get("/v1/ledger", state="owed")).body["deliveries"] == []


async def test_what_posts_nothing_makes_no_trial(shop: Caller) -> None:
    made = await add(shop)
    answer = await shop.post(f"/v1/webhooks/{made['id']}/test")
    assert (answer.status, answer.body["detail"]) == (409, "the running bridge makes the request: start it first")


async def test_what_is_no_webhook_of_the_caller_is_not_tried(site: Site) -> None:
    made = await add(site.operator)
    for webhook in (made["id"], "none"):
        assert (await site.shop.post(f"/v1/webhooks/{webhook}/test")).status == 404
