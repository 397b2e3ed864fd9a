"""A repeated submission is one submission, whatever became of the first in between."""

import gc
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.errors import BadRequest, IdempotencyConflict, NotPossible
from bridge.gateway.gateway import Gateway
from bridge.messages.composer import INLINE_DRAFTS
from bridge.model.account import Account
from bridge.model.message import Draft
from bridge.model.query import MessageQuery
from bridge.store import open_store
from tests.support.clocks import START, FakeClock
from tests.support.empty_store import empty_store

SHOP = Account("shop", START)
HOUR = 3_600_000


class Site:
    """A gateway and the hands of its clock."""

    def __init__(self, gateway: Gateway, clock: FakeClock) -> None:
        self.gateway = gateway
        self.clock = clock

    async def submit(self, *drafts: Draft, key: str = "order-17") -> tuple[list[str], bool]:
        done = await self.gateway.submit(SHOP, drafts, key)
        return [message.text for message in done.messages], done.replayed

    async def count(self) -> int:
        return len((await self.gateway.messages(SHOP, MessageQuery(limit=10_000))).rows)

    async def delete(self, text: str) -> None:
        (message,) = (await self.gateway.messages(SHOP, MessageQuery(keyword=text))).rows
        await self.gateway.cancel(SHOP, message.id)
        assert await self.gateway.delete_messages(SHOP, MessageQuery(ids=(message.id,))) == 1


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    bus, clock = Bus(), FakeClock()
    store = await open_store(empty_store(tmp_path), bus)
    await store.add_account(SHOP, [])
    yield Site(Gateway(store, bus, clock=clock), clock)
    await store.close()


def draft(text: str = "hello", **more: object) -> Draft:
    return replace(Draft("+15550123", text), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "limits", [{"expires_at": START + HOUR}, {"not_before": START + HOUR, "expires_at": START + 2 * HOUR}]
)
async def test_a_repeat_is_answered_when_the_times_of_the_first_call_are_over(
    site: Site, limits: dict[str, int]
) -> None:
    first = await site.submit(draft(**limits))
    site.clock.at += 24 * HOUR
    with pytest.raises(BadRequest, match="expire"):
        await site.submit(draft(**limits), key="another")
    assert (first, await site.submit(draft(**limits))) == ((["hello"], False), (["hello"], True))
    assert await site.count() == 1


async def test_a_repeat_leaves_out_what_was_deleted_meanwhile(site: Site) -> None:
    await site.submit(draft("one"), draft("two"), draft("three"))
    await site.delete("two")
    assert await site.submit(draft("one"), draft("two"), draft("three")) == (["one", "three"], True)


async def test_a_repeat_of_which_nothing_is_left_says_so_and_sends_nothing(site: Site) -> None:
    await site.submit(draft())
    await site.delete("hello")
    with pytest.raises(NotPossible, match="were deleted"):
        await site.submit(draft())
    assert await site.count() == 0


async def test_another_request_with_the_same_key_is_a_conflict_even_when_it_is_wrong(site: Site) -> None:
    await site.submit(draft())
    for other in (draft("other"), draft(tag="x"), draft(recipient="nobody")):
        with pytest.raises(IdempotencyConflict):
            await site.submit(other)
    with pytest.raises(IdempotencyConflict):
        await site.submit(draft(), draft())


@pytest.mark.parametrize("count", [1, INLINE_DRAFTS + 1, 2 * INLINE_DRAFTS])
async def test_every_field_of_every_draft_counts(site: Site, count: int) -> None:
    drafts = [draft(f"{number}") for number in range(count)]
    await site.submit(*drafts)
    drafts[-1] = replace(drafts[-1], report=False)
    with pytest.raises(IdempotencyConflict):
        await site.submit(*drafts)


async def test_no_object_of_before_is_looked_at_while_many_messages_are_in_memory(site: Site) -> None:
    drafts = [Draft("+15550123", f"text {number}") for number in range(20 * INLINE_DRAFTS)]
    seen: list[int] = []

    def look(phase: str, about: dict[str, int]) -> None:
        seen.append(about["generation"])

    thresholds = gc.get_threshold()
    gc.collect()  # or the first thing that is made has the collector look at everything, before any is in memory
    gc.set_threshold(100, 2, 1)
    gc.callbacks.append(look)
    try:
        await site.gateway.submit(SHOP, drafts)
    finally:
        gc.callbacks.remove(look)
        after = gc.get_threshold()
        gc.set_threshold(*thresholds)
    assert seen
    assert 2 not in seen[:-10]
    assert after == (100, 2, 1)
