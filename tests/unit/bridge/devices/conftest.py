"""A real store for the devices."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.model.account import Account
from bridge.ports.store import Store
from bridge.store import open_store
from tests.support.empty_store import empty_store

NOW = 1_795_000_000_000


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
async def store(bus: Bus, tmp_path: Path) -> AsyncIterator[Store]:
    store = await open_store(empty_store(tmp_path), bus)
    await store.add_account(Account("shop", NOW), [])
    yield store
    await store.close()
