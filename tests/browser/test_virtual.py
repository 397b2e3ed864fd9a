"""The demo: a first SMS, what became of it, and a customer who is answered, all on the page."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from bridge.model.user import Role
from device_drivers.virtual.world import World
from tests.support.browsing import NARROW, Visitor, let_in, visitor
from tests.support.running import Bridge, config, running
from tests.support.waiting import until

CUSTOMER = "+15550150"


@pytest_asyncio.fixture(loop_scope="module")
async def demo(tmp_path: Path) -> AsyncIterator[Bridge]:
    """A bridge with the phones of its customers, as `sms-bridge demo` has them."""
    async with World(tmp_path / "world", modems=2) as world:
        world.network.rules.everybody = True
        devices = {f"line{place}": {"port": str(modem.port)} for place, modem in enumerate(world.modems)}
        async with running(config(tmp_path, devices), virtual=world.others) as bridge:
            yield bridge


async def see_one_line(bridge: Bridge) -> bool:
    """Whether the account is limited."""
    return (await bridge.store.account("shop")).terms.inbound_lines == ("line1",)


def bubble(one: Visitor, text: str) -> Locator:
    return one.page.locator(".bubble", has_text=text)


async def test_a_newcomer_sends_finds_what_happened_and_answers_a_customer(browser: Browser, demo: Bridge) -> None:
    await let_in(demo, "anna")
    async with visitor(browser, demo) as anna, visitor(browser, demo) as customer:
        # what the first visit opens: nothing is to be typed, and the phone is one step away
        await anna.sign_in("first")
        await anna.page.get_by_role("button", name="Send", exact=True).click()
        await anna.page.get_by_role("link", name="The phone of a customer").click()
        await bubble(anna, "Hello from my own SMS bridge").wait_for()
        await anna.visit()
        await anna.sees("This is a demo")
        await anna.page.get_by_role("button", name="New message").first.click()
        await anna.page.get_by_label("To", exact=True).fill("+1 555 0177")
        await anna.page.get_by_role("textbox", name="Message").fill("Ready at ten")
        await anna.page.get_by_role("button", name="Send", exact=True).click()
        await anna.page.locator(".detail > header .state", has_text="Delivered").wait_for()
        await customer.sign_in("virtual/+15550177")
        await bubble(customer, "Ready at ten").wait_for()
        # the answer goes to the line that it came from, and is seen in the conversation as it arrives
        await anna.visit("conversations/+15550177")
        await bubble(anna, "Ready at ten").wait_for()
        to = customer.page.get_by_label("To", exact=True)
        await expect(to).not_to_have_value("")
        asked = await to.input_value()
        await customer.page.get_by_label("Write as the customer").fill("Is the bike ready?")
        await customer.page.get_by_role("button", name="Send", exact=True).click()
        await bubble(anna, "Is the bike ready?").wait_for()
        await anna.page.get_by_label("Write an SMS").fill("Yes, come by")
        await anna.page.get_by_role("button", name="Send", exact=True).click()
        answer = bubble(customer, "Yes, come by")
        await answer.wait_for()
        # by the line that the customer wrote to, though another one was free
        assert asked in str(await answer.locator(".under").text_content())
        assert await anna.barriers() == await customer.barriers() == []
        await customer.shoot("virtual")
        # with two lines, an account may be limited to what comes to one
        await anna.visit("accounts/shop")
        inbound = anna.page.get_by_role("group", name="It sees what comes to")
        await inbound.get_by_label("line1").click()
        await until(lambda: see_one_line(demo))
        assert await anna.barriers() == []
        await anna.shoot("account-lines")


async def test_a_reader_looks_at_phones_and_a_small_screen_has_room(browser: Browser, demo: Bridge) -> None:
    await let_in(demo, "rolf", role=Role.READER)
    async with visitor(browser, demo, viewport=NARROW, color_scheme="dark") as rolf:
        await rolf.sign_in("more", "rolf")
        await rolf.page.get_by_role("link", name="Customer phones").click()
        await rolf.page.get_by_role("link", name=re.compile(re.escape(CUSTOMER))).click()
        await rolf.sees("Nothing on this phone yet")
        assert await rolf.page.get_by_label("Write as the customer").count() == 0
        assert await rolf.overflow() == 0
        await rolf.shoot("virtual-narrow-dark")


async def test_no_sentence_stands_in_a_narrow_column_of_a_phone(browser: Browser, demo: Bridge) -> None:
    await let_in(demo, "anna")
    narrowest = "Math.min(...[...document.querySelectorAll('.notice .grow')].map((each) => each.clientWidth))"
    async with visitor(browser, demo, viewport=NARROW, has_touch=True) as anna:
        await anna.sign_in("first")
        await anna.page.get_by_role("button", name="Send", exact=True).click()
        await anna.sees("Delivered", ".step .notice")
        assert await anna.page.evaluate(narrowest) > 180
        await anna.shoot("first-demo-phone")
        await anna.visit()
        await anna.sees("This is a demo")
        assert await anna.page.evaluate(narrowest) > 180
        await anna.visit("conversations/+8613800138000")
        name = anna.page.locator(".thread h2 .brief")
        await name.wait_for()
        assert await name.evaluate("(it) => it.clientHeight < 1.5 * parseFloat(getComputedStyle(it).lineHeight)")
        await anna.page.get_by_role("button", name="Give it a name").click()
        await anna.page.get_by_role("dialog").wait_for()
