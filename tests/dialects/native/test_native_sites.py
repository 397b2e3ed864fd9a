"""/v1/sites: other bridges whose lines are lines here."""

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.model.history import Ongoing
from bridge.model.line import Line, LineState
from bridge.model.site import Site, Way
from bridge.model.user import Role
from tests.support.clocks import FakeClock
from tests.support.native_site import NOW, site_in

LINES = (
    Line("shop2:line0", "shop2", "bridge_remote", LineState.READY),
    Line("shop2:line1", "shop2", "bridge_remote", LineState.ABSENT, reason="plug it in"),
)
SHOP2 = Site(
    "shop2", Way.URL, "https://shop2.example", NOW - 5000, is_connected=True, connected_at=NOW - 4000,
    heard_at=NOW - 1000, lag=12, waiting_there=1, ahead=-3000, version="1.2.3", lines=LINES,
)  # fmt: skip
SHOP3 = Site("shop3", Way.DIALS, heard_at=NOW - 60_000, lag=60_000, problems=("the site has not dialled in",))


async def test_operators_see_every_site_with_its_lines_and_what_waits_for_them(tmp_path: Path) -> None:
    async with site_in(tmp_path, LINES, FakeClock(NOW), sites=lambda: [SHOP2, SHOP3]) as site:
        for line in ("shop2:line0", "shop2:line1", "shop2:line1", "shop2"):
            await site.shop.send(line=line)
        await site.shop.send(text="by any line")
        answer = await site.operator.get("/v1/sites")
        assert [row["name"] for row in answer.body["sites"]] == ["shop2", "shop3"]
        first, second = answer.body["sites"]
        assert first == {
            "name": "shop2",
            "way": "url",
            "url": "https://shop2.example",
            "joined_at": "2026-11-20T23:01:47.123Z",
            "connected": True,
            "connected_at": "2026-11-20T23:01:48.123Z",
            "heard_at": "2026-11-20T23:01:51.123Z",
            "lag_ms": 12,
            "oldest_event_at": None,
            "waiting_there": 1,
            "waiting_here": 4,
            "clock_ms": -3000,
            "version": "1.2.3",
            "problems": [],
            "alarms": [],
            "lines": [
                {"name": "shop2:line0", "state": "ready", "reason": ""},
                {"name": "shop2:line1", "state": "absent", "reason": "plug it in"},
            ],
        }
        assert (second["connected"], second["waiting_here"], second["problems"]) == (False, 0, list(SHOP3.problems))


async def test_a_bridge_without_sites_has_none_and_asks_the_store_nothing(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        await site.store.close()
        assert await site.gateway.sites.all() == ()


@pytest.mark.parametrize("role", Role)
async def test_every_person_sees_them(tmp_path: Path, role: Role) -> None:
    async with site_in(tmp_path, sites=lambda: [SHOP3]) as site:
        answer = await (await site.person(role)).get("/v1/sites")
        assert [row["name"] for row in answer.body["sites"]] == ["shop3"]


async def test_an_account_sees_none(tmp_path: Path) -> None:
    async with site_in(tmp_path, sites=lambda: [SHOP2]) as site:
        assert (await site.shop.get("/v1/sites")).problem == (403, "not-allowed", "")
        assert (await site.nobody.get("/v1/sites")).problem[0] == 401


async def test_a_site_needs_a_person_only_while_something_is_wrong_and_only_an_operator_is_told(tmp_path: Path) -> None:
    found = [SHOP2]
    async with site_in(tmp_path, sites=lambda: found) as site:
        operator = await site.person(Role.READER)
        assert (await operator.get("/v1/attention")).body["sites"] == []
        found[0] = replace(SHOP2, problems=("the site's clock is 130 s ahead of this machine's",))
        [told] = (await operator.get("/v1/attention")).body["sites"]
        assert (told["name"], told["problems"]) == ("shop2", list(found[0].problems))
        assert (await site.shop.get("/v1/attention")).body["sites"] == []


async def test_alarms_about_a_line_are_told_with_the_lines_to_every_account_and_others_are_not(tmp_path: Path) -> None:
    mine = Ongoing("loopback:shop2:line0>shop2:line1", "SMS does not arrive", "lost", "shop2:line0", NOW)
    all_of_them = Ongoing("queue:", "Messages wait and none goes out", "7 due", "", NOW)
    async with site_in(tmp_path, LINES, alarms=lambda: [mine, all_of_them]) as site:
        told = (await site.shop.get("/v1/lines")).body["alarms"]
        assert [(each["id"], each["line"]) for each in told] == [(mine.id, "shop2:line0")]


async def test_the_alarms_of_a_site_are_told_with_it(tmp_path: Path) -> None:
    lost = Ongoing("loopback:line0>line1", "SMS from line0 to line1 does not arrive", "lost", "shop2:line0", NOW)
    async with site_in(tmp_path, LINES, sites=lambda: [replace(SHOP2, alarms=(lost,))]) as site:
        [told] = (await site.operator.get("/v1/sites")).body["sites"]
        assert [each["id"] for each in told["alarms"]] == [lost.id]
