"""People: the first owner, those who are invited, and what each role can do."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser

import api
from bridge.accounts import one_time_codes
from bridge.model.account import Account
from bridge.model.conversation import Consent, Contact
from bridge.model.message import State
from bridge.model.user import Role
from device_drivers.virtual.world import World
from tests.support.browsing import PASSWORD, Visitor, let_in, visitor
from tests.support.openapi_document import Document
from tests.support.running import Bridge

OPERATOR = Account("operator", operator=True)


async def test_the_first_visit_from_the_machine_itself_makes_the_owner(browser: Browser, bridge: Bridge) -> None:
    async with visitor(browser, bridge) as one:
        await one.visit()
        await one.page.get_by_label("Your name").fill("anna")
        await one.page.get_by_label("Password").fill(PASSWORD)
        await one.page.get_by_role("button", name="Begin").click()
        await one.page.get_by_role("heading", name="First steps").wait_for()
        await one.page.reload()
        await one.sees("anna", ".side")
        (user,) = await bridge.gateway.users.all()
        assert (user.name, user.role) == ("anna", Role.OWNER)


async def test_somebody_is_invited_by_a_link_that_works_once(browser: Browser, anna: Visitor, bridge: Bridge) -> None:
    await anna.sign_in("people")
    await anna.page.get_by_role("button", name="Add a person").click()
    await anna.page.get_by_label("Name", exact=True).fill("li.wei")
    await anna.page.get_by_label("Role").select_option("reader")
    await anna.page.get_by_role("dialog").get_by_role("button", name="Add a person").click()
    link = await anna.page.locator("dialog pre").inner_text()
    assert link.startswith(f"{bridge.url}/#/welcome/")
    async with visitor(browser, bridge) as wei:
        await wei.page.goto(link)
        await wei.sees("Welcome, li.wei")
        await wei.page.get_by_label("Password").fill(PASSWORD)
        await wei.page.get_by_role("button", name="Begin").click()
        await wei.sees("Reader", ".side")
        assert "welcome" not in wei.page.url
    async with visitor(browser, bridge) as late:
        await late.page.goto(link)
        await late.sees("This link has been used")


async def test_a_wrong_password_is_said_and_opens_nothing(anna: Visitor) -> None:
    await anna.visit()
    await anna.page.get_by_label("Name", exact=True).fill("anna")
    await anna.page.get_by_label("Password").fill("not this one, surely")
    await anna.page.keyboard.press("Enter")
    await anna.page.get_by_role("alert").wait_for()
    assert await anna.page.locator(".shell").count() == 0


async def test_a_reader_finds_nothing_to_change_and_hand_made_requests_are_refused(
    browser: Browser, bridge: Bridge
) -> None:
    await let_in(bridge, "anna")
    await let_in(bridge, "li.wei", role=Role.READER)
    await bridge.send("+15550150", "Hello")
    async with visitor(browser, bridge) as wei:
        await wei.sign_in("messages", "li.wei")
        await wei.page.locator(".rows a").first.click()
        await wei.page.locator(".timeline").wait_for()
        acts = ("New message", "Cancel it", "Send again")
        assert [act for act in acts if await wei.page.get_by_role("button", name=act).count()] == []
        for place in ("people", "accounts", "audit"):
            await wei.visit(place)
            await wei.sees("Nothing here")
        tried = (
            ("POST", "/v1/messages", {"to": "+15550150", "text": "no"}),
            ("POST", "/v1/webhooks", {"url": "https://shop.example"}),
            ("POST", "/v1/users", {"name": "eve", "role": "owner"}),
            ("POST", "/v1/accounts", {"name": "eve"}),
            ("GET", "/v1/users", None),
            ("GET", "/v1/keys", None),
            ("GET", "/v1/audit", None),
        )
        statuses = [(await wei.ask(*each))[0] for each in tried]
        assert statuses == [403] * 7


#: where there is something to read for everybody
PLACES = ("", "conversations", "messages", "contacts", "bulk", "lines", "webhooks", "stop", "more", "lines/line0")
#: what asks somebody to change something
ASKS = re.compile(
    r"\b(add|bring|do you know|give|import|plug|send|set up|settle|write)\b(?! (first|it twice))", re.IGNORECASE
)


async def asked_of(one: Visitor, place: str) -> list[str]:
    """The sentences at a place that ask a person to change something."""
    await one.visit(place)
    await one.page.locator(".loading").first.wait_for(state="detached")
    lines = (await one.page.locator("main").inner_text()).splitlines()
    return [f"{place}: {line}" for line in lines if ASKS.search(line)]


async def test_no_text_asks_a_reader_for_what_only_others_may_do(
    browser: Browser, bridge: Bridge, world: World
) -> None:
    await let_in(bridge, "anna")
    await let_in(bridge, "li.wei", role=Role.READER)
    async with visitor(browser, bridge) as anna, visitor(browser, bridge) as wei:
        await wei.sign_in("", "li.wei")
        await anna.sign_in("")
        assert [each for place in PLACES for each in await asked_of(wei, place)] == []
        assert len([each for place in PLACES for each in await asked_of(anna, place)]) > 5
        world.network.rules.refuse["+15550150"] = 500
        await bridge.send("+15550150", "Your table is ready")
        (unknown,) = await bridge.settled(State.UNKNOWN)
        mary = Contact("operator", "+15550150", "Mary", "corner table", consent=Consent.GIVEN)
        await bridge.gateway.contacts.keep("anna", OPERATOR, mary)
        draft = await bridge.gateway.batches.add("anna", OPERATOR, "march.csv", b"who\nMary\n")
        lively = ("", f"messages/{unknown.id}", f"bulk/{draft.id}", "conversations/+15550150", "contacts")
        assert [each for place in lively for each in await asked_of(wei, place)] == []
        await wei.page.get_by_role("button", name="Contact Mary").click()
        await wei.sees("corner table", "dialog")
        assert (
            await wei.page.get_by_role("dialog").locator("input, select, button:not([aria-label=Close])").count() == 0
        )


#: what a reader does for himself, or what changes nothing
OWN = re.compile(r"/v1/(session|sessions|virtual)(/|$)")


async def test_a_reader_changes_nothing_by_any_request(browser: Browser, bridge: Bridge) -> None:
    """Whatever the API has, asked for by hand."""
    document = Document((Path(api.__file__).parent / "openapi.yaml").read_text())
    changing = [
        (method, re.sub(r"\{\w+\}", "x", path))
        for method, path, _ in document.operations()
        if method != "GET" and path.startswith("/v1/") and not OWN.match(path)
    ]
    assert len(changing) >= 40
    await let_in(bridge, "li.wei", role=Role.READER)
    async with visitor(browser, bridge) as wei:
        await wei.sign_in("", "li.wei")
        allowed = [each for each in changing if (await wei.ask(*each, {}))[0] != 403]
        assert allowed == []


async def test_from_the_first_visit_to_what_became_of_the_first_sms(
    browser: Browser, bridge: Bridge, world: World
) -> None:
    async with visitor(browser, bridge) as one:
        await one.visit()
        await one.page.get_by_label("Your name").fill("anna")
        await one.page.get_by_label("Password").fill(PASSWORD)
        await one.page.get_by_role("button", name="Begin").click()
        await one.page.get_by_label("Your own number").fill("+1 555 0150")
        await one.page.get_by_role("button", name="Send", exact=True).click()
        await one.sees("Delivered", ".step .notice")
        await one.page.get_by_role("link", name="What happened").click()
        await one.page.locator(".timeline li").nth(4).wait_for()
        told = await one.page.locator(".timeline b").all_inner_texts()
        assert told == ["Accepted and on disk", "Handed to line0", "The network took it", *REPORTED]
        world.network.handset("+15550150").send(world.modems[0].number, "Who is this?")
        await one.page.get_by_role("link", name="Conversations").first.click()
        await one.page.locator(".people li a", has_text="Who is this?").click()
        await one.page.get_by_label("Write an SMS").fill("The shop")
        await one.page.get_by_role("button", name="Send", exact=True).click()
        assert [sms.text for sms in await world.network.handset("+15550150").wait(2)][1] == "The shop"


#: the report, and what it brought about
REPORTED = ("Report of the network: Delivered", "Delivered")


async def test_a_change_without_the_token_of_the_session_is_refused(anna: Visitor) -> None:
    await anna.sign_in()
    status = await anna.page.evaluate(
        """fetch("/v1/messages", { method: "POST", headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ to: "+15550150", text: "no" }) }).then((answer) => answer.status)"""
    )
    assert status == 403


async def test_one_time_codes_are_switched_on_and_asked_for(browser: Browser, anna: Visitor, bridge: Bridge) -> None:
    await anna.sign_in()
    await anna.page.locator(".side .you").click()
    await anna.page.get_by_text("One-time codes · off").click()
    dialog = anna.page.get_by_role("dialog")
    await dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    await dialog.get_by_role("button", name="Set up").click()
    secret = (await dialog.locator("pre").inner_text()).replace(" ", "")
    await dialog.get_by_label("One-time code").fill(code(secret, bridge.gateway.now()))
    await dialog.get_by_role("button", name="Switch on").click()
    codes = (await dialog.locator("pre", has_text="-").inner_text()).split()
    assert len(codes) == 10
    async with visitor(browser, bridge) as again:
        await again.visit()
        await again.page.get_by_label("Name", exact=True).fill("anna")
        await again.page.get_by_label("Password").fill(PASSWORD)
        await again.page.keyboard.press("Enter")
        await again.page.get_by_label("One-time code").fill(codes[0])
        await again.page.keyboard.press("Enter")
        await again.sees("anna", ".side")


async def test_who_signs_out_everywhere_is_before_the_door_in_every_window(
    browser: Browser, anna: Visitor, bridge: Bridge
) -> None:
    await anna.sign_in()
    async with visitor(browser, bridge) as other:
        await other.sign_in()
        await other.page.locator(".side .you").click()
        await other.page.get_by_text("Where you are signed in").click()
        await other.page.get_by_role("button", name="Sign out everywhere").click()
        await other.sees("Forgotten?")
    # not by a link: the page may be at the door already, when its stream of events ended
    await anna.page.evaluate("location.hash = '#/messages'")
    await anna.sees("Your session has ended")


def code(secret: str, now: int) -> str:
    """What an authenticator app shows at this moment."""
    return one_time_codes.code(secret, now // one_time_codes.PERIOD)


async def test_who_changes_the_password_is_told_where_they_look(anna: Visitor) -> None:
    await anna.sign_in()
    await anna.page.locator(".side .you").click()
    await anna.page.get_by_text("Change the password").first.click()
    await anna.page.get_by_label("Password until now").fill(PASSWORD)
    await anna.page.get_by_label("New password").fill(PASSWORD)
    await anna.page.keyboard.press("Enter")
    await anna.sees("Changed. You are signed out elsewhere.", "dialog")


@pytest.mark.parametrize("deed", ["Sign out", "Sign out everywhere"])
async def test_who_cannot_be_signed_out_while_the_bridge_does_not_answer_is_told(anna: Visitor, deed: str) -> None:
    await anna.sign_in()
    await anna.page.route(re.compile(r"/v1/session(\?|$)"), lambda route: route.abort())
    await anna.page.locator(".side .you").click()
    await anna.page.get_by_text("Where you are signed in").click()
    await anna.page.get_by_role("button", name=deed, exact=True).click()
    await anna.sees("The bridge does not answer.", "dialog")


async def test_a_link_is_not_called_used_because_the_bridge_does_not_answer(anna: Visitor) -> None:
    link = re.compile(r"/v1/session/link")
    await anna.page.route(link, lambda route: route.abort())
    await anna.visit("welcome/abc")
    await anna.sees("The bridge does not answer.", ".door")
    await anna.page.unroute(link)
    await anna.sees("This link has been used", ".door")
