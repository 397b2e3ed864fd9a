"""On the page in Chinese, what the bridge says of messages, devices and files is Chinese as well."""

import re
from pathlib import Path

import pytest_asyncio

from bridge.model.message import State
from bridge.model.user import Role
from device_drivers.virtual.world import World
from tests.support.browsing import PASSWORD, Visitor
from tests.support.running import Bridge

CUSTOMER = "+15550150"


@pytest_asyncio.fixture(loop_scope="module")
async def wei(anna: Visitor) -> Visitor:
    """Somebody who reads Chinese."""
    await anna.sign_in()
    await anna.page.locator(".side .you").click()
    await anna.page.get_by_role("button", name="中文").click()
    await anna.sees("首页", ".side")
    return anna


async def test_why_a_message_failed_is_said_in_the_language_of_the_page(
    wei: Visitor, bridge: Bridge, world: World
) -> None:
    world.network.rules.refuse[CUSTOMER] = 28
    await bridge.send(CUSTOMER, "Your parcel is here.")
    await bridge.settled(State.FAILED)
    said = "+CMS ERROR: 28（无法识别的用户）"
    await wei.visit(f"conversations/{CUSTOMER}")
    await wei.sees(said, ".bubble.out")
    await wei.page.locator(".bubble.out a").click()
    await wei.sees(said, ".detail > .reason")
    await wei.sees(said, ".timeline")


async def test_what_an_examination_finds_is_said_in_the_language_of_the_page(wei: Visitor) -> None:
    await wei.visit("lines/line0")
    await wei.page.get_by_role("button", name="立即检查").click()
    await wei.sees("SIM 卡就绪", ".findings")
    told = await wei.page.locator(".findings p").all_inner_texts()
    assert [each for each in told if all(ord(char) < 0x2E80 for char in each)] == []


async def test_what_is_wrong_and_what_helps_are_said_in_the_language_of_the_page(wei: Visitor) -> None:
    wrong, helps = "Google Messages keeps RCS chats away from SMS", "switch RCS chats off in its settings"
    finding = {"level": "warn", "subject": "devices.phone0", "message": wrong, "remedy": helps}
    await wei.page.route("**/examination", lambda route: route.fulfill(json={"findings": [finding]}))
    await wei.visit("lines/line0")
    await wei.page.get_by_role("button", name="立即检查").click()
    await wei.page.locator(".findings p", has_text=re.compile("^Google 信息会把 RCS 聊天与短信分开$")).wait_for()
    await wei.page.locator(".findings pre", has_text=re.compile("^请在其设置中关闭 RCS 聊天$")).wait_for()


async def test_why_a_row_or_a_request_is_refused_is_said_in_the_language_of_the_page(
    wei: Visitor, tmp_path: Path
) -> None:
    file = tmp_path / "march.csv"
    file.write_text(f"phone\n{CUSTOMER}\n{CUSTOMER}\noffice\n")
    await wei.visit("bulk")
    await wei.page.locator("input[type=file]").set_input_files(file)
    await wei.page.locator(".segments button").nth(1).click()
    await wei.sees("这不是电话号码", ".rows")
    await wei.page.locator(".segments button").nth(2).click()
    await wei.sees("与第 2 行号码相同", ".rows")
    await wei.visit("messages")
    await wei.page.locator("header.top button").click()
    await wei.page.get_by_role("dialog").locator("input").first.fill("office")
    await wei.page.get_by_role("dialog").locator("textarea").fill("Hello")
    await wei.page.get_by_role("dialog").locator("button.primary").click()
    await wei.sees("这不是电话号码", "dialog .field small")


async def test_what_somebody_changed_is_said_in_the_language_of_the_page(wei: Visitor, bridge: Bridge) -> None:
    status, made = await wei.ask("POST", "/v1/webhooks", {"url": "http://127.0.0.1:9/x", "events": ["*"]})
    assert status == 201
    await wei.ask("PATCH", f"/v1/webhooks/{made['id']}", {"paused": True})
    await bridge.gateway.users.add("the bridge", "carol", Role.READER, PASSWORD)
    await bridge.gateway.users.change("command line", "carol", password=PASSWORD)
    await wei.visit("audit")
    for words in ("v2，发往 127.0.0.1", "已暂停", "网关", "只读用户", "命令行", "更换了密码"):
        await wei.sees(words, ".audit")
