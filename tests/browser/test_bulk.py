"""Bulk: a file of numbers becomes messages, after somebody has seen what will happen."""

import asyncio
import csv
import json
import re
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from playwright.async_api import APIResponse, Browser, Response, Route, expect

from bridge.config.schema import Http
from bridge.model.account import Account
from bridge.model.message import Message, State
from bridge.model.query import MessageQuery
from device_drivers.virtual.world import World
from tests.support.browsing import Visitor, let_in, visitor
from tests.support.ports import free_port
from tests.support.running import Bridge, config, running
from tests.support.waiting import until

EVERYBODY = Account("operator", operator=True)


def write(folder: Path, rows: int, bad: int = 0, name: str = "customers.csv") -> Path:
    """A file of so many rows, of which so many have no number that could be called."""
    file = folder / name
    with file.open("w", newline="") as opened:
        out = csv.writer(opened)
        out.writerow(["phone", "name"])
        for row in range(rows):
            number = "to be asked" if row >= rows - bad else f"+1555{row:07d}"
            out.writerow([number, f"Customer {row}"])
    return file


async def accepted(bridge: Bridge, state: State) -> list[Message]:
    """What was accepted and is in this state."""
    rows = (await bridge.gateway.messages(EVERYBODY, MessageQuery(limit=1000))).rows
    return [message for message in rows if message.state is state]


async def bring(one: Visitor, file: Path, text: str) -> None:
    """Bring a file along and write what everybody gets."""
    await one.sign_in("bulk")
    await one.page.locator("input[type=file]").set_input_files(file)
    await one.page.get_by_label("Message", exact=True).fill(text)


async def test_a_large_file_with_bad_rows_shows_what_will_happen_before_anything_is_sent(
    anna: Visitor, bridge: Bridge, tmp_path: Path
) -> None:
    await bring(anna, write(tmp_path, 5000, bad=40), "Dear {name}, we open at nine tomorrow.")
    await anna.sees("Dear Customer 7, we open at nine tomorrow.", ".rows")
    await anna.page.get_by_role("button", name="Send 4,960 messages").wait_for()
    await anna.page.get_by_role("button", name="Bad rows 40").click()
    await anna.sees("to be asked", ".rows")
    async with anna.page.expect_download() as begun:
        await anna.page.get_by_role("link", name="Download these rows").click()
    kept = Path(await (await begun.value).path()).read_text("utf-8-sig").splitlines()
    assert len(kept) == 41
    assert not (await bridge.gateway.messages(EVERYBODY, MessageQuery())).rows


async def test_a_file_whose_first_rows_have_no_number_asks_for_the_column(anna: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("who,where\nMary,to be asked\nJohn,to be asked\nLi,to be asked\nWei,+1 555 0150\n")
    await bring(anna, file, "Hello {who}")
    await anna.page.locator("p", has_text="Choose the column that has the numbers").wait_for()
    await anna.page.get_by_label("Column with the numbers").select_option("where")
    await anna.sees("Hello Wei", ".rows")


def changes(what: str, asked: Route | Response) -> bool:
    """Whether this is about a change of that property of a file."""
    return what in json.loads(asked.request.post_data or "{}")


async def test_a_column_that_is_chosen_while_the_text_is_kept_stays_chosen(anna: Visitor, tmp_path: Path) -> None:
    """The answer to the text came last, and was of before the column was chosen."""
    asked, chosen, free = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        if changes("number_column", route):
            chosen.set()
        if not changes("text", route):
            await route.continue_()
            return
        answer = await route.fetch()
        asked.set()
        await free.wait()
        await route.fulfill(response=answer)

    file = tmp_path / "odd.csv"
    file.write_text("who,where\nMary,to be asked\nJohn,to be asked\nLi,to be asked\nWei,+1 555 0150\n")
    await anna.page.route(lambda url: "/v1/batches/" in url, slowly)
    await bring(anna, file, "Hello {who}")
    async with asyncio.timeout(30):
        await asked.wait()
    async with anna.page.expect_response(partial(changes, "text")) as late:
        async with anna.page.expect_response(partial(changes, "number_column")) as answer:
            await anna.page.get_by_label("Column with the numbers").select_option("where")
            # what the choice asks for at once is asked before this, and its answer comes first
            await anna.ask("GET", "/v1/session")
            if not chosen.is_set():
                free.set()
        await (await answer.value).finished()
        free.set()
    await (await late.value).finished()
    await anna.page.evaluate("new Promise((done) => setTimeout(done))")  # for what the late answer would change
    await anna.sees("Hello Wei", ".rows")
    await expect(anna.page.get_by_label("Column with the numbers")).to_have_value("where")


async def test_what_keeps_a_file_from_being_sent_is_said(anna: Visitor, tmp_path: Path) -> None:
    await bring(anna, write(tmp_path, 3), "Dear {nobody}")
    await anna.sees("no column is called so", ".field + .notice")
    await anna.page.get_by_label("Message", exact=True).fill("")
    await anna.sees("Write the message first.")
    await anna.page.get_by_label("Message", exact=True).fill("Dear {name}")
    await anna.page.get_by_text("Write the message first.").wait_for(state="detached")
    await expect(anna.page.get_by_role("button", name="Send 3 messages")).to_be_enabled()
    await expect(anna.page.locator(".notice")).to_have_count(0)


async def test_a_file_is_sent_and_followed_to_its_end(
    anna: Visitor, bridge: Bridge, world: World, tmp_path: Path
) -> None:
    world.network.rules.everybody = True
    await bring(anna, write(tmp_path, 5), "Dear {name}, your order is ready.")
    await anna.page.get_by_role("button", name="Send 5 messages").click()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Send 5 messages").click()
    await anna.page.locator(".tile.delivered", has_text="5").wait_for()
    await anna.sees("5 of 5 accepted")
    await expect(anna.page.locator("progress")).to_have_attribute("value", "100")
    assert (await world.network.handset("+15550000003").wait(1))[0].text == "Dear Customer 3, your order is ready."


async def test_rate_and_time_left_are_shown_until_the_last_message_has_gone_out(
    anna: Visitor, bridge: Bridge, world: World, tmp_path: Path
) -> None:
    world.network.rules.everybody = True
    world.network.rules.send_latency = 3
    await bring(anna, write(tmp_path, 8), "Dear {name}, your order is ready.")
    await anna.page.get_by_text("Country, line, pace and time").click()
    await anna.page.get_by_label("Messages a minute").fill("120")
    await anna.page.get_by_label("Messages a minute").press("Tab")
    await anna.sees("Takes about")
    await anna.page.get_by_role("button", name="Send 8 messages").click()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Send 8 messages").click()
    going = re.compile(r"^[\d.]+ a minute · about [\d.]+ (secs?|mins?) left$")
    await anna.page.locator(".speed", has_text=going).wait_for()
    await anna.sees("8 of 8 accepted")
    await anna.page.locator(".speed", has_text=going).wait_for()
    await anna.sees("Done", "header .state")
    await expect(anna.page.locator(".speed")).to_have_count(0)


async def test_a_file_that_is_paused_stays_so_over_a_restart_and_goes_on(browser: Browser, tmp_path: Path) -> None:
    async with World(tmp_path / "world", modems=1) as world, AsyncExitStack() as stack:
        world.network.rules.everybody = True
        settings = config(tmp_path, {"line0": {"port": str(world.modems[0].port)}})
        # the page that stays open finds the bridge where it was
        settings = replace(settings, http=Http(port=free_port()))
        async with running(settings) as bridge:
            await let_in(bridge, "anna")
            anna = await stack.enter_async_context(visitor(browser, bridge))
            await bring(anna, write(tmp_path, 200), "Dear {name}, thank you.")
            await anna.page.get_by_text("Country, line, pace and time").click()
            await anna.page.get_by_label("Messages a minute").fill("60")
            await anna.page.get_by_label("Messages a minute").press("Tab")
            await anna.sees("Takes about")
            await anna.page.get_by_role("button", name="Send 200 messages").click()
            await anna.page.get_by_role("dialog").get_by_role("button", name="Send 200 messages").click()
            await anna.page.get_by_role("button", name="Pause").click()
            await anna.sees("Paused", "header .state")
        async with running(settings) as bridge:
            await anna.page.reload()
            await anna.sees("Paused", "header .state")
            made = len((await bridge.gateway.messages(EVERYBODY, MessageQuery(limit=1000))).rows)
            assert made < 200
            assert await anna.page.locator(".made b").text_content() == f"{made} of 200 accepted"
            await anna.page.get_by_role("button", name="Go on").click()
            await anna.sees("Running", "header .state")
            await anna.page.get_by_role("button", name="Cancel the rest").click()
            await anna.page.get_by_role("dialog").get_by_role("button", name="Cancel the rest").click()
            await anna.sees("Cancelled", "header .state")


async def test_nothing_is_sent_while_a_change_is_still_on_its_way(anna: Visitor, tmp_path: Path) -> None:
    """Once the first of two was kept, the button asked for what the bridge refuses while it takes the second."""
    held: asyncio.Queue[Route] = asyncio.Queue()

    async def hold(route: Route) -> None:
        await (held.put(route) if route.request.method == "PATCH" else route.continue_())

    await bring(anna, write(tmp_path, 5), "")
    await anna.page.get_by_text("Country, line, pace and time").click()
    await anna.page.route(re.compile(r"/v1/batches/\w+$"), hold)
    await anna.page.get_by_label("Message", exact=True).fill("Dear {name}, we open at nine.")
    text = await held.get()
    await anna.page.get_by_label("Messages a minute").fill("60")
    await anna.page.get_by_label("Messages a minute").press("Tab")
    await text.continue_()
    pace = await held.get()
    await anna.sees("Dear Customer 1, we open at nine.", ".rows")
    send = anna.page.get_by_role("button", name="Send 5 messages")
    await expect(send).to_be_visible()
    await expect(send).to_be_disabled()
    await pace.continue_()
    await anna.sees("Takes about")
    await expect(send).to_be_enabled()


async def test_what_was_accepted_and_still_waits_is_taken_back(
    anna: Visitor, bridge: Bridge, world: World, tmp_path: Path
) -> None:
    world.network.rules.send_latency = 60
    await bring(anna, write(tmp_path, 5), "Dear {name}, we open at nine.")
    await anna.page.get_by_role("button", name="Send 5 messages").click()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Send 5 messages").click()
    await anna.sees("Running", "header .state")
    await anna.sees("5 of 5 accepted")
    # one is on its way, and nothing has gone out yet
    await until(lambda: accepted(bridge, State.SENDING))
    await expect(anna.page.locator("progress")).to_have_attribute("value", "0")
    assert not await anna.page.get_by_role("button", name="Delete").count()
    await anna.page.get_by_role("button", name="Cancel the rest").click()
    await anna.sees("customers.csv", "dialog")
    await anna.page.get_by_role("dialog").get_by_role("button", name="Cancel the rest").click()
    await anna.sees("Cancelled", "header .state")
    assert len(await accepted(bridge, State.CANCELLED)) == 4
    assert len(await accepted(bridge, State.SENDING)) == 1
    world.modems[0].unplug()  # who stops the bridge would wait for the modem's answer


async def test_reports_that_come_while_the_last_look_is_answered_are_shown(
    anna: Visitor, bridge: Bridge, world: World, tmp_path: Path
) -> None:
    """Nothing waits any more, so nobody looks again; and what happened meanwhile was not in that answer."""
    world.network.rules.everybody = True
    world.network.rules.delivery_delay = 10.0  # s, longer than counts are kept and the second takes to go out
    missed, last = asyncio.Event(), list[APIResponse]()

    async def late(route: Route) -> None:
        if missed.is_set() or route.request.method != "GET":
            await route.continue_()
            return
        answer = await route.fetch()
        if not last and (await answer.json())["counts"]["sent"] == 2:
            last.append(answer)
            await until(lambda: reported(2))
            missed.set()
        elif last:
            await missed.wait()
        await route.fulfill(response=last[0] if last else answer)

    async def reported(count: int) -> bool:
        return len(await accepted(bridge, State.DELIVERED)) == count

    await bring(anna, write(tmp_path, 2), "Hello {name}")
    await anna.sees("Hello Customer 1", ".rows")
    await anna.page.route(re.compile(r"/v1/batches/\w+$"), late)
    await anna.page.get_by_role("button", name="Send 2 messages").click()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Send 2 messages").click()
    async with asyncio.timeout(60):
        await missed.wait()
    await anna.page.locator(".tile.delivered", has_text="2").wait_for()


async def test_a_file_that_was_sent_before_is_noticed(
    anna: Visitor, bridge: Bridge, world: World, tmp_path: Path
) -> None:
    world.network.rules.everybody = True
    file = write(tmp_path, 2)
    await bring(anna, file, "Hello {name}")
    await anna.page.get_by_role("button", name="Send 2 messages").click()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Send 2 messages").click()
    await anna.page.locator(".tile.delivered", has_text="2").wait_for()
    await anna.visit("bulk")
    await anna.page.locator("input[type=file]").set_input_files(file)
    await anna.sees("The same file was brought before", "[role=alert]")


async def test_a_text_that_is_changed_back_before_the_answer_comes_is_kept(anna: Visitor, tmp_path: Path) -> None:
    await bring(anna, write(tmp_path, 2), "Hello {name}")
    await anna.sees("Hello Customer 1", ".rows")
    asked, free = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        if route.request.method == "PATCH" and not asked.is_set():
            asked.set()
            await free.wait()
        await route.continue_()

    await anna.page.route("**/v1/batches/*", late)
    await anna.page.get_by_label("Message", exact=True).fill("Hello {name}, good morning")
    await asked.wait()
    await anna.page.get_by_label("Message", exact=True).fill("Hello {name}")
    # the second one asks for what the first one has changed
    async with anna.page.expect_response(lambda one: one.request.post_data_json == {"text": "Hello {name}"}):
        free.set()
    await expect(anna.page.get_by_role("button", name="Send 2 messages")).to_be_enabled()


async def test_who_has_left_while_a_file_is_uploaded_is_not_fetched_back(anna: Visitor, tmp_path: Path) -> None:
    await anna.sign_in("bulk")
    asked, free = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        asked.set()
        await free.wait()
        await route.continue_()

    await anna.page.route("**/v1/batches?name=*", late)
    await anna.page.locator("input[type=file]").set_input_files(write(tmp_path, 2))
    await asked.wait()
    await anna.page.locator(".side").get_by_role("link", name="Messages").click()
    await anna.page.get_by_role("heading", name="Messages").first.wait_for()
    async with anna.page.expect_response("**/v1/batches?name=*") as answer:
        free.set()
    await (await answer.value).finished()
    await anna.page.evaluate("new Promise((done) => setTimeout(done))")
    await expect(anna.page).to_have_url(re.compile(r"#/messages$"))


async def test_what_is_typed_beside_the_text_stays_while_messages_move(
    anna: Visitor, bridge: Bridge, tmp_path: Path
) -> None:
    await bring(anna, write(tmp_path, 2), "Hello {name}")
    await anna.sees("Hello Customer 1", ".rows")
    await anna.page.get_by_text("Country, line, pace and time").click()
    country = anna.page.get_by_label("Country of numbers without a code")
    await country.fill("G")
    async with anna.page.expect_response(lambda one: "/v1/batches/" in one.url and one.request.method == "GET") as seen:
        await bridge.send("+15550150", "Something else moves")
    await (await seen.value).finished()
    await anna.page.evaluate("new Promise((done) => setTimeout(done))")
    await country.press("End")
    await country.press("B")
    await country.press("Tab")
    await expect(country).to_have_value("GB")
    await expect(anna.page.locator(".notice.bad")).to_have_count(0)


async def test_a_column_is_put_into_the_text_where_one_types_on(anna: Visitor, tmp_path: Path) -> None:
    await bring(anna, write(tmp_path, 2), "Dear , hello")
    box = anna.page.get_by_label("Message", exact=True)
    await box.evaluate("(box) => box.setSelectionRange(5, 5)")
    await anna.page.get_by_role("button", name="{name}").click()
    await anna.page.keyboard.type("!")
    await expect(box).to_have_value("Dear {name}!, hello")
