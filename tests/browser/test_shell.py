"""The frame: keyboard, notifications, languages, and a page that stays open."""

import re
import time
from collections import Counter

import pytest
from playwright.async_api import Browser, CDPSession, Page, expect

from bridge.model.radio import InboundPart
from device_drivers.virtual.world import World
from tests.support.browsing import NARROW, Visitor, comes_true, let_in, visitor
from tests.support.running import SHOP, Bridge

CUSTOMER = "+15550150"
#: times a second that a list is asked for while there is news
OFTEN = 4


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


@pytest.mark.parametrize(
    ("place", "there"), [("lines", ".line"), ("messages", ".empty"), (f"conversations/{CUSTOMER}", ".reply")]
)
async def test_what_could_not_be_loaded_comes_by_itself_when_the_bridge_answers(
    anna: Visitor, place: str, there: str
) -> None:
    await anna.sign_in("more")
    gone = re.compile(r"/v1/(lines|messages|conversations/)")
    await anna.page.route(gone, lambda route: route.abort())
    await anna.visit(place)
    await anna.sees("The bridge does not answer.")
    await anna.page.unroute(gone)
    await anna.page.locator(f"main {there}").first.wait_for()
    await anna.page.locator(".notice.bad").wait_for(state="detached")


async def test_escape_closes_a_dialog_and_the_focus_is_where_it_was(anna: Visitor) -> None:
    await anna.sign_in("messages")
    button = anna.page.get_by_role("button", name="New message").first
    await button.focus()
    await anna.page.keyboard.press("Enter")
    await anna.page.get_by_role("dialog").wait_for()
    await anna.page.keyboard.press("Escape")
    await anna.page.get_by_role("dialog").wait_for(state="detached")
    await expect(button).to_be_focused()


async def test_a_small_screen_says_that_what_it_shows_may_be_old(browser: Browser, bridge: Bridge) -> None:
    """The mark beside the places, which says so, too, is under "more" there."""
    await let_in(bridge, "anna")
    async with visitor(browser, bridge, viewport=NARROW) as one:
        await one.sign_in()
        await one.sees("Nothing needs you.")
        await one.page.context.set_offline(True)
        await one.page.evaluate("import(document.querySelector('script[src]').src.replace('main.js', 'core/live.js'))"
                                ".then((live) => live.interrupt())")  # fmt: skip
        lost = one.page.get_by_text("what is shown may be out of date")
        await expect(lost).to_be_in_viewport()
        await one.page.context.set_offline(False)
        await lost.wait_for(state="detached")


async def test_a_press_beside_a_dialog_does_not_lose_what_was_typed(anna: Visitor) -> None:
    await anna.sign_in("messages")
    await anna.page.get_by_role("button", name="New message").first.click()
    await anna.page.get_by_label("Message", exact=True).fill("A long text")
    await anna.page.mouse.click(5, 5)
    await anna.page.get_by_label("To", exact=True).fill(CUSTOMER)
    await expect(anna.page.get_by_label("Message", exact=True)).to_have_value("A long text")


#: place → what opens a dialog there
DIALOGS = {
    "messages": "header.top button",
    "conversations": "header.top button",
    "webhooks": "header.top button",
    "stop": "header.top button",
    "accounts": "header.top button",
    "accounts/shop": "section header.top button",
    "people": "header.top button",
    "contacts": "header.top button.primary",
    "more": ".side .you",
}


async def test_going_back_closes_each_dialog_and_stays_at_the_place(anna: Visitor) -> None:
    await anna.sign_in("audit")
    for place, opens in DIALOGS.items():
        await anna.visit(place)
        await anna.page.locator(opens).first.click()
        await anna.page.get_by_role("dialog").wait_for()
        await comes_true(anna.page, "history.state?.dialogs === 1")
        await anna.page.go_back()
        await anna.page.get_by_role("dialog").wait_for(state="detached")
        assert anna.page.url.endswith(f"#/{place}")


async def test_a_dialog_that_was_closed_is_no_step_to_go_back(anna: Visitor) -> None:
    await anna.sign_in("audit")
    await anna.visit("people")
    for closes in ("button[aria-label=Close]", "footer button"):
        await anna.page.locator("header.top button").click()
        await comes_true(anna.page, "history.state?.dialogs === 1")
        await anna.page.get_by_role("dialog").locator(closes).first.click()
        await anna.page.get_by_role("dialog").wait_for(state="detached")
        await comes_true(anna.page, "!history.state?.dialogs")
    # one that ends by going elsewhere, and one that a reload ended
    await anna.page.locator("header.top button").click()
    await comes_true(anna.page, "history.state?.dialogs === 1")
    await anna.visit("stop")
    await anna.page.get_by_role("dialog").wait_for(state="detached")
    await anna.page.locator("header.top button").click()
    await comes_true(anna.page, "history.state?.dialogs === 1")
    await anna.page.reload()
    await comes_true(anna.page, "!history.state?.dialogs")
    for place in ("people", "audit"):
        await anna.page.go_back()
        await anna.page.wait_for_url(f"**/#/{place}")
        await comes_true(anna.page, "!history.state?.dialogs")


async def test_one_dialog_after_another_is_one_step_and_what_was_asked_happens(anna: Visitor, bridge: Bridge) -> None:
    await let_in(bridge, "li.wei")
    await anna.sign_in("people")
    for sure in (False, True):
        await anna.page.get_by_role("button", name="Change li.wei").click()
        await anna.page.get_by_role("button", name="Remove").click()
        await anna.sees("signed out everywhere", "dialog")
        await comes_true(anna.page, "history.state?.dialogs === 1")
        if sure:
            await anna.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        else:
            await anna.page.go_back()
            await anna.page.get_by_role("heading", name="Remove").wait_for(state="detached")
            await anna.page.get_by_role("dialog").get_by_role("button", name="Close").click()
        await anna.page.get_by_role("dialog").wait_for(state="detached")
        await comes_true(anna.page, "!history.state?.dialogs")
    await anna.page.get_by_role("button", name="Change li.wei").wait_for(state="detached")
    assert anna.page.url.endswith("#/people")


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


async def test_a_conversation_that_stays_open_does_not_grow_or_ask_for_each_event(
    anna: Visitor, bridge: Bridge
) -> None:
    await anna.sign_in(f"conversations/{CUSTOMER}")
    await anna.page.get_by_label("Write an SMS").wait_for()
    asked = Asked(anna.page)
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
    assert asked.seldom()


class Asked:
    """What a page asks the bridge for, from now on."""

    def __init__(self, page: Page) -> None:
        self._began = time.monotonic()
        self._requests: Counter[str] = Counter()
        page.on("request", lambda request: self._requests.update([f"{request.method} {request.url}"]))

    def seldom(self) -> bool:
        """Whether no list was asked for more often than it is for two kinds of news, however slow the machine is."""
        return max(self._requests.values(), default=0) < 2 * OFTEN * (time.monotonic() - self._began) + 2 * OFTEN


async def heap(session: CDPSession) -> int:
    """Bytes that the page's scripts hold, once the garbage is gone."""
    await session.send("HeapProfiler.collectGarbage")
    usage = await session.send("Runtime.getHeapUsage")
    return int(usage["usedSize"])


@pytest.mark.parametrize(
    ("place", "there"),
    [
        ("", ".rows li:nth-child(6)"),
        ("messages", ".rows li"),
        ("webhooks/ENDPOINT", ".rows li:nth-child(50)"),
        ("lines", ".line:not(:has-text('not yet'))"),
    ],
)
async def test_no_place_grows_over_much_traffic_or_asks_for_each_event(
    anna: Visitor, bridge: Bridge, place: str, there: str
) -> None:
    endpoint = await bridge.gateway.endpoints.add("anna", SHOP, f"{bridge.url}/nowhere")
    await anna.sign_in(place.replace("ENDPOINT", endpoint.id))
    asked = Asked(anna.page)
    session = await anna.page.context.new_cdp_session(anna.page)
    sizes = []
    for batch in range(4):
        for number in range(300):
            part = InboundPart("line0", f"{batch}/{number}", CUSTOMER, f"Question {batch}/{number}")
            assert await bridge.store.receive(part, "line0", bridge.gateway.now())
        await bridge.send(CUSTOMER, f"Answer {batch}")
        # before that, a place is smaller than it will be without anything that grows
        await anna.page.locator(f"main {there}").first.wait_for()
        await anna.page.locator(".side .unread").wait_for()
        sizes.append((await heap(session), await nodes(session)))
    assert min(size for size, _ in sizes[-2:]) < sizes[0][0] * 1.4
    assert min(count for _, count in sizes[-2:]) < sizes[0][1] * 1.3 + 100
    assert asked.seldom()


async def nodes(session: CDPSession) -> int:
    """Nodes of the document and of what hangs beside it."""
    await session.send("HeapProfiler.collectGarbage")
    return int((await session.send("Memory.getDOMCounters"))["nodes"])
