"""Bulk: a file of numbers becomes messages, after somebody has seen what will happen."""

import csv
from pathlib import Path

from bridge.model.account import Account
from bridge.model.message import State
from bridge.model.query import MessageQuery
from device_drivers.virtual.world import World
from tests.support.browsing import Visitor
from tests.support.running import Bridge

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


async def test_a_file_is_sent_and_followed_to_its_end(
    anna: Visitor, bridge: Bridge, world: World, tmp_path: Path
) -> None:
    world.network.rules.everybody = True
    await bring(anna, write(tmp_path, 5), "Dear {name}, your order is ready.")
    await anna.page.get_by_role("button", name="Send 5 messages").click()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Send 5 messages").click()
    await anna.page.locator(".tile.delivered", has_text="5").wait_for()
    await anna.sees("5 of 5 accepted")
    assert (await world.network.handset("+15550000003").wait(1))[0].text == "Dear Customer 3, your order is ready."


async def test_a_file_is_paused_and_goes_on(anna: Visitor, bridge: Bridge, world: World, tmp_path: Path) -> None:
    world.network.rules.everybody = True
    await bring(anna, write(tmp_path, 200), "Dear {name}, thank you.")
    await anna.page.get_by_text("Country, line, pace and time").click()
    await anna.page.get_by_label("Messages a minute").fill("60")
    await anna.page.get_by_label("Messages a minute").press("Tab")
    await anna.sees("Takes about")
    await anna.page.get_by_role("button", name="Send 200 messages").click()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Send 200 messages").click()
    await anna.page.get_by_role("button", name="Pause").click()
    await anna.sees("Paused", "header .state")
    await anna.page.get_by_role("button", name="Go on").click()
    await anna.sees("Running", "header .state")
    await anna.page.get_by_role("button", name="Cancel the rest").click()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Cancel the rest").click()
    await anna.sees("Cancelled", "header .state")


async def test_what_was_accepted_and_still_waits_is_taken_back(
    anna: Visitor, bridge: Bridge, world: World, tmp_path: Path
) -> None:
    world.network.rules.send_latency = 60
    await bring(anna, write(tmp_path, 5), "Dear {name}, we open at nine.")
    await anna.page.get_by_role("button", name="Send 5 messages").click()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Send 5 messages").click()
    await anna.sees("Running", "header .state")
    await anna.sees("5 of 5 accepted")
    assert not await anna.page.get_by_role("button", name="Delete").count()
    await anna.page.get_by_role("button", name="Cancel the rest").click()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Cancel the rest").click()
    await anna.sees("Cancelled", "header .state")
    states = [message.state for message in (await bridge.gateway.messages(EVERYBODY, MessageQuery())).rows]
    assert sorted(states) == [*[State.CANCELLED] * 4, State.SENDING]


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
