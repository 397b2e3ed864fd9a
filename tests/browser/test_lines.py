"""How a line was, which alarms began and ended, and which loop-back SMS arrived."""

from pathlib import Path

from playwright.async_api import Browser, expect

from bridge.model.history import QUARTER, PastAlarm, Quarter
from device_drivers.virtual.world import World
from tests.support.browsing import Visitor, let_in, visitor
from tests.support.running import Bridge, on_modems


async def test_the_past_of_a_line_is_drawn_and_said_in_words(anna: Visitor, bridge: Bridge) -> None:
    now = bridge.gateway.now() // QUARTER * QUARTER
    seen = Quarter("line0", now - 5 * QUARTER, -93, 0, 900)
    # an hour, beside which the seconds that the line took to be ready do not show
    away = [Quarter("line0", now - place * QUARTER, None, 900, 900) for place in range(1, 5)]
    long_ago = Quarter("line0", now - 300 * QUARTER, -111, 0, 900)
    await bridge.store.keep_quarters([seen, *away, long_ago], 0)
    await anna.sign_in("lines/line0")
    await anna.page.locator(".chart canvas").wait_for()
    await anna.sees("Without service 1 hr", ".busy .legend")
    await anna.sees("-93 to ", ".busy .legend")
    await anna.page.get_by_role("button", name="7 days").click()
    await anna.sees("-111 to ", ".busy .legend")


async def test_alarms_are_listed_by_line_with_their_end(anna: Visitor, bridge: Bridge) -> None:
    at = bridge.gateway.now()
    over = PastAlarm("line:line0", "The line line0 is out of service", "no SIM", "line0", at - 7_200_000, at, at)
    await bridge.store.note_together([], "[alarm]", "of before", "", [over])
    await anna.sign_in("lines")
    await anna.sees("no SIM", ".past")
    await anna.sees("Lasted 2 hr", ".past")
    await anna.visit("lines/line0")
    await anna.sees("no SIM", ".past")


async def test_what_was_found_of_one_line_is_not_said_of_another(browser: Browser, tmp_path: Path) -> None:
    async with on_modems(tmp_path, 2) as (bridge, _), visitor(browser, bridge) as anna:
        await let_in(bridge, "anna")
        await anna.sign_in("lines/line0")
        await anna.page.get_by_role("button", name="Examine it now").click()
        await anna.sees("the SIM is ready: +15550100", ".findings")
        await anna.visit("lines/line1")
        await anna.sees("line1", "h1")
        await expect(anna.page.locator(".findings")).to_have_count(0)


async def test_a_line_s_card_says_that_another_one_has_its_sim(browser: Browser, tmp_path: Path) -> None:
    async with on_modems(tmp_path, 2) as (bridge, world), visitor(browser, bridge) as anna:
        sim = world.modems[0].state.sim
        world.modems[1].unplug()
        world.modems[1].insert_sim(imsi=sim.imsi, iccid=sim.iccid)
        world.modems[1].replug()
        await let_in(bridge, "anna")
        await anna.sign_in()
        for line, other in (("line0", "line1"), ("line1", "line0")):
            card = anna.page.locator(".line", has=anna.page.get_by_role("link", name=line))
            await expect(card).to_contain_text(f"The line {other} has the same SIM", timeout=30_000)


async def test_a_line_s_card_says_when_it_was_used_last(anna: Visitor, bridge: Bridge, world: World) -> None:
    await anna.sign_in()
    card = anna.page.locator(".line")
    await card.get_by_text("not yet").nth(1).wait_for()
    await bridge.send("+15550150", "Hello")
    await card.get_by_text("not yet").nth(1).wait_for(state="detached")
    await card.locator("div", has_text="Last sent").get_by_text("just now").first.wait_for()
    world.network.handset("+15550150").send(world.modems[0].number, "Hello yourself")
    await card.get_by_text("not yet").wait_for(state="detached")


async def test_a_loop_back_that_is_sent_from_the_page_is_there_with_its_time(anna: Visitor) -> None:
    await anna.sign_in("lines/line0")
    await anna.sees("None was sent in the last week.")
    await anna.page.get_by_role("button", name="Test the lines").click()
    await anna.sees("line0 → line0", ".past")
    await anna.sees("Took ", ".past")


async def test_alarms_are_said_in_the_language_of_the_page(anna: Visitor, bridge: Bridge) -> None:
    at = bridge.gateway.now()
    why = "absent (Airplane mode is on: switch it off.)"
    over = PastAlarm("line:line0", "The line line0 is out of service", why, "line0", at - 7_200_000, at, at)
    await bridge.store.note_together([], "[alarm]", "of before", "", [over])
    await anna.sign_in()
    await anna.page.locator(".side .you").click()
    await anna.page.get_by_role("button", name="中文").click()
    await anna.sees("首页", ".side")
    await anna.visit("lines")
    await anna.sees("线路 line0 无法使用", ".past")
    await anna.sees("不在线（飞行模式已打开：请将其关闭。）", ".past")
