"""/v1/attention, and of a message its life and what a person says of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.model.history import Ongoing
from bridge.model.message import State
from bridge.model.user import Role
from bridge.model.webhook import DeliveryState
from tests.support.clocks import FakeClock
from tests.support.native_site import NOW, Caller, Site, site_in

ALARM = Ongoing("line:office", "office cannot send", "no SIM", "office", NOW)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
async def site(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Site]:
    async with site_in(tmp_path, clock=clock, alarms=lambda: [ALARM]) as site:
        yield site


async def unknown(site: Site, caller: Caller | None = None, text: str = "hello") -> str:
    """A message of which nobody knows whether it was sent."""
    made = await (caller or site.shop).send(text=text)
    await site.carry(State.UNKNOWN, "no answer came")
    return str(made["id"])


async def attention(caller: Caller) -> dict[str, Any]:
    answer = await caller.get("/v1/attention")
    assert answer.status == 200, answer.body
    return dict(answer.body)


async def test_shows_what_needs_a_person_and_nothing_else(site: Site) -> None:
    await site.shop.send()
    await site.carry(State.SENT)
    first = await unknown(site)
    made = (await site.shop.post("/v1/webhooks", {"url": "http://127.0.0.1:9/"})).body
    await site.shop.patch(f"/v1/webhooks/{made['id']}", {"paused": True})
    found = await attention(await site.person(Role.READER))
    assert (found["unknown"]["count"], [row["id"] for row in found["unknown"]["messages"]]) == (1, [first])
    assert [row["id"] for row in found["paused_endpoints"]] == [made["id"]]
    assert [row["name"] for row in found["lines"]] == ["shop-phone:2"]
    assert [row["title"] for row in found["alarms"]] == ["office cannot send"]
    assert found["dead_letters"] == {"count": 0, "deliveries": []}


async def test_shows_deliveries_that_were_given_up(site: Site) -> None:
    await site.shop.post("/v1/webhooks", {"url": "http://127.0.0.1:9/"})
    await site.shop.send()
    [(row, _)] = await site.store.owed((await site.store.endpoints("shop"))[0].id, 9)
    await site.store.record_attempts([replace(row, state=DeliveryState.DEAD, attempts=1, error="refused")])
    for caller in (site.shop, site.operator):
        found = (await attention(caller))["dead_letters"]
        assert (found["count"], found["deliveries"][0]["error"]) == (1, "refused")
    assert (await attention(site.bakery))["dead_letters"]["count"] == 0


async def test_an_account_sees_its_own(site: Site) -> None:
    await unknown(site, site.bakery)
    assert (await attention(site.shop))["unknown"]["count"] == 0
    assert (await attention(site.bakery))["unknown"]["count"] == 1
    assert (await attention(site.bakery))["alarms"] == []


async def test_it_arrived(site: Site, clock: FakeClock) -> None:
    doubtful = await unknown(site, text="long " * 60)
    person = await site.person(Role.OPERATOR)
    clock.at += 1000
    answer = await person.post(f"/v1/messages/{doubtful}/settle", {"as": "arrived"})
    assert (answer.status, answer.body["state"], answer.body["error"]) == (200, "delivered", "")
    assert (await attention(site.shop))["unknown"]["count"] == 0
    entries = (await site.shop.get(f"/v1/messages/{doubtful}/timeline")).body["entries"]
    [settled] = [each for each in entries if each["kind"] == "settled"]
    assert (settled["as"], settled["who"]) == ("arrived", "operator from 127.0.0.1")
    assert [each["name"] for each in entries if each["kind"] == "event"][-1] == "message.delivered"
    trail = (await person.get("/v1/audit")).body["entries"][0]
    assert (trail["what"], trail["account"], trail["detail"]) == ("settle", "shop", f"{doubtful}, arrived")
    again = await person.post(f"/v1/messages/{doubtful}/settle", {"as": "arrived"})
    assert again.problem == (409, "not-possible", "")


async def test_send_it_again(site: Site) -> None:
    doubtful = await unknown(site)
    assert (await site.shop.post(f"/v1/messages/{doubtful}/settle", {"as": "again"})).body["state"] == "queued"
    assert (await site.carry(State.SENT)).id == doubtful
    assert (await site.shop.get(f"/v1/messages/{doubtful}")).body["state"] == "sent"


async def test_what_is_left_as_it_is_comes_up_again_when_something_new_happens_to_it(
    site: Site, clock: FakeClock
) -> None:
    doubtful = await unknown(site)
    clock.at += 1000
    answer = await site.shop.post(f"/v1/messages/{doubtful}/settle", {"as": "leave"})
    assert answer.body["state"] == "unknown"
    assert (await attention(site.operator))["unknown"]["count"] == 0
    clock.at += 1000
    await site.shop.post(f"/v1/messages/{doubtful}/resend")
    claim = await site.store.claim("office", ("", "office"), clock.at)
    assert claim is not None
    await site.store.recover(clock.at)
    assert (await attention(site.operator))["unknown"]["count"] == 1


async def test_only_what_is_unknown_and_ones_own_is_settled(site: Site) -> None:
    made = await site.shop.send()
    assert (await site.shop.post(f"/v1/messages/{made['id']}/settle", {"as": "leave"})).status == 409
    doubtful = await unknown(site)
    assert (await site.bakery.post(f"/v1/messages/{doubtful}/settle", {"as": "leave"})).problem[0] == 404
    assert (await site.bakery.get(f"/v1/messages/{doubtful}/timeline")).problem[0] == 404
    assert (await site.shop.post(f"/v1/messages/{doubtful}/settle", {"as": "maybe"})).problem == (
        400,
        "bad-request",
        "as",
    )
    assert (await site.shop.post(f"/v1/messages/{doubtful}/settle", {})).problem == (400, "bad-request", "as")


async def test_a_life_tells_tries_reports_and_webhooks_in_their_order(site: Site, clock: FakeClock) -> None:
    await site.shop.post("/v1/webhooks", {"url": "http://127.0.0.1:9/", "events": ["message.sent"]})
    await site.operator.post("/v1/webhooks", {"url": "http://127.0.0.1:9/other", "events": ["message.submitted"]})
    made = await site.shop.send()
    await site.carry(State.SENT)
    found = (await site.shop.get(f"/v1/messages/{made['id']}/timeline")).body
    assert found["message"]["id"] == made["id"]
    kinds = [(each["kind"], each.get("name", each.get("state", ""))) for each in found["entries"]]
    assert kinds == [
        ("event", "message.submitted"),
        ("event", "message.sent"),
        ("webhook", ""),
        ("attempt", "sent"),
    ], "the line took it a millisecond later"
    [tried] = [each for each in found["entries"] if each["kind"] == "attempt"]
    assert (tried["part"], tried["line"], tried["reference"]) == (1, "office", 1)


async def test_what_people_said_goes_with_the_message(site: Site, clock: FakeClock) -> None:
    doubtful = await unknown(site)
    clock.at += 1
    await site.shop.post(f"/v1/messages/{doubtful}/settle", {"as": "leave"})
    assert (await site.operator.delete(f"/v1/messages/{doubtful}")).status == 204
    assert await site.store._read(lambda conn: conn.execute("SELECT * FROM decisions").fetchall()) == []  # type: ignore[attr-defined]
