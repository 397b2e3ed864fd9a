"""Messages: sent from the page, followed, found again."""

import re
from datetime import datetime, timedelta

from playwright.async_api import Route, expect

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
    await expect(rows).to_have_count(1)
    await anna.sees("The blue parcel", ".rows")
    await anna.page.get_by_label("Search number or text").fill("")
    # at once, while what was typed has not been looked up: both count
    await anna.page.get_by_role("button", name="Failed").click()
    await expect(rows).to_have_count(1)
    await expect(anna.page).to_have_url(re.compile(r"#/messages\?state=failed$"))
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


async def test_the_box_of_words_says_what_the_list_shows_and_closes_no_message(anna: Visitor, bridge: Bridge) -> None:
    await bridge.send(CUSTOMER, "The blue parcel")
    await bridge.send(CUSTOMER, "The red parcel")
    await anna.sign_in("messages")
    rows, box = anna.page.locator(".rows li"), anna.page.get_by_label("Search number or text")
    await expect(rows).to_have_count(2)
    await box.fill("parcel")
    # at once, while what was typed has not been looked up
    await rows.first.get_by_role("link").click()
    await expect(anna.page).to_have_url(re.compile(r"#/messages/\w+\?keyword=parcel$"))
    await anna.page.locator("article .timeline").wait_for()
    await box.fill("green")
    await anna.page.get_by_role("link", name="Show all").click()
    await expect(rows).to_have_count(2)
    await expect(box).to_have_value("")


async def test_who_writes_to_a_number_that_said_stop_is_told_why_it_is_not_sent(
    anna: Visitor, bridge: Bridge, world: World
) -> None:
    world.network.handset(CUSTOMER).send(world.modems[0].number, "STOP")
    await bridge.received(1)
    await anna.sign_in()
    await anna.page.get_by_role("button", name="New message").first.click()
    await anna.page.get_by_label("To", exact=True).fill(CUSTOMER)
    await anna.page.get_by_label("Message", exact=True).fill("Our sale begins")
    await anna.page.get_by_role("button", name="Send", exact=True).click()
    await anna.sees("It cannot be sent.", ".said")
    await anna.sees("the recipient wrote STOP", ".detail > .reason")
    assert "MBBLACK" not in await anna.page.locator("main").inner_text()


async def test_a_number_is_found_as_people_write_it(anna: Visitor, bridge: Bridge, world: World) -> None:
    world.network.handset("+15550150").send(world.modems[0].number, "Are you open?")
    await bridge.received(1)
    await bridge.send("+15550150", "Yes, until nine")
    await anna.sign_in()
    await anna.ask("PUT", "/v1/contacts/+15550150", {"name": "Anna"})
    for place, row in (("messages", ".rows li"), ("conversations", ".people li"), ("contacts", ".rows li")):
        await anna.visit(place)
        await anna.page.locator("main input[type=search]").fill("(555) 0199")
        await anna.page.locator(f"main {row}").wait_for(state="detached")
        await anna.page.locator("main input[type=search]").fill("+1 555 0150 ")
        await anna.page.locator(f"main {row}").first.wait_for()


async def test_an_sms_whose_answer_was_lost_is_not_sent_twice_when_it_is_asked_for_again(
    anna: Visitor, bridge: Bridge
) -> None:
    async def lose(route: Route) -> None:
        if route.request.method == "POST":
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await anna.page.route("**/v1/messages", lose)
    await anna.sign_in("messages")
    await anna.page.get_by_role("button", name="New message").first.click()
    dialog = anna.page.get_by_role("dialog")
    await dialog.get_by_label("To", exact=True).fill(CUSTOMER)
    await dialog.get_by_label("Message", exact=True).fill("Once")
    await dialog.get_by_role("button", name="Send").click()
    await anna.sees("The bridge does not answer.", "dialog")
    await anna.page.unroute("**/v1/messages")
    await dialog.get_by_role("button", name="Send").click()
    await dialog.wait_for(state="detached")
    assert len((await bridge.gateway.messages(EVERYBODY, MessageQuery())).rows) == 1
