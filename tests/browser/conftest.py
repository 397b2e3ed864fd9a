"""A bridge on a virtual modem, and somebody who looks at its page."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from device_drivers.virtual.world import World
from tests.support.browsing import PROGRAMS, Visitor, chromium, let_in, visitor
from tests.support.running import Bridge, on_modems


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all that is here, before those that cannot run are left out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.needs(*PROGRAMS))
            # the tests of a file share the loop in which their browser was started
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests of a file: a start takes as long as a test, and who visits shares nothing with others."""
    async with chromium() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def site(tmp_path: Path) -> AsyncIterator[tuple[Bridge, World]]:
    async with on_modems(tmp_path) as (bridge, world):
        yield bridge, world


@pytest.fixture
def bridge(site: tuple[Bridge, World]) -> Bridge:
    return site[0]


@pytest.fixture
def world(site: tuple[Bridge, World]) -> World:
    return site[1]


@pytest_asyncio.fixture(loop_scope="module")
async def anna(browser: Browser, bridge: Bridge) -> AsyncIterator[Visitor]:
    """The owner, before the door."""
    await let_in(bridge, "anna")
    async with visitor(browser, bridge) as one:
        yield one
