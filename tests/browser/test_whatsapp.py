"""A customer who writes by WhatsApp, on the page."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser

from tests.support.browsing import Visitor, let_in, visitor
from tests.support.whatsapp_site import WhatsappSite, on_whatsapp

CUSTOMER = "+15550150"


@pytest_asyncio.fixture(loop_scope="module")
async def whatsapp(tmp_path: Path) -> AsyncIterator[WhatsappSite]:
    async with on_whatsapp(tmp_path) as site:
        yield site


async def test_who_wrote_by_whatsapp_is_answered_by_whatsapp(browser: Browser, whatsapp: WhatsappSite) -> None:
    await let_in(whatsapp.bridge, "anna")
    customer = whatsapp.platform.handset(CUSTOMER)
    customer.send("Are you open today?")
    await whatsapp.bridge.received(1)
    async with visitor(browser, whatsapp.bridge) as anna:
        await answer_on_the_page(anna)
    assert [message.text for message in await customer.wait()] == ["Until six."]
    assert whatsapp.world.network.handset(CUSTOMER).received == []


async def answer_on_the_page(anna: Visitor) -> None:
    await anna.sign_in(f"conversations/{CUSTOMER}")
    await anna.sees("Are you open today?", ".bubble.in")
    await anna.sees("WhatsApp", ".bubble.in .under")
    box = anna.page.get_by_label("Write by WhatsApp")
    await box.fill("Until six.")
    await box.press("Control+Enter")
    await anna.page.locator(".bubble.out", has_text="Until six.").get_by_text("Delivered").first.wait_for()
