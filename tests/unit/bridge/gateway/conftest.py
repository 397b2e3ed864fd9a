"""A gateway on a real store, with two accounts and an operator."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.model.account import Account
from bridge.store.sqlite import SqliteStore
from tests.support.empty_store import empty_store
from tests.support.store_rows import CAFE, SHOP

CHIEF = Account("chief", operator=True)


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
async def store(tmp_path: Path, bus: Bus) -> AsyncIterator[SqliteStore]:
    empty_store(tmp_path)
    store = SqliteStore(str(tmp_path / "bridge.db"), bus)
    await store.open()
    for account in (SHOP, CAFE, CHIEF):
        await store.add_account(account, [])
    yield store
    await store.close()
