"""Managing: webhooks, the STOP list, accounts and keys, lines, the audit trail, first steps."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from bridge.model.account import Account
from bridge.model.message import State
from bridge.model.query import LedgerQuery, MessageQuery
from bridge.model.webhook import DeliveryState
from device_drivers.virtual.world import World
from tests.support.browsing import Visitor, let_in, visitor
from tests.support.running import Bridge, on_modems
from tests.support.waiting import until

CUSTOMER = "+15550150"
EVERYBODY = Account("operator", operator=True)


async def everything_arrived(bridge: Bridge) -> bool:
    """Whether every message was delivered, and no webhook is owed anything."""
    messages = (await bridge.gateway.messages(EVERYBODY, MessageQuery())).rows
    owed = await bridge.gateway.endpoints.ledger(EVERYBODY, LedgerQuery(state=DeliveryState.OWED))
    return {message.state for message in messages} == {State.DELIVERED} and not owed.rows


async def test_a_webhook_shows_what_it_was_sent_and_sends_it_again(anna: Visitor, bridge: Bridge) -> None:
    heard: list[str] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append((await request.json())["type"])
        return web.Response(status=500 if len(heard) == 1 else 200)

    app = web.Application()
    app.router.add_post("/sms", hear)
    async with TestServer(app) as receiver:
        await anna.sign_in("webhooks")
        await anna.sees("Nothing is called yet")
        await anna.page.get_by_role("button", name="Add a webhook").first.click()
        await anna.page.get_by_label("Address").fill(str(receiver.make_url("/sms")))
        await anna.page.get_by_role("dialog").get_by_role("button", name="Add a webhook").click()
        await anna.sees("whsec_", "dialog pre")
        await anna.sees("hmac.compare_digest", "dialog")
        await anna.page.get_by_role("button", name="Done").click()
        await anna.page.locator(".rows a").first.click()
        await anna.sees("Nothing was delivered here yet.")
        await anna.page.get_by_role("button", name="Send a test").click()
        await anna.sees("did not take it", "[role=status]")
        await anna.page.get_by_role("button", name="Send a test").click()
        await anna.sees("The receiver took", "[role=status]")
        assert (await anna.ask("POST", "/v1/messages", {"to": CUSTOMER, "text": "Hello"}))[0] == 202
        await anna.sees("message.submitted", ".delivery")
        await anna.page.locator(".delivery .state", has_text="Delivered").first.wait_for()
        # what happens to the message until it has arrived is delivered as well
        await until(lambda: everything_arrived(bridge))
        before = len(heard)
        await anna.page.locator(".delivery", has=anna.page.locator(".state", has_text="Delivered")).first.click()
        await anna.page.get_by_role("button", name="Deliver again").first.click()
        await until(lambda: len(heard) > before)
        await anna.page.get_by_role("button", name="Pause").click()
        await anna.sees("Paused", "section.card")
        (endpoint,) = await bridge.gateway.endpoints.find(EVERYBODY)
        assert endpoint.paused
        assert (await bridge.gateway.endpoints.ledger(EVERYBODY, LedgerQuery())).rows
        await anna.page.get_by_role("button", name="Remove it").click()
        await anna.sees(endpoint.url, "dialog")
        await anna.page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
        await anna.sees("Nothing is called yet")


async def test_a_number_on_the_stop_list_gets_nothing_and_can_be_taken_off(anna: Visitor, bridge: Bridge) -> None:
    await anna.sign_in("stop")
    await anna.page.get_by_role("button", name="Add a number").first.click()
    await anna.page.get_by_label("Number", exact=True).fill("+1 555 0150")
    await anna.page.get_by_label("Reason").fill("asked by phone")
    await anna.page.get_by_role("dialog").get_by_role("button", name="Add a number").click()
    await anna.sees("asked by phone", ".rows")
    await bridge.send(CUSTOMER, "An offer")
    (message,) = await bridge.settled(State.FAILED)
    assert message.recipient == CUSTOMER
    await anna.page.get_by_role("button", name="Take off").click()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Take off").click()
    await anna.sees("Nobody said STOP")
    await bridge.send(CUSTOMER, "You asked for it")
    await bridge.settled(State.FAILED, State.DELIVERED)


async def test_who_writes_stop_appears_on_the_list(anna: Visitor, bridge: Bridge, world: World) -> None:
    await anna.sign_in("stop")
    await anna.sees("Nobody said STOP")
    world.network.handset(CUSTOMER).send(world.modems[0].number, "STOP")
    await anna.sees(CUSTOMER, ".rows")


async def test_a_key_may_what_it_was_given_and_nothing_once_it_is_revoked(anna: Visitor, bridge: Bridge) -> None:
    await anna.sign_in("accounts/shop")
    await anna.page.get_by_role("button", name="Add a key").click()
    await anna.page.get_by_label("Name").fill("crm")
    await anna.page.get_by_label("see sent messages").uncheck()
    await anna.page.get_by_label("Good for").select_option("90")
    await anna.page.get_by_role("dialog").get_by_role("button", name="Add a key").click()
    key = await anna.page.locator("dialog pre").first.inner_text()
    await anna.page.get_by_role("button", name="Done").click()
    await anna.sees("crm", ".rows")
    headers = {"Authorization": f"Bearer {key}"}
    async with bridge.http.get(f"{bridge.url}/v1/messages", headers=headers) as answer:
        assert answer.status == 403
    body = {"to": CUSTOMER, "text": "Hello"}
    async with bridge.http.post(f"{bridge.url}/v1/messages", headers=headers, json=body) as answer:
        assert answer.status == 202
    await anna.page.get_by_role("button", name="Revoke").click()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await anna.sees("No key beside its own credentials.")
    async with bridge.http.post(f"{bridge.url}/v1/messages", headers=headers, json=body) as answer:
        assert answer.status == 401


async def test_first_steps_lead_to_a_first_sms_and_to_a_program_that_sends(
    anna: Visitor, bridge: Bridge, world: World
) -> None:
    await anna.sign_in("first")
    await anna.page.locator(".step").nth(0).locator(".state.good").wait_for()
    await anna.page.get_by_label("Your own number").fill(CUSTOMER)
    await anna.page.get_by_role("button", name="Send", exact=True).click()
    await anna.sees("Delivered", ".step .notice")
    await anna.page.get_by_label("Name of the program").fill("webshop")
    await anna.page.get_by_role("button", name="Make its key").click()
    await anna.page.locator(".step").nth(2).locator(".notice.good").wait_for()  # the key is in the sample from now on
    await anna.page.get_by_role("button", name="Python").click()
    sample = await anna.page.locator(".step").nth(2).locator("pre", has_text="import ").inner_text()
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", sample, stdout=asyncio.subprocess.PIPE)
    said, _ = await program.communicate()
    assert json.loads(said)["to"] == CUSTOMER
    assert len(await world.network.handset(CUSTOMER).wait(2)) == 2
    page = await bridge.gateway.messages(EVERYBODY, MessageQuery())
    assert {message.account for message in page.rows} == {"operator", "webshop"}


async def test_a_line_is_examined_and_what_is_wrong_comes_with_what_to_do(
    anna: Visitor, bridge: Bridge, world: World
) -> None:
    await anna.sign_in("lines/line0")
    await anna.page.get_by_role("button", name="Examine it now").click()
    await anna.page.locator(".findings .ok").first.wait_for()
    world.modems[0].unplug()
    await anna.sees("Not there", ".line .state")
    await anna.page.locator(".line .reason").wait_for()


async def test_what_somebody_changed_stands_in_the_audit_trail(anna: Visitor, bridge: Bridge) -> None:
    await anna.sign_in("accounts")
    await anna.page.get_by_role("button", name="Add an account").first.click()
    await anna.page.get_by_label("Name of the program").fill("bakery")
    await anna.page.get_by_role("dialog").get_by_role("button", name="Add an account").click()
    await anna.page.get_by_role("button", name="Done").click()
    await anna.visit("audit")
    row = anna.page.locator(".audit .row", has_text="added the account")
    await row.get_by_text("bakery").first.wait_for()
    await row.get_by_text("anna from 127.0.0.1").first.wait_for()


async def test_today_s_numbers_and_the_chart_follow_what_happens(anna: Visitor, bridge: Bridge, world: World) -> None:
    await anna.sign_in()
    await anna.page.locator(".tiles .delivered.nil").wait_for()
    await bridge.send(CUSTOMER, "Hello")
    world.network.handset(CUSTOMER).send(world.modems[0].number, "Hi")
    await anna.page.locator(".tiles .delivered", has_text="1").wait_for()
    await anna.page.locator(".tiles .received", has_text="1").wait_for()
    await anna.page.locator(".legend .received", has_text="1").wait_for()
    await expect(anna.page.locator(".chart canvas")).to_have_count(1)
    await anna.page.get_by_role("button", name="30 days").click()
    await anna.page.locator(".legend .delivered", has_text="1").wait_for()


async def test_a_page_left_open_asks_for_today_s_numbers_when_the_day_may_be_another(
    anna: Visitor, bridge: Bridge
) -> None:
    """At midnight no event tells that yesterday's numbers are not today's."""
    await anna.page.clock.install()
    await anna.sign_in()
    # a stream that has a position is not asked for what was missed when the clock is moved below
    await bridge.send("+15550150", "Hello")
    await anna.page.locator(".tiles .delivered:not(.nil)").wait_for()
    await anna.page.locator(".legend .delivered", has_text="1").wait_for()
    async with anna.page.expect_request(re.compile("/v1/statistics")):
        await anna.page.clock.fast_forward("01:01")


async def test_a_key_is_copied_where_a_browser_keeps_its_clipboard_to_itself(anna: Visitor) -> None:
    """As over plain HTTP in the house's own network."""
    await anna.page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    await anna.sign_in("first")
    await anna.page.get_by_label("Name of the program").fill("webshop")
    await anna.page.get_by_role("button", name="Make its key").click()
    code = anna.page.locator(".code", has=anna.page.get_by_label("API key"))
    await code.get_by_role("button", name="Copy").click()
    await anna.sees("Copied", ".code")
    await anna.page.get_by_label("Your own number").fill("")
    await anna.page.get_by_label("Your own number").press("Control+V")
    await expect(anna.page.get_by_label("Your own number")).to_have_value(await code.locator("pre").inner_text())


@pytest.mark.parametrize("place", ["webhooks", "accounts", "lines"])
async def test_a_link_to_what_was_removed_leads_to_words_and_not_to_an_empty_page(anna: Visitor, place: str) -> None:
    await anna.sign_in(f"{place}/nope")
    await anna.sees("There is none of this name any more.")


async def test_two_owners_who_tick_lines_of_an_account_at_once_both_count(browser: Browser, tmp_path: Path) -> None:
    async with on_modems(tmp_path, 2) as (bridge, _), visitor(browser, bridge) as anna:
        await let_in(bridge, "anna")
        await anna.sign_in("accounts/shop")
        ticks = anna.page.get_by_role("group", name="It may send by")
        await ticks.get_by_label("line1").wait_for()
        await anna.ask("PATCH", "/v1/accounts/shop", {"terms": {"lines": ["line0"]}})
        await ticks.get_by_label("line1").click()
        await expect(ticks.get_by_label("line0")).to_be_checked()
        assert (await anna.ask("GET", "/v1/accounts/shop"))[1]["terms"]["lines"] == ["line0", "line1"]
