"""The frame: keyboard, notifications, languages, and a page that stays open."""

from playwright.async_api import Browser, CDPSession

from bridge.model.radio import InboundPart
from device_drivers.virtual.world import World
from tests.support.browsing import Visitor, comes_true, let_in, visitor
from tests.support.running import Bridge

CUSTOMER = "+15550150"


async def test_a_message_is_written_and_sent_by_the_keyboard_alone(anna: Visitor, world: World) -> None:
    await anna.sign_in()
    await anna.page.get_by_role("button", name="New message").first.wait_for()
    await anna.page.keyboard.press("Tab")
    await anna.sees("Skip to the content", "body")
    await anna.page.keyboard.press("Enter")
    await anna.page.keyboard.press("Tab")
    await anna.page.keyboard.press("Enter")
    await anna.page.get_by_role("dialog").wait_for()
    await anna.page.keyboard.type(CUSTOMER)
    await anna.page.keyboard.press("Tab")
    await anna.page.keyboard.type("By keyboard")
    await anna.page.keyboard.press("Control+Enter")
    await anna.page.locator(".detail > header .state", has_text="Delivered").wait_for()
    assert [sms.text for sms in await world.network.handset(CUSTOMER).wait(1)] == ["By keyboard"]


async def test_escape_closes_a_dialog_and_the_focus_is_where_it_was(anna: Visitor) -> None:
    await anna.sign_in("messages")
    button = anna.page.get_by_role("button", name="New message").first
    await button.focus()
    await anna.page.keyboard.press("Enter")
    await anna.page.get_by_role("dialog").wait_for()
    await anna.page.keyboard.press("Escape")
    await anna.page.get_by_role("dialog").wait_for(state="detached")
    assert await button.evaluate("(it) => it === document.activeElement")


async def test_language_and_colours_are_remembered(anna: Visitor) -> None:
    await anna.sign_in()
    await anna.page.locator(".side .you").click()
    await anna.page.get_by_role("button", name="Dark").click()
    await anna.page.get_by_role("button", name="中文").click()
    await anna.sees("首页", ".side")
    assert await anna.page.evaluate("[document.documentElement.lang, document.documentElement.dataset.colours]") == [
        "zh-Hans",
        "dark",
    ]


async def test_a_notification_tells_of_an_sms_while_one_looks_elsewhere(
    browser: Browser, bridge: Bridge, world: World
) -> None:
    await let_in(bridge, "anna")
    async with visitor(browser, bridge, permissions=["notifications"]) as one:
        await one.page.add_init_script(
            """window.told = [];
            window.Notification = class { static permission = "granted"; constructor(...all) { told.push(all); } };
            Object.defineProperty(Document.prototype, "hidden", { get: () => true });"""
        )
        await one.sign_in()
        await one.sees("Live", ".side .live")
        world.network.handset(CUSTOMER).send(world.modems[0].number, "Are you there?")
        await comes_true(one.page, "told.length === 1")
        assert await one.page.evaluate("[told[0][0], told[0][1].body]") == [CUSTOMER, "Are you there?"]


async def test_a_page_that_stays_open_over_much_traffic_does_not_grow(anna: Visitor, bridge: Bridge) -> None:
    await anna.sign_in(f"conversations/{CUSTOMER}")
    await anna.page.get_by_label("Write an SMS").wait_for()
    session = await anna.page.context.new_cdp_session(anna.page)
    sizes = []
    for batch in range(5):
        for number in range(600):
            part = InboundPart("line0", f"{batch}/{number}", CUSTOMER, f"Question {batch}/{number}")
            assert await bridge.store.receive(part, "line0", bridge.gateway.now())
        await anna.sees(f"Question {batch}/599", ".bubble.in")
        sizes.append(await heap(session))
    assert await anna.page.locator(".bubble").count() <= 500
    # one look in between may see garbage that is not collected yet
    assert min(sizes[-2:]) < sizes[0] * 1.6


async def heap(session: CDPSession) -> int:
    """Bytes that the page's scripts hold, once the garbage is gone."""
    await session.send("HeapProfiler.collectGarbage")
    usage = await session.send("Runtime.getHeapUsage")
    return int(usage["usedSize"])
