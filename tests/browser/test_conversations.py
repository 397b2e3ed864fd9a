"""Conversations: what a customer and the shop say to each other."""

from bridge.model.radio import InboundPart
from device_drivers.virtual.world import World
from tests.support.browsing import Visitor
from tests.support.running import Bridge

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


async def hear(bridge: Bridge, sender: str, text: str) -> None:
    """An SMS comes in whose sender no handset could have."""
    assert await bridge.store.receive(InboundPart("line0", sender[:9], sender, text), "line0", bridge.gateway.now())
