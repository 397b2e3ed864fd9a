"""Counts by hour and day; the site holds each answer against the document."""

from bridge.model.message import State
from tests.support.native_site import Caller, Site


async def test_counts_what_was_accepted_today(site: Site) -> None:
    for state in (State.SENT, State.FAILED):
        await site.shop.send(text="x")
        await site.carry(state)
    await site.shop.send(text="x")
    await site.bakery.send(text="x")
    found = (await site.shop.get("/v1/statistics")).body
    assert found["totals"]["accepted"] == 3
    assert {state: number for state, number in found["totals"]["states"].items() if number} == {
        "sent": 1, "failed": 1, "queued": 1,
    }  # fmt: skip
    assert [(each["line"], each["accepted"]) for each in found["lines"]] == [("", 1), ("office", 2)]
    assert found["periods"][-1]["accepted"] == 3
    assert (await site.operator.get("/v1/statistics", step="day")).body["totals"]["accepted"] == 4


async def test_says_which_value_it_cannot_take(shop: Caller) -> None:
    for query, field in (
        ({"step": "minute"}, "step"),
        ({"zone": "Nowhere"}, "zone"),
        ({"since": "2020-01-01T00:00:00Z"}, "since"),
    ):
        assert (await shop.get("/v1/statistics", **query)).problem == (400, "bad-request", field)
