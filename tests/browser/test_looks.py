"""What every place looks like: in light and dark, on a phone, for a screen reader, in both languages."""

from collections.abc import Mapping
from typing import Any

import pytest
from playwright.async_api import Browser

from bridge.model.message import State
from device_drivers.virtual.world import World
from tests.support.browsing import NARROW, WIDE, Visitor, visitor
from tests.support.running import Bridge

#: name of its picture → address
PLACES = {
    "home": "",
    "conversations": "conversations/+15550150",
    "messages": "messages",
    "more": "more",
    "nowhere": "nowhere",
}
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "light": {"viewport": WIDE, "color_scheme": "light"},
    "dark": {"viewport": WIDE, "color_scheme": "dark"},
    "phone": {"viewport": NARROW, "color_scheme": "light", "has_touch": True},
    "phone-dark-zh": {"viewport": NARROW, "color_scheme": "dark", "locale": "zh-CN"},
}


@pytest.fixture
async def lively(bridge: Bridge, world: World) -> Bridge:
    """A bridge on a busy day."""
    world.network.rules.refuse["+15550153"] = 28
    talk = {
        "+15550150": ("Your parcel is here. We are open until six.", "Great, I’ll come by at five"),
        "+15550151": ("Your table for four is ready at eight.", "Can we be five?"),
        "+15550152": ("Dear Li, your glasses are ready: 您的眼镜已经做好了", ""),
        "+15550153": ("Reminder: your appointment is tomorrow at 9:30.", ""),
    }
    answers = 0
    for number, (text, answer) in talk.items():
        await bridge.send(number, text)
        if answer:
            world.network.handset(number).send(world.modems[0].number, answer)
            answers += 1
    await bridge.settled(State.DELIVERED, State.FAILED)
    await bridge.received(answers)
    return bridge


@pytest.mark.parametrize("look", LOOKS)
async def test_every_place_fits_and_has_no_barrier(browser: Browser, lively: Bridge, look: str) -> None:
    async with visitor(browser, lively, **LOOKS[look]) as one:
        await one.visit()
        await one.page.locator("input").wait_for()
        await judge(one, f"door-{look}")
        await one.page.locator("input").fill(lively.keys["apikey"])
        await one.page.keyboard.press("Enter")
        for name, place in PLACES.items():
            await one.page.locator(".shell").wait_for()
            await one.visit(place)
            await judge(one, f"{name}-{look}")
        await one.visit("messages")
        await one.page.locator(".rows a").first.click()
        await one.page.locator(".timeline").wait_for()
        await judge(one, f"message-{look}")


async def judge(one: Visitor, name: str) -> None:
    """Take the picture and see what is wrong with it."""
    await one.page.wait_for_load_state("networkidle") if "door" in name else None
    await one.page.locator(".waiting").first.wait_for(state="detached")
    await one.shoot(name)
    assert await one.overflow() == 0, name
    assert await one.barriers() == [], name
