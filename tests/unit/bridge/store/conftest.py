"""A store on a file of its own, with two accounts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.store.sqlite import SqliteStore
from tests.support.empty_store import empty_store
from tests.support.store_rows import CAFE, SHOP


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
async def store(tmp_path: Path, bus: Bus) -> AsyncIterator[SqliteStore]:
    empty_store(tmp_path)
    store = SqliteStore(str(tmp_path / "bridge.db"), bus)
    await store.open()
    for account in (SHOP, CAFE):
        await store.add_account(account, [])
    yield store
    await store.close()
