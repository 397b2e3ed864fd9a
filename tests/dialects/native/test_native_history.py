"""How lines were, what was wrong, and which loop-backs arrived; the site holds each answer against the document."""

from api.dialects.native.serializers import format_time
from bridge.model.history import QUARTER, PastAlarm, Quarter
from bridge.model.loopback import Trip, new_token
from tests.support.native_site import NOW, Site


async def test_a_line_by_the_quarter_of_an_hour(site: Site) -> None:
    now = site.gateway.now() // QUARTER * QUARTER
    await site.store.keep_quarters(
        [Quarter("office", now - QUARTER, None, 12, 900), Quarter("office", now, -71, 0, 60)], 0
    )
    found = (await site.shop.get("/v1/lines/office/history")).body["quarters"]
    assert [(each["signal_dbm"], each["away_seconds"], each["watched_seconds"]) for each in found] == [
        (None, 12, 900), (-71, 0, 60),
    ]  # fmt: skip
    later = (await site.shop.get("/v1/lines/office/history", since=found[1]["at"])).body["quarters"]
    assert later == found[1:]
    assert (await site.shop.get("/v1/lines/attic/history")).problem == (404, "no-such-thing", "")
    early = {"since": "2020-01-01T00:00:00Z"}
    assert (await site.shop.get("/v1/lines/office/history", **early)).problem == (400, "bad-request", "since")


async def test_alarms_that_began_and_ended(site: Site) -> None:
    over = PastAlarm("line:office", "The line office is out of service", "no SIM", "office", NOW, NOW + 5, NOW + 9)
    await site.store.note_together(
        [], "[alarm]", "state", "", [over, PastAlarm("queue:", "It waits", "", "", NOW, NOW + 6)]
    )
    first = (await site.operator.get("/v1/alarms", limit=1)).body
    (goes_on,) = first["alarms"]
    assert (goes_on["title"], goes_on["line"], goes_on["ended_at"]) == ("It waits", "", None)
    (ended,) = (await site.operator.get("/v1/alarms", cursor=first["cursor"])).body["alarms"]
    assert (ended["id"], ended["reason"], ended["ended_at"] > ended["raised_at"]) == ("line:office", "no SIM", True)
    assert (await site.operator.get("/v1/alarms", line="office")).body["alarms"] == [ended]
    assert (await site.operator.get("/v1/alarms", cursor="x")).problem == (400, "bad-request", "cursor")
    assert (await site.shop.get("/v1/alarms")).problem == (403, "not-allowed", "")


async def test_loop_backs_with_the_time_that_they_took(site: Site) -> None:
    lost, under_way = Trip(new_token(), "office", "shop", NOW), Trip(new_token(), "shop", "office", NOW + 1)
    await site.store.depart(lost)
    await site.store.depart(under_way)
    await site.store.lose_trip(lost.token, "nothing came", NOW + 9)
    found = (await site.operator.get("/v1/loopback")).body["loopbacks"]
    assert [(each["from"], each["seconds"], each["reason"]) for each in found] == [
        ("shop", None, ""), ("office", None, "nothing came"),
    ]  # fmt: skip
    assert (await site.operator.get("/v1/loopback", line="attic")).body == {"loopbacks": [], "cursor": None}
    assert (await site.operator.get("/v1/loopback", cursor="x")).problem == (400, "bad-request", "cursor")
    assert (await site.shop.get("/v1/loopback")).problem == (403, "not-allowed", "")


async def test_when_a_line_was_used_last_is_told_to_operators(site: Site) -> None:
    before = (await site.operator.get("/v1/lines/office")).body
    assert (before["last_sent_at"], before["last_received_at"]) == (None, None)
    received = await site.receive()
    after = (await site.operator.get("/v1/lines/office")).body
    assert after["last_received_at"] == format_time(received.received_at)
    assert after in (await site.operator.get("/v1/lines")).body["lines"]
    assert "last_received_at" not in (await site.shop.get("/v1/lines/office")).body
