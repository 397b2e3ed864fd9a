"""Messages: sent from the page, followed, found again."""

from datetime import datetime, timedelta

from bridge.model.account import Account
from bridge.model.message import State
from bridge.model.query import MessageQuery
from device_drivers.virtual.world import World
from tests.support.browsing import Visitor
from tests.support.running import Bridge

CUSTOMER = "+15550150"
EVERYBODY = Account("operator", operator=True)


async def test_a_first_message_is_sent_and_followed_until_it_is_delivered(
    anna: Visitor, bridge: Bridge, world: World
) -> None:
    await anna.sign_in()
    await anna.page.get_by_role("button", name="New message").first.click()
    await anna.page.get_by_label("To", exact=True).fill("+1 555 0150")
    await anna.page.get_by_label("Message", exact=True).fill("Hello from the page")
    await anna.page.get_by_role("button", name="Send", exact=True).click()
    await anna.sees("Delivered", "article .state")
    for words in ("Accepted and on disk", "Handed to line0", "The network took it", "Delivered"):
        await anna.sees(words, ".timeline")
    assert [sms.text for sms in await world.network.handset(CUSTOMER).wait(1)] == ["Hello from the page"]


async def test_what_is_wrong_with_a_message_stands_beside_the_field(anna: Visitor, bridge: Bridge) -> None:
    await anna.sign_in("messages")
    await anna.page.get_by_role("button", name="New message").first.click()
    await anna.page.get_by_label("To", exact=True).fill("nobody")
    await anna.page.get_by_label("Message", exact=True).fill("Hello")
    await anna.page.get_by_role("button", name="Send", exact=True).click()
    await anna.page.locator(".field.wrong small").wait_for()
    assert await anna.page.get_by_label("To", exact=True).get_attribute("aria-invalid") == "true"


async def test_messages_are_found_by_words_and_by_state(anna: Visitor, bridge: Bridge, world: World) -> None:
    world.network.rules.refuse["+15550151"] = 28
    await bridge.send(CUSTOMER, "The blue parcel")
    await bridge.send(CUSTOMER, "The red parcel")
    await bridge.send("+15550151", "To nobody")
    await bridge.settled(State.DELIVERED, State.FAILED)
    await anna.sign_in("messages")
    rows = anna.page.locator(".rows li")
    await rows.nth(2).wait_for()
    await anna.page.get_by_label("Search number or text").fill("blue")
    await rows.nth(1).wait_for(state="detached")
    await anna.sees("The blue parcel", ".rows")
    await anna.page.get_by_label("Search number or text").fill("")
    await anna.page.get_by_role("button", name="Failed").click()
    await rows.nth(1).wait_for(state="detached")
    await anna.sees("To nobody", ".rows")
    await anna.page.get_by_role("button", name="Unknown").click()
    await anna.sees("Nothing found")


async def test_a_message_that_waits_is_taken_back(anna: Visitor, bridge: Bridge) -> None:
    await anna.sign_in("messages")
    await anna.page.get_by_role("button", name="New message").first.click()
    await anna.page.get_by_label("To", exact=True).fill(CUSTOMER)
    await anna.page.get_by_label("Message", exact=True).fill("Good morning")
    await anna.page.get_by_text("Line and time").click()
    await anna.page.get_by_label("Send at").fill(f"{datetime.now() + timedelta(days=1):%Y-%m-%dT%H:%M}")  # noqa: DTZ005 - as a person reads the clock
    await anna.page.get_by_role("button", name="Schedule").click()
    await anna.sees("Scheduled", "article .state")
    await anna.page.get_by_role("button", name="Cancel it").click()
    await anna.sees("Cancelled", "article .state")
    (message,) = (await bridge.gateway.messages(EVERYBODY, MessageQuery())).rows
    assert (message.text, message.state) == ("Good morning", State.CANCELLED)
