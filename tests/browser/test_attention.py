"""What needs a person, and what a person can do about it."""

from playwright.async_api import Browser

from bridge.model.message import State
from device_drivers.virtual.world import World
from tests.support.browsing import Visitor, let_in, visitor
from tests.support.running import SHOP, Bridge

CUSTOMER = "+15550150"


async def unsure(bridge: Bridge, world: World, *texts: str) -> list[str]:
    """Messages after which the modem says nothing that settles what became of them; their ids."""
    world.network.rules.refuse[CUSTOMER] = 500
    ids = [await bridge.send(CUSTOMER, text) for text in texts]
    await bridge.settled(State.UNKNOWN)
    del world.network.rules.refuse[CUSTOMER]
    return ids


async def state_of(bridge: Bridge, message: str) -> State:
    return (await bridge.gateway.message(SHOP, message)).state


async def test_nothing_is_asked_of_anybody_on_a_good_day(anna: Visitor, bridge: Bridge) -> None:
    await bridge.send(CUSTOMER, "Hello")
    await bridge.settled(State.DELIVERED)
    await anna.sign_in()
    await anna.sees("Nothing needs you.")


async def test_an_unknown_message_appears_at_once_and_is_settled_by_what_a_person_knows(
    anna: Visitor, bridge: Bridge, world: World
) -> None:
    await anna.sign_in()
    await anna.sees("Nothing needs you.")
    (unknown,) = await unsure(bridge, world, "Your table is ready")
    await anna.sees("1 message of unknown fate")
    await anna.page.locator(".attention").get_by_role("button", name="It arrived").click()
    await anna.sees("Nothing needs you.")
    assert await state_of(bridge, unknown) is State.DELIVERED
    await anna.visit(f"messages/{unknown}")
    await anna.sees("No answer came", ".timeline")
    await anna.sees("It arrived", ".timeline")
    await anna.sees("anna", ".timeline")
    await anna.sees("A person said that it arrived.", ".detail")


async def test_an_unknown_message_is_sent_again_when_a_person_says_so(
    anna: Visitor, bridge: Bridge, world: World
) -> None:
    (unknown,) = await unsure(bridge, world, "Your table is ready")
    await anna.sign_in(f"messages/{unknown}")
    await anna.page.locator(".detail").get_by_role("button", name="Send again").click()
    await anna.page.locator(".detail > header .state", has_text="Delivered").wait_for()
    assert [sms.text for sms in await world.network.handset(CUSTOMER).wait(1)] == ["Your table is ready"]


async def test_two_operators_see_what_the_other_one_did(
    browser: Browser, anna: Visitor, bridge: Bridge, world: World
) -> None:
    await let_in(bridge, "li.wei")
    (unknown,) = await unsure(bridge, world, "Your table is ready")
    await anna.sign_in()
    await anna.sees("1 message of unknown fate")
    async with visitor(browser, bridge) as wei:
        await wei.sign_in(f"messages/{unknown}", "li.wei")
        await wei.page.locator(".detail").get_by_role("button", name="It arrived").click()
        await wei.page.locator(".detail > header .state", has_text="Delivered").wait_for()
        await anna.sees("Nothing needs you.")


async def test_what_failed_is_sent_again_from_its_timeline(anna: Visitor, bridge: Bridge, world: World) -> None:
    world.network.rules.refuse[CUSTOMER] = 28
    failed = await bridge.send(CUSTOMER, "Your table is ready")
    await bridge.settled(State.FAILED)
    del world.network.rules.refuse[CUSTOMER]
    await anna.sign_in(f"messages/{failed}")
    await anna.page.get_by_role("button", name="Send again").click()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Send again").click()
    await anna.page.locator(".detail > header .state", has_text="Delivered").wait_for()


async def test_a_line_that_is_unplugged_is_said_in_words_and_goes_when_it_is_back(
    anna: Visitor, bridge: Bridge, world: World
) -> None:
    await anna.sign_in()
    await anna.sees("Nothing needs you.")
    world.modems[0].unplug()
    await anna.sees("line0 · Not there", ".attention")
    await world.modems[0].start()
    await anna.sees("Nothing needs you.")
