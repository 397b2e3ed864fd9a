"""What waits for a site: messages for its lines, not those that any line may carry."""

import pytest

from bridge.gateway.sites import Sites
from bridge.model.site import Site, Way
from bridge.ports.store_rows import MOST_TOLD
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import FakeClock
from tests.support.store_rows import NOW, message


async def waiting(store: SqliteStore, *routes: str) -> list[int]:
    await store.submit([message(number, route=route) for number, route in enumerate(routes, 1)])
    sites = [Site("shop2", Way.DIALS), Site("shop", Way.DIALS)]
    return [site.waiting_here for site in await Sites(store, FakeClock(NOW), lambda: sites).all()]


async def test_it_is_what_only_its_lines_may_carry_also_before_they_are_known(store: SqliteStore) -> None:
    assert await waiting(store, "", "shop2", "shop2:line0", "shop2:phone.2", "shop:line0", "office") == [3, 1]


async def test_a_count_ends_somewhere(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.gateway.sites.MOST_TOLD", 2)
    assert await waiting(store, "shop2", "shop2:line0", "shop2:line1") == [2, 0]
    assert MOST_TOLD > 2
