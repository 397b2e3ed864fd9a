"""What every place looks like: in light and dark, on a phone, for a screen reader, in both languages."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from bridge.model.account import Account
from bridge.model.conversation import Consent, Contact
from bridge.model.message import State
from device_drivers.virtual.world import World
from tests.support.browsing import NARROW, PASSWORD, WIDE, Visitor, let_in, visitor
from tests.support.running import Bridge, on_modems

OPERATOR = Account("operator", operator=True)
#: name of its picture → address
PLACES = {
    "home": "",
    "conversations": "conversations/+15550150",
    "messages": "messages",
    "contacts": "contacts",
    "bulk": "bulk",
    "draft": "bulk/DRAFT",
    "lines": "lines",
    "line": "lines/line0",
    "webhooks": "webhooks",
    "stop": "stop",
    "accounts": "accounts",
    "account": "accounts/shop",
    "people": "people",
    "audit": "audit",
    "first": "first",
    "more": "more",
    "nowhere": "nowhere",
}
#: place → what opens a dialog there
DIALOGS = {
    "home": "header.top button",
    "webhooks": "header.top button",
    "stop": "header.top button",
    "accounts": "header.top button",
    "people": "header.top button",
    "contacts": "header.top button.primary",
}
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "light": {"viewport": WIDE, "color_scheme": "light"},
    "dark": {"viewport": WIDE, "color_scheme": "dark"},
    "phone": {"viewport": NARROW, "color_scheme": "light", "has_touch": True},
    "phone-dark-zh": {"viewport": NARROW, "color_scheme": "dark", "locale": "zh-CN"},
}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[tuple[Bridge, World]]:
    """A bridge with two lines."""
    async with on_modems(tmp_path, 2) as (bridge, world):
        yield bridge, world


@pytest.fixture
async def lively(bridge: Bridge, world: World) -> Bridge:
    """A bridge on a busy day."""
    world.network.rules.refuse |= {"+15550153": 28, "+15550154": 500}
    talk = {
        "+15550150": ("Your parcel is here. We are open until six.", "Great, I’ll come by at five"),
        "+15550151": ("Your table for four is ready at eight.", "Can we be five?"),
        "+15550152": ("Dear Li, your glasses are ready: 您的眼镜已经做好了", ""),
        "+15550154": ("Your bicycle is repaired. We close at seven.", ""),
        "+15550153": ("Reminder: your appointment is tomorrow at 9:30.", ""),
    }
    await let_in(bridge, "anna", "li.wei")
    shop = await bridge.gateway.account(OPERATOR, "shop")
    await bridge.gateway.endpoints.add("anna", shop, f"{bridge.url}/nowhere")
    await bridge.gateway.desk.suppress("anna", "shop", "+15550159", "asked by phone")
    mary = Contact("operator", "+15550150", "Mary O’Brien", "likes the corner table", ("regulars",), Consent.GIVEN)
    await bridge.gateway.contacts.keep("anna", OPERATOR, mary)
    rows = "".join(f"+1555{number:07d},Customer {number}\n" for number in range(30))
    draft = await bridge.gateway.batches.add(
        "anna", OPERATOR, "march.csv", f"phone,name\n{rows}office,Nobody\n".encode()
    )
    await bridge.gateway.batches.change(OPERATOR, draft.id, {"text": "Dear {name}, we open at nine tomorrow."})
    answers = 0
    for number, (text, answer) in talk.items():
        await bridge.send(number, text)
        if answer:
            world.network.handset(number).send(world.modems[0].number, answer)
            answers += 1
    await bridge.settled(State.DELIVERED, State.FAILED, State.UNKNOWN)
    await bridge.received(answers)
    return bridge


@pytest.mark.parametrize("look", LOOKS)
async def test_every_place_fits_and_has_no_barrier(browser: Browser, lively: Bridge, look: str) -> None:
    async with visitor(browser, lively, **LOOKS[look]) as one:
        await one.visit()
        await one.page.locator("input").first.wait_for()
        wrong = await judge(one, f"door-{look}")
        await one.page.locator("input").nth(0).fill("anna")
        await one.page.locator("input").nth(1).fill(PASSWORD)
        await one.page.keyboard.press("Enter")
        await one.page.locator(".shell").wait_for()
        for name, place in PLACES.items():
            await one.visit(place.replace("DRAFT", await a_draft(lively)))
            wrong += await judge(one, f"{name}-{look}")
        await one.visit("messages")
        await one.page.locator(".rows a").first.click()
        await one.page.locator(".timeline").wait_for()
        wrong += await judge(one, f"message-{look}")
        for name, opens in DIALOGS.items():
            await one.visit(PLACES[name])
            await one.page.locator(opens).first.click()
            await one.page.locator("dialog").wait_for()
            wrong += await judge(one, f"{name}-dialog-{look}")
            await one.page.keyboard.press("Escape")
        assert wrong == []


async def a_draft(bridge: Bridge) -> str:
    """The id of the file that was brought along."""
    return (await bridge.gateway.batches.find(OPERATOR, 1, "")).rows[0].id


async def judge(one: Visitor, name: str) -> list[str]:
    """Take the picture and say what is wrong with it."""
    await one.page.locator(".loading").first.wait_for(state="detached")
    await one.page.evaluate("Promise.all(document.getAnimations().map((each) => each.ready)).then(() => true)")
    await one.shoot(name)
    wide = [f"wider than the window by {wide} px"] if (wide := await one.overflow()) else []
    return [f"{name}: {each}" for each in wide + await one.barriers()]
