"""The box for texts counts as the bridge does."""

import asyncio
import random

import pytest
from playwright.async_api import Route, expect

from bridge.messages.segmentation import alphabet, count
from bridge.model.radio import Alphabet
from tests.support.browsing import Visitor

CHARACTERS = "abc ABC\n€{}[]~|^\\éàñΔ’“–… 您好😀👍🏽`´\t\x0c"
LENGTHS = (1, 69, 70, 71, 134, 135, 159, 160, 161, 306, 307, 459, 460)


def texts() -> list[str]:
    """Plain ones, ones with characters that cost more, and the lengths at which another part begins."""
    dice = random.Random(1)
    sizes = [length // share for length in LENGTHS for share in (1, 2)]
    mixed = ["".join(dice.choices(CHARACTERS[: dice.randint(3, len(CHARACTERS))], k=size)) for size in sizes * 4]
    return ["", *("a" * length for length in LENGTHS), *("€" * length for length in LENGTHS), *mixed]


async def test_parts_and_encoding_are_what_the_bridge_makes_of_a_text(anna: Visitor) -> None:
    await anna.visit()
    cases = texts()
    counted = await anna.page.evaluate(
        """async (texts) => {
            const source = document.querySelector('script[src]').src.replace('main.js', 'sms/alphabet.js');
            const { measure } = await import(source);
            return texts.map(measure).map(({ parts, encoding }) => [parts, encoding]);
        }""",
        cases,
    )
    words = {Alphabet.GSM7: "GSM-7", Alphabet.UCS2: "UCS-2"}
    assert counted == [[count(text), words[alphabet(text)]] for text in cases]


async def test_a_character_that_makes_a_text_dear_is_named_and_replaced(anna: Visitor) -> None:
    await anna.sign_in("conversations/+15550150")
    box = anna.page.get_by_label("Write an SMS")
    await box.fill("It’s ready\u00a0– today")
    await anna.sees("’ U+00A0 – makes it UCS-2", ".measure")
    await anna.page.get_by_role("button", name="Use plain characters").click()
    await expect(box).to_have_value("It's ready - today")
    await anna.sees("GSM-7", ".measure")
    await box.fill("您好… ’")
    await anna.page.get_by_role("button", name="Replace what has a plain form").click()
    await expect(box).to_have_value("您好... '")
    await anna.sees("UCS-2", ".measure")


async def test_a_text_in_another_alphabet_is_not_advised_against(anna: Visitor) -> None:
    await anna.sign_in("conversations/+15550150")
    box = anna.page.get_by_label("Write an SMS")
    await box.fill("Ready 😀")
    await anna.sees("😀 makes it UCS-2", ".measure")
    await box.fill("您的眼镜已经做好了，营业到六点。" * 4)
    await expect(anna.page.locator(".measure .why")).to_have_count(0)
    await anna.sees("UCS-2", ".measure")


@pytest.mark.parametrize(
    ("place", "label"), [("messages", "Message"), ("conversations/+15550150", "Write an SMS"), ("first", "Message")]
)
async def test_keys_that_are_held_down_send_one_sms(anna: Visitor, place: str, label: str) -> None:
    asked: list[str] = []
    last = asyncio.Event()

    async def late(route: Route) -> None:
        if route.request.method == "POST":
            asked.append(route.request.post_data or "")
            await last.wait()
        await route.continue_()

    await anna.page.route("**/v1/messages", late)
    await anna.sign_in(place)
    if place == "messages":
        await anna.page.get_by_role("button", name="New message").first.click()
    if "/" not in place:
        await anna.page.locator("main form, dialog form").first.locator("input[type=tel]").fill("+15550150")
    box = anna.page.get_by_label(label, exact=True)
    await box.fill("Only once")
    for _ in range(3):
        await box.press("Control+Enter")
    last.set()
    await expect(anna.page.locator("main").get_by_text("Delivered").first).to_be_visible()
    assert len(asked) == 1, asked
