from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.http_site import HttpSite, open_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HttpSite]:
    """Every dialect, served as it comes."""
    async with open_site(tmp_path) as opened:
        yield opened
