"""The bridge that the native API's tests talk to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.native_site import Caller, Site, site_in


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with site_in(tmp_path) as site:
        yield site


@pytest.fixture
def shop(site: Site) -> Caller:
    return site.shop
