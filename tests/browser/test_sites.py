"""The sites of a hub and their lines, on the hub's page."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from bridge.model.user import Role
from bridge.ports.driver import Device
from device_drivers.virtual.world import World
from tests.support.browsing import NARROW, PASSWORD, WIDE, let_in, visitor
from tests.support.dialled_bridges import DialledBridges, dialled_bridges
from tests.support.running import config, running
from tests.support.two_bridges import LINE, two_bridges

SITE_CARD = ".card.site"


@pytest.mark.parametrize("way", ["is reached", "dials"])
async def test_home_says_of_a_line_which_site_it_is_of_and_how_far_behind_it_is(
    browser: Browser, tmp_path: Path, way: str
) -> None:
    async with dialled_bridges(tmp_path) if way == "dials" else two_bridges(tmp_path) as both:
        await let_in(both.hub, "anna")
        async with visitor(browser, both.hub) as anna:
            await anna.sign_in()
            for words in (LINE, "Ready", "Site", "shop2", "Behind by", both.world.modems[0].number):
                await anna.sees(words, ".card.line")
            await anna.visit("lines")
            for words in ("Site shop2", "Connected", "dials in" if way == "dials" else "http://127.0.0.1:", "Release"):
                await anna.sees(words, SITE_CARD)
            await anna.sees(LINE, ".cards .card.line")
            assert await anna.page.get_by_role("region", name="Site shop2").count() == 1
            assert await anna.page.locator(".cards .card.line").get_by_text("Behind by").count() == 0
            assert await anna.barriers() == []
        async with visitor(browser, both.site) as owner:
            await let_in(both.site, "anna")
            await owner.sign_in("lines")
            await owner.sees("line0", ".card.line")
            assert await owner.page.locator(SITE_CARD).count() == 0
            assert await owner.page.get_by_text("Behind by").count() == 0


@pytest_asyncio.fixture(loop_scope="module")
async def both(tmp_path: Path) -> AsyncIterator[DialledBridges]:
    async with dialled_bridges(tmp_path) as made:
        await let_in(made.hub, "anna")
        yield made


async def test_a_site_that_goes_away_is_shown_at_once_and_is_among_what_needs_a_person_once(
    browser: Browser, both: DialledBridges
) -> None:
    async with visitor(browser, both.hub) as anna, visitor(browser, both.hub) as home:
        await home.sign_in()
        await home.sees("Nothing needs you", ".calm")
        await anna.sign_in("lines")
        await anna.sees("Connected", SITE_CARD)
        await anna.shoot("sites-light")
        await both.wire.unplug()
        await anna.sees("Out of reach", SITE_CARD)
        await anna.sees("has not dialled in", f"{SITE_CARD} .reason")
        await anna.sees("Last heard", SITE_CARD)
        await home.sees("Out of reach", ".attention")
        assert await home.page.locator(".attention li.card").count() == 1
        assert await home.barriers() == []
        await both.wire.plug()
        await anna.sees("Connected", SITE_CARD)
        await home.sees("Nothing needs you", ".calm")


async def test_what_waits_is_shown_without_an_event(browser: Browser, both: DialledBridges) -> None:
    await both.wire.unplug()
    async with visitor(browser, both.hub) as anna:
        await anna.sign_in("lines")
        await anna.sees("Out of reach", SITE_CARD)
        headers = {"X-Api-Key": both.hub.keys["apikey"]}
        message = {"to": both.world.customers[0], "text": "later", "line": LINE}
        async with both.hub.http.post(f"{both.hub.url}/v1/messages", json=message, headers=headers) as answer:
            assert answer.status == 202
        await anna.sees("Messages waiting here", SITE_CARD)


@pytest.mark.parametrize("role", Role)
async def test_every_role_sees_them(browser: Browser, both: DialledBridges, role: Role) -> None:
    await let_in(both.hub, "some.body", role=role)
    async with visitor(browser, both.hub) as somebody:
        await somebody.sign_in("lines", "some.body")
        await somebody.sees("Connected", SITE_CARD)
        assert await somebody.barriers() == []


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("dark", {"viewport": WIDE, "color_scheme": "dark"}),
        ("phone", {"viewport": NARROW, "has_touch": True}),
        ("phone-dark-zh", {"viewport": NARROW, "color_scheme": "dark", "locale": "zh-CN"}),
    ],
)
async def test_they_look_well_while_they_are_there_and_while_they_are_away(
    browser: Browser, both: DialledBridges, name: str, how: dict[str, Any]
) -> None:
    ready, away = ("已连接", "无法连接") if "zh" in name else ("Connected", "Out of reach")
    async with visitor(browser, both.hub, **how) as anna:
        await anna.visit("lines")
        for field, text in (("username", "anna"), ("current-password", PASSWORD)):
            await anna.page.locator(f"[autocomplete={field}]").fill(text)
        await anna.page.keyboard.press("Enter")
        await anna.sees(ready, SITE_CARD)
        await anna.shoot(f"sites-{name}")
        await both.wire.unplug()
        await anna.sees(away, SITE_CARD)
        await anna.shoot(f"sites-away-{name}")
        assert (await anna.barriers(), await anna.overflow()) == ([], 0)
        await anna.visit("")
        await anna.sees(away, ".attention")
        await anna.shoot(f"sites-home-{name}")
        assert (await anna.barriers(), await anna.overflow()) == ([], 0)
        if "zh" in name:
            words = await anna.page.locator(".attention .card").all_inner_texts()
            assert not any("dialled" in each for each in words), words


async def test_a_site_stands_apart_from_the_hubs_own_lines_and_a_long_address_has_room(
    browser: Browser, tmp_path: Path
) -> None:
    url = "https://bakery-in-the-old-town.example.org:8443"
    async with World(tmp_path / "world", modems=1) as world:
        settings = config(tmp_path, {"own": {"port": str(world.modems[0].port)}})
        far = {
            "bakery": Device("bakery", "bridge_remote", {"url": url, "key": "k"}),
            "shop3": Device("shop3", "bridge_remote", {"join": f"{'0' * 64}.1999999999"}),
        }
        async with running(replace(settings, devices={**settings.devices, **far})) as hub:
            await let_in(hub, "anna")
            for name, size in (("wide", WIDE), ("narrow", NARROW)):
                async with visitor(browser, hub, viewport=size) as anna:
                    await anna.sign_in("lines")
                    await anna.sees("Not joined yet", SITE_CARD)
                    await anna.sees(url, SITE_CARD)
                    own = await anna.page.locator("main > .cards .card").last.bounding_box()
                    site = await anna.page.locator(SITE_CARD).first.bounding_box()
                    assert own is not None
                    assert site is not None
                    assert site["y"] - own["y"] - own["height"] > 20
                    await anna.shoot(f"sites-mixed-{name}")
                    assert (await anna.barriers(), await anna.overflow()) == ([], 0)
