"""Conversations: what a customer and the shop say to each other."""

import asyncio

from playwright.async_api import Response, Route, expect

from bridge.model.radio import InboundPart
from device_drivers.virtual.world import World
from tests.support.browsing import Visitor
from tests.support.running import Bridge
from tests.support.waiting import until

CUSTOMER = "+15550150"


async def test_a_reply_of_a_customer_arrives_while_one_looks_and_is_answered(
    anna: Visitor, bridge: Bridge, world: World
) -> None:
    await bridge.send(CUSTOMER, "Your table is ready.")
    await anna.sign_in(f"conversations/{CUSTOMER}")
    await anna.sees("Your table is ready.", ".bubble.out")
    world.network.handset(CUSTOMER).send(world.modems[0].number, "On my way, thank you")
    await anna.sees("On my way, thank you", ".bubble.in")
    await anna.page.get_by_label("Write an SMS").fill("See you soon")
    await anna.page.get_by_label("Write an SMS").press("Control+Enter")
    await anna.page.locator(".bubble.out", has_text="See you soon").get_by_text("Delivered").first.wait_for()
    heard = await world.network.handset(CUSTOMER).wait(2)
    assert [sms.text for sms in heard] == ["Your table is ready.", "See you soon"]


async def test_what_is_unread_is_counted_until_it_is_looked_at(anna: Visitor, bridge: Bridge, world: World) -> None:
    world.network.handset(CUSTOMER).send(world.modems[0].number, "Are you open today?")
    await bridge.received(1)
    await anna.sign_in()
    mark = anna.page.locator(".side .unread")
    await mark.get_by_text("1 unread").wait_for(state="attached")
    await anna.page.locator(".side").get_by_role("link", name="Conversations").click()
    await anna.page.locator(".people .unread").wait_for()
    await anna.page.locator(".people a").first.click()
    await anna.sees("Are you open today?", ".bubble.in")
    await mark.wait_for(state="detached")
    await anna.page.locator(".people .unread").wait_for(state="detached")


async def test_what_came_while_the_machine_slept_is_there_when_it_wakes(
    anna: Visitor, bridge: Bridge, world: World
) -> None:
    handset = world.network.handset(CUSTOMER)
    handset.send(world.modems[0].number, "First")
    await bridge.received(1)
    await anna.sign_in(f"conversations/{CUSTOMER}")
    await anna.sees("First", ".bubble.in")
    await anna.page.context.set_offline(True)
    await anna.page.evaluate("import(document.querySelector('script[src]').src.replace('main.js', 'core/live.js'))"
                             ".then((live) => live.interrupt())")  # fmt: skip
    await anna.sees("Reconnecting", ".side .live")
    handset.send(world.modems[0].number, "Second")
    await bridge.received(2)
    await anna.page.context.set_offline(False)
    await anna.sees("Second", ".bubble.in")
    await anna.sees("Live", ".side .live")
    assert await anna.page.locator(".bubble.in").count() == 2


async def test_a_sender_that_is_a_name_cannot_be_answered_and_the_page_says_so(anna: Visitor, bridge: Bridge) -> None:
    await hear(bridge, "MyBank", "Your code is 1234")
    await anna.sign_in("conversations/MyBank")
    await anna.sees("Your code is 1234", ".bubble.in")
    await anna.sees("It cannot be answered")


HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>{{7*7}}${7*7}"


async def test_hostile_texts_and_senders_are_shown_as_what_they_are(anna: Visitor, bridge: Bridge) -> None:
    await hear(bridge, HOSTILE, HOSTILE)
    await bridge.send(CUSTOMER, HOSTILE)
    await anna.sign_in()
    for place in ("", "conversations", "messages"):
        await anna.visit(place)
        await anna.sees("<img src=x")
        assert await anna.page.locator("main img, main script").count() == 0
    await anna.page.locator("main .rows a").first.click()
    await anna.sees(HOSTILE, "article .text")
    await anna.visit("conversations")
    await anna.page.locator(".people a", has_text="onerror").first.click()
    await anna.page.locator(".bubble").first.wait_for()
    assert await anna.page.locator("main img, main script").count() == 0
    assert "taken" not in await anna.page.title()


async def test_words_that_are_looked_for_outlive_an_answer_to_something_older(anna: Visitor, bridge: Bridge) -> None:
    await hear(bridge, CUSTOMER, "Are you open today?")
    await hear(bridge, "MyBank", "Your code is 1234")
    asked, free = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        asked.set()
        await free.wait()
        await route.continue_()

    await anna.page.route("**/conversations/*/read", late)
    await anna.sign_in(f"conversations/{CUSTOMER}")
    people = anna.page.locator(".people li")
    await expect(people).to_have_count(2)
    await asked.wait()
    await anna.page.get_by_label("Search name or number").fill("MyBank")
    await expect(people).to_have_count(1)
    async with anna.page.expect_response(
        lambda one: "/v1/conversations?" in one.url and "limit=50" in one.url
    ) as again:
        free.set()
    assert "keyword=MyBank" in (await again.value).url
    await expect(people).to_have_count(1)


async def test_what_comes_in_while_a_conversation_is_loaded_stays_in_it(anna: Visitor, bridge: Bridge) -> None:
    await hear(bridge, CUSTOMER, "First")
    answered, free = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        answered.set()
        await free.wait()
        await route.fulfill(response=answer)

    await anna.sign_in("conversations")
    await anna.sees("First", ".people")
    await anna.page.route("**/conversations/%2B15550150?*", late)
    await anna.page.locator(".people a").first.click()
    await answered.wait()
    await hear(bridge, CUSTOMER, "Second")
    await anna.sees("Second", ".people")
    free.set()
    await anna.sees("First", ".bubble.in")
    await expect(anna.page.locator(".bubble.in")).to_have_count(2)


async def test_earlier_ones_that_are_asked_for_twice_come_once(anna: Visitor, bridge: Bridge) -> None:
    for number in range(130):
        await hear(bridge, CUSTOMER, f"Number {number}")
    await anna.sign_in(f"conversations/{CUSTOMER}")
    earlier = anna.page.get_by_role("button", name="Earlier messages")
    await expect(anna.page.locator(".bubble.in")).to_have_count(100)
    answers: list[Response] = []
    anna.page.on("response", lambda one: answers.append(one) if "cursor=" in one.url else None)
    await earlier.evaluate("button => { button.click(); button.click(); }")
    await until(lambda: len(answers) == 2)
    for answer in answers:
        await answer.finished()
    await anna.page.evaluate("new Promise((done) => setTimeout(done))")
    await expect(earlier).to_have_count(0)
    await expect(anna.page.locator(".bubble.in")).to_have_count(130)


async def test_what_is_typed_while_an_answer_is_being_sent_stays(anna: Visitor, bridge: Bridge) -> None:
    await hear(bridge, CUSTOMER, "Are you open today?")
    asked, free = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        asked.set()
        await free.wait()
        await route.continue_()

    await anna.page.route("**/v1/messages", late)
    await anna.sign_in(f"conversations/{CUSTOMER}")
    box = anna.page.get_by_label("Write an SMS")
    await box.fill("Until nine")
    await box.press("Control+Enter")
    await asked.wait()
    await box.fill("Come by")
    free.set()
    await anna.sees("Until nine", ".bubble.out")
    await expect(anna.page.locator("form.reply").get_by_role("button", name="Send")).to_be_enabled()
    await expect(box).to_have_value("Come by")


async def test_half_an_answer_is_there_again_after_a_look_elsewhere_and_a_sent_one_is_not(
    anna: Visitor, bridge: Bridge, world: World
) -> None:
    let_go = asyncio.Event()

    async def late(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    await anna.sign_in(f"conversations/{CUSTOMER}")
    box = anna.page.get_by_label("Write an SMS")
    await box.fill("Until nine")
    await anna.visit("conversations/+15550151")
    await expect(box).to_have_value("")
    await anna.visit(f"conversations/{CUSTOMER}")
    await expect(box).to_have_value("Until nine")
    # who leaves while it is being accepted, and comes back, does not send it twice
    await anna.page.route("**/v1/messages", late)
    async with anna.page.expect_request("**/v1/messages"):
        await box.press("Control+Enter")
    await anna.visit("contacts")
    await anna.visit(f"conversations/{CUSTOMER}")
    await expect(box).to_have_value("")
    let_go.set()
    assert [sms.text for sms in await world.network.handset(CUSTOMER).wait(1)] == ["Until nine"]
    await anna.sees("Until nine", ".bubble.out")
    await expect(box).to_have_value("")


async def hear(bridge: Bridge, sender: str, text: str) -> None:
    """An SMS comes in whose sender no handset could have."""
    assert await bridge.store.receive(
        InboundPart("line0", f"{sender[:9]} {text[-9:]}", sender, text), "line0", bridge.gateway.now()
    )


async def test_who_scrolled_further_keeps_what_is_shown_when_something_is_said(
    anna: Visitor, bridge: Bridge, world: World
) -> None:
    for number in range(60):
        part = InboundPart("line0", f"slot-{number}", f"+1555{number:07d}", "Hello", sent_at=1)
        await bridge.store.receive(part, "line0", bridge.gateway.now())
    await anna.sign_in("conversations")
    people = anna.page.locator(".people li a")
    await expect(people).to_have_count(50)
    await anna.page.locator(".people").get_by_role("button", name="Show more").click()
    await expect(people).to_have_count(60)
    world.network.handset(CUSTOMER).send(world.modems[0].number, "Are you open today?")
    await anna.sees("Are you open today?", ".people")
    await expect(people).to_have_count(60)


async def test_who_discards_a_message_while_it_is_accepted_is_told_and_stays_where_they_are(
    anna: Visitor, world: World
) -> None:
    let_go = asyncio.Event()

    async def later(route: Route) -> None:
        if route.request.method == "POST":
            await let_go.wait()
        await route.continue_()

    await anna.page.route("**/v1/messages", later)
    await anna.sign_in("messages")
    await anna.page.get_by_role("button", name="New message").first.click()
    dialog = anna.page.get_by_role("dialog")
    await dialog.get_by_label("To", exact=True).fill(CUSTOMER)
    await dialog.get_by_label("Message", exact=True).fill("Too late to discard")
    await dialog.get_by_role("button", name="Send").click()
    await anna.page.keyboard.press("Escape")
    await dialog.wait_for(state="detached")
    await anna.page.locator(".side").get_by_role("link", name="Contacts").click()
    let_go.set()
    await anna.sees("Accepted", ".said")
    assert [sms.text for sms in await world.network.handset(CUSTOMER).wait(1)] == ["Too late to discard"]
    assert anna.page.url.endswith("#/contacts")
