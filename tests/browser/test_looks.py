"""What every place looks like: in light and dark, on a phone, for a screen reader, in both languages."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from bridge.model.account import Account
from bridge.model.conversation import Consent, Contact
from bridge.model.history import QUARTER, PastAlarm, Quarter
from bridge.model.loopback import Trip, new_token
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
#: those that show what others wrote
LONG_PLACES = {
    "home": "",
    "conversations": "conversations",
    "conversation": "conversations/+8613800138000",
    "contacts": "contacts",
    "messages": "messages",
    "bulk": "bulk",
    "lines": "lines",
    "line": "lines/line1",
    "webhooks": "webhooks",
    "stop": "stop",
    "accounts": "accounts",
    "account": "accounts/a-program-with-32-letters-in-all",
    "people": "people",
    "audit": "audit",
}
#: place → what opens a dialog there
DIALOGS = {
    "home": "header.top button",
    "webhooks": "header.top button",
    "stop": "header.top button",
    "accounts": "header.top button",
    "people": "header.top button",
    "contacts": "header.top button.primary",
    "more": ".you:visible",
}
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "light": {"viewport": WIDE, "color_scheme": "light"},
    "dark": {"viewport": WIDE, "color_scheme": "dark"},
    "phone": {"viewport": NARROW, "color_scheme": "light", "has_touch": True},
    "phone-dark-zh": {"viewport": NARROW, "color_scheme": "dark", "locale": "zh-CN"},
}


@pytest_asyncio.fixture(loop_scope="module")
async def site(tmp_path: Path) -> AsyncIterator[tuple[Bridge, World]]:
    """A bridge with two lines."""
    async with on_modems(tmp_path, 2) as (bridge, world):
        yield bridge, world


@pytest_asyncio.fixture(loop_scope="module")
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
    await bridge.gateway.administration.suppress("anna", "shop", "+15550159", "asked by phone")
    mary = Contact("operator", "+15550150", "Mary O’Brien", "likes the corner table", ("regulars",), Consent.GIVEN)
    await bridge.gateway.contacts.keep("anna", OPERATOR, mary)
    rows = "".join(f"+1555{number:07d},Customer {number}\n" for number in range(30))
    draft = await bridge.gateway.batches.add(
        "anna", OPERATOR, "march.csv", f"phone,name\n{rows}office,Nobody\n".encode()
    )
    await bridge.gateway.batches.change(OPERATOR, draft.id, {"text": "Dear {name}, we open at nine tomorrow."})
    await remember(bridge)
    answers = 0
    for number, (text, answer) in talk.items():
        await bridge.send(number, text)
        if answer:
            world.network.handset(number).send(world.modems[0].number, answer)
            answers += 1
    await bridge.settled(State.DELIVERED, State.FAILED, State.UNKNOWN)
    await bridge.received(answers)
    return bridge


async def remember(bridge: Bridge) -> None:
    """Give line0 a day of signal with an hour in which it was away, an alarm for that, and loop-backs."""
    now = bridge.gateway.now() // QUARTER * QUARTER
    away = {now - n * QUARTER for n in range(40, 44)}
    await bridge.store.keep_quarters(
        [
            Quarter("line0", at, None if at in away else -75 - at // QUARTER * 7 % 20, 900 * (at in away), 900)
            for at in range(now - 90 * QUARTER, now, QUARTER)
        ],
        0,
    )
    title = "The line line0 is out of service"
    over = PastAlarm("line:line0", title, "The SIM was taken out.", "line0", min(away), min(away) + 300_000, max(away))
    await bridge.store.note_together([], "[alarm]", "of before", "", [over])
    trip = Trip(new_token(), "line0", "line1", now - QUARTER)
    await bridge.store.depart(trip)
    await bridge.store.lose_trip(trip.token, "the network took it, and nothing came within 300 s", now)


@pytest_asyncio.fixture(loop_scope="module")
async def rough(lively: Bridge, world: World) -> Bridge:
    """A bridge whose names and texts are as long as they may be, with a line that is gone and a webhook that rests."""
    far = "+8613800138000"
    await let_in(lively, "maximiliana-charlotte.von-und-zu")
    await lively.gateway.administration.add_account("anna", "a-program-with-32-letters-in-all")
    shop = await lively.gateway.account(OPERATOR, "shop")
    paused = await lively.gateway.endpoints.add("anna", shop, f"{lively.url}/{'a-very-long-path/' * 12}")
    await lively.gateway.endpoints.pause("anna", shop, paused.id, True)
    await lively.gateway.administration.suppress(
        "anna", "shop", "+447700900123", "Sie möchte keine Nachrichten mehr " * 6
    )
    name, groups = (
        "Donaudampfschifffahrtsgesellschaftskapitänswitwe Ní Dhomhnaill " * 2,
        ("Stammgäste am Sonntagabend", "VIP"),
    )
    await lively.gateway.contacts.keep(
        "anna", OPERATOR, Contact("operator", far, name.strip(), "<b>vip</b> " * 30, groups)
    )
    await lively.gateway.batches.add("anna", OPERATOR, f"{'a name that does not end ' * 7}.csv", b"phone\n+15550150\n")
    before = len(await lively.received(0))
    for text in (
        "https://shop.example/" + "x" * 240,
        "<script>alert(1)</script>\n\u202eevil",
        "شكرا جزيلا، سآتي في الخامسة",
    ):
        world.network.handset(far).send(world.modems[0].number, text)
    await lively.received(before + 3)
    await lively.send("+447700900123", "W" * 150)
    world.modems[1].unplug()
    return lively


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
            await one.page.locator("dialog").wait_for(state="detached")
        assert wrong == []


@pytest.mark.parametrize("look", ["dark", "phone"])
async def test_long_names_and_hostile_texts_fit(browser: Browser, rough: Bridge, look: str) -> None:
    async with visitor(browser, rough, **LOOKS[look]) as one:
        await one.sign_in()
        wrong = []
        for name, place in LONG_PLACES.items():
            await one.visit(place)
            wrong += await judge(one, f"long-{name}-{look}")
        await one.visit("webhooks")
        await one.page.locator(".rows a").last.click()
        await one.page.locator("#deliveries").wait_for()
        wrong += await judge(one, f"long-webhook-{look}")
        await one.visit("bulk")
        await one.page.locator(".rows a").first.click()
        await one.page.locator("#bulk-rows").wait_for()
        wrong += await judge(one, f"long-draft-{look}")
        await one.visit("people")
        await one.page.locator(".rows button").last.click()
        await one.page.locator("dialog").wait_for()
        wrong += await judge(one, f"long-person-{look}")
        assert wrong == []


async def a_draft(bridge: Bridge) -> str:
    """The id of the file that was brought along."""
    return (await bridge.gateway.batches.find(OPERATOR, 1, "")).rows[0].id


async def judge(one: Visitor, name: str) -> list[str]:
    """Take the picture and say what is wrong with it."""
    await one.page.locator(".loading").first.wait_for(state="detached")
    for chart in await one.page.locator(".chart").all():
        await chart.locator("canvas").wait_for()
    # one that is cancelled meanwhile has no end to wait for
    await one.page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.ready)).then(() => true)")
    await one.shoot(name)
    wide = [f"wider than the window by {wide} px"] if (wide := await one.overflow()) else []
    return [f"{name}: {each}" for each in wide + await one.barriers()]
