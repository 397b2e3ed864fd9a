from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.receivers import Receiver
from tests.support.webhook_site import Bench, at_work


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with at_work(tmp_path / "bridge.db") as bench:
        yield bench


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver
