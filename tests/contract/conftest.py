"""Every store there is, on a real file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.ports.store import Store
from bridge.store import STORES, open_store
from tests.support.empty_store import empty_store
from tests.support.store_rows import CAFE, SHOP, Opener


@pytest.fixture(params=sorted(STORES))
async def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens the same store again, as after a restart."""
    opened: list[Store] = []
    url = empty_store(tmp_path, request.param)

    async def again() -> Store:
        if opened:
            await opened.pop().close()
        opened.append(await open_store(url, exclusive=True))
        return opened[0]

    yield again
    for store in opened:
        await store.close()


@pytest.fixture
async def store(reopen: Opener) -> Store:
    store = await reopen()
    for account in (SHOP, CAFE):
        await store.add_account(account, [])
    return store
