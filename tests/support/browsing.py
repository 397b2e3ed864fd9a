"""A real browser that looks at a real bridge: Debian's Chromium, steered by Playwright."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.async_api import Browser, Page, async_playwright, expect

from bridge.model.user import Role
from tests.support.running import Bridge

#: what every test of the page starts; Playwright itself runs on Node.js
PROGRAMS = ("chromium", "node")
#: ms in which everything that a test waits for has happened
PATIENCE = 40_000
expect.set_options(timeout=PATIENCE)
WIDE, NARROW = {"width": 1280, "height": 820}, {"width": 360, "height": 740}
#: where the run leaves its screenshots
SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
AXE = Path(AXE_FILE_PATH)
#: of everybody who signs in
PASSWORD = "a long enough one"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser, until the end of the block."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            # who is root has no sandbox, and a container little shared memory
            args=["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])],
        )
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Visitor:
    """Somebody in front of a browser window of their own."""

    page: Page
    bridge: Bridge
    #: what went wrong in the page itself; must be empty at the end
    mishaps: list[str] = field(default_factory=list)

    async def visit(self, place: str = "") -> None:
        """Open a place of the page by its address, such as `messages`; nothing of the place before is there then."""
        await self.page.goto(f"{self.bridge.url}/#/{place}")
        # the page hears of another address in a task of its own; one that is set now runs behind it
        await self.page.evaluate("new Promise((done) => setTimeout(done))")

    async def sign_in(self, place: str = "", name: str = "anna") -> None:
        """Get in as somebody whom `let_in` knows, and be at a place."""
        await self.visit(place)
        await self.page.get_by_label("Name", exact=True).fill(name)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.keyboard.press("Enter")
        await self.page.locator(".shell main h1, .shell main h2").first.wait_for(state="attached")

    async def sees(self, text: str, where: str = "main") -> None:
        """Wait until these words are there to be seen."""
        await self.page.locator(where).get_by_text(text).first.wait_for(timeout=PATIENCE)

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A request made by hand in this person's browser: status and what was answered."""
        status, text = await self.page.evaluate(
            """async ([method, path, body]) => {
                const { csrf } = await (await fetch("/v1/session")).json();
                const headers = { "Content-Type": "application/json", "SMS-Bridge-CSRF": csrf };
                const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
                return [answer.status, await answer.text()];
            }""",
            [method, path, body],
        )
        return status, json.loads(text) if text else None

    async def shoot(self, name: str) -> None:
        """Leave a picture of what is seen."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SHOTS / f"{name}.png", animations="disabled")

    async def overflow(self) -> int:
        """Pixels by which the page is wider than its window, or what is in a dialog or a row of buttons than that."""
        wide: int = await self.page.evaluate(
            "Math.max(...[document.documentElement, ...document.querySelectorAll('.dialog, .segments')]"
            ".map((each) => each.scrollWidth - each.clientWidth))"
        )
        return wide

    async def barriers(self) -> list[str]:
        """What keeps people with a screen reader, a keyboard or weak eyes out, as axe-core finds it."""
        await self.page.evaluate(AXE.read_text())
        found: dict[str, Any] = await self.page.evaluate("axe.run({ resultTypes: ['violations'] })")
        return [
            f"{each['impact']} {each['id']}: {each['help']} at {[node['target'] for node in each['nodes']][:4]}"
            for each in found["violations"]
        ]


async def comes_true(page: Page, expression: str) -> None:
    """Wait until it is so; asked from outside, because the page's policy lets no text become code."""
    async with asyncio.timeout(40):
        while not await page.evaluate(expression):
            await asyncio.sleep(0.05)


async def let_in(bridge: Bridge, *names: str, role: Role = Role.OWNER) -> None:
    """Make people who may sign in."""
    for name in names:
        await bridge.gateway.users.add("a test", name, role, PASSWORD)


@asynccontextmanager
async def visitor(browser: Browser, bridge: Bridge, **how: Any) -> AsyncIterator[Visitor]:
    """A new visitor without cookies. Raises AssertionError at the end when the page itself had an error."""
    settings = {"locale": "en-GB", "viewport": WIDE, "color_scheme": "light", **how}
    context = await browser.new_context(**settings)
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    one = Visitor(page, bridge)
    page.on("pageerror", lambda error: one.mishaps.append(str(error)))
    page.on("console", lambda said: one.mishaps.append(said.text) if "Content Security" in said.text else None)
    try:
        yield one
        assert one.mishaps == []
    finally:
        await context.close()
