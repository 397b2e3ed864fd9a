"""Long submissions where several bridges share a database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bridge.errors import IdempotencyConflict, StoreUnavailable
from bridge.model.message import Message
from bridge.model.query import MessageQuery
from bridge.store import bulk
from bridge.store.bulk import SLICE
from bridge.store.postgresql import long_submissions
from bridge.store.postgresql.store import PostgresqlStore
from tests.support.empty_store import empty_store
from tests.support.store_rows import SHOP, message
from tests.support.waiting import until
from tests.unit.bridge.store.postgresql.test_neighbours import LEASE, silence
from tests.unit.bridge.store.postgresql.test_place import opened

LONG = [message(number, client_ref=f"r{number}") for number in range(SLICE + 1)]
AGAIN = [replace(each, id=f"f{each.id[1:]}") for each in LONG]
SLICES = [LONG[start : start + SLICE] for start in range(0, len(LONG), SLICE)]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return empty_store(tmp_path, "postgresql")


@pytest.fixture
async def east(url: str) -> AsyncIterator[PostgresqlStore]:
    store = await opened(url, "east")
    await store.add_account(SHOP, [])
    yield store
    await store.close()


@pytest.fixture
async def west(url: str) -> AsyncIterator[PostgresqlStore]:
    store = await opened(url, "west")
    yield store
    await store.close()


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_submissions, "PATIENCE", 600.0)


class Held:
    """Keeps a store's long submissions from going on before their last slice is staged, or settled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()
        self._what, self._patch = what, monkeypatch

    def of(self, store: PostgresqlStore) -> "Held":
        if self._what == "accept":
            accept = store._accept

            async def accepted(*given: object) -> None:
                await self._wait()
                await accept(*given)  # type: ignore[arg-type]

            self._patch.setattr(store, "_accept", accepted)
            return self
        one, asked = store._one, 0

        async def some(job: object) -> object:
            nonlocal asked
            asked += getattr(job, "func", None) is bulk.settle
            if asked == 2:
                await self._wait()
            return await one(job)  # type: ignore[arg-type]

        self._patch.setattr(store, "_one", some)
        return self

    async def _wait(self) -> None:
        self.reached.set()
        await self.go_on.wait()


async def number(store: PostgresqlStore) -> int:
    return await store.count("shop", MessageQuery())


def left_over(url: str) -> list[int]:
    with psycopg.connect(url) as other:
        found = [
            other.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[arg-type]
            for table in ("bulk", "bulk_slices", "bulk_refs", "bulk_owners")
        ]
    return [row[0] if row else -1 for row in found]


async def test_a_bridge_that_starts_leaves_alone_what_another_stages(
    url: str, east: PostgresqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch, "accept").of(east)
    whole = asyncio.get_running_loop().create_task(east.submit(LONG))
    await until(held.reached.is_set)
    west = await opened(url, "west")
    assert left_over(url) == [1, len(SLICES), len(LONG), 1]
    held.go_on.set()
    assert await whole == (LONG, False)
    assert await number(west) == len(LONG)
    await until(lambda: left_over(url) == [0, 0, 0, 0])
    await west.close()


async def test_a_bridge_that_starts_leaves_alone_what_another_settles(
    url: str, east: PostgresqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch, "settle").of(east)
    whole = asyncio.get_running_loop().create_task(east.submit(LONG))
    await until(held.reached.is_set)
    west = await opened(url, "west")
    assert await number(west) == SLICE
    held.go_on.set()
    assert await whole == (LONG, False)
    await west.close()


async def test_what_lost_a_slice_before_it_was_accepted_is_refused_whole(
    url: str, east: PostgresqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch, "accept").of(east)
    whole = asyncio.get_running_loop().create_task(east.submit(LONG, "key", "digest"))
    await until(held.reached.is_set)
    await east._write(bulk.finish, 1)
    held.go_on.set()
    with pytest.raises(StoreUnavailable, match="nothing was accepted"):
        await whole
    await until(lambda: left_over(url) == [0, 0, 0, 0])
    assert await number(east) == 0
    monkeypatch.undo()
    assert await east.submit(LONG, "key", "digest") == (LONG, False)


async def test_what_was_discarded_takes_no_more_slices(url: str, east: PostgresqlStore) -> None:
    begun = await east._begin("shop", "", "")
    assert isinstance(begun, int)
    assert not await east._write(bulk.finish, begun)
    with pytest.raises(StoreUnavailable, match="nothing was accepted"):
        await east._stage(begun, 0, SLICES[0])
    assert left_over(url) == [0, 0, 0, 0]


async def test_a_slice_that_nobody_settled_is_not_taken_for_settled(url: str, east: PostgresqlStore) -> None:
    begun = await put_down(east, accepted=True)
    await east._write(lambda tx: tx.conn.execute("DELETE FROM bulk_slices WHERE place = 1"))
    with pytest.raises(StoreUnavailable, match="1 of these messages are not there"):
        await east._write(bulk.settle, begun, 1, SLICES[1], {})


async def put_down(store: PostgresqlStore, accepted: bool, key: str = "") -> int:
    begun = await store._begin("shop", key, "digest")
    assert isinstance(begun, int)
    staged = [await store._stage(begun, place, some) for place, some in enumerate(SLICES)]
    if accepted:
        await store._accept(begun, LONG, staged, key, "digest")
    return begun


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_bridge_finishes_at_its_start_what_it_left_and_what_is_nobodys(
    url: str, east: PostgresqlStore, west: PostgresqlStore, accepted: bool
) -> None:
    await put_down(east, accepted)
    await west._begin("shop", "", "")
    await east.close()
    with psycopg.connect(url) as other:  # as a release before this put it down
        other.execute("INSERT INTO bulk (account) VALUES ('shop')")
    again = await opened(url, "east")
    assert left_over(url) == [1, 0, 0, 1]  # west's
    assert await number(again) == (len(LONG) if accepted else 0)
    await again.close()


async def beaten(store: PostgresqlStore, url: str, left: int) -> bool:
    assert (await store.beat(LEASE, {})).on_duty
    return left_over(url) == [left] * 4


@pytest.mark.parametrize("accepted", [True, False])
async def test_what_a_bridge_left_that_is_gone_is_finished_by_the_one_with_the_duties(
    url: str, east: PostgresqlStore, west: PostgresqlStore, accepted: bool
) -> None:
    await put_down(east, accepted)
    before = left_over(url)
    silence(url)
    await west.beat(LEASE, {})
    assert left_over(url) == before  # its session has the name still
    await east.close()
    await until(lambda: beaten(west, url, 0))
    assert await number(west) == (len(LONG) if accepted else 0)


async def test_what_was_taken_over_is_finished_although_the_answer_to_that_was_lost(
    url: str, east: PostgresqlStore, west: PostgresqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was this bridge's by then, and waited for its next start."""
    await put_down(east, accepted=True)
    await east.close()
    await east_left(url)
    write = west._write

    async def lost(job: Callable[..., Any], *given: Any) -> Any:
        done = await write(job, *given)
        if job is long_submissions.take_over:
            monkeypatch.setattr(west, "_write", write)
            raise StoreUnavailable("the database does not answer")
        return done

    monkeypatch.setattr(west, "_write", lost)
    with pytest.raises(StoreUnavailable):
        await west.beat(LEASE, {})
    await until(lambda: beaten(west, url, 0))
    assert await number(west) == len(LONG)


async def test_what_a_bridge_left_is_its_own_as_long_as_it_may_come_back(
    url: str, east: PostgresqlStore, west: PostgresqlStore
) -> None:
    await put_down(east, accepted=True)
    before = left_over(url)
    await east.close()
    await west.beat(60 * LEASE, {})
    assert left_over(url) == before
    await east_left(url)
    await until(lambda: beaten(west, url, 0))


async def east_left(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("UPDATE bridges SET ended = 1 WHERE name = 'east'")


async def test_a_key_at_two_bridges_at_once_is_taken_once_and_both_get_all_of_it(
    url: str, east: PostgresqlStore, west: PostgresqlStore
) -> None:
    answers = await asyncio.gather(east.submit(LONG, "key", "digest"), west.submit(AGAIN, "key", "digest"))
    assert sorted(replayed for _, replayed in answers) == [False, True]
    assert list(answers[0][0]) == list(answers[1][0])
    assert len(answers[0][0]) == len(LONG) == await number(east)


@pytest.mark.parametrize("at", ["accept", "settle"])
async def test_a_repeat_elsewhere_waits_until_the_first_call_is_finished(
    east: PostgresqlStore, west: PostgresqlStore, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    held = Held(monkeypatch, at).of(east)
    whole = asyncio.get_running_loop().create_task(east.submit(LONG, "key", "digest"))
    await until(held.reached.is_set)
    waits = asyncio.Event()
    wait_for = west._wait_for

    async def noted(*given: str) -> None:
        waits.set()
        await wait_for(*given)

    monkeypatch.setattr(west, "_wait_for", noted)
    looked = asyncio.get_running_loop().create_task(west.remembered("shop", "key", "digest"))
    again = asyncio.get_running_loop().create_task(west.submit(AGAIN, "key", "digest"))
    if at == "settle":
        await until(waits.is_set)
        assert not looked.done()
    else:
        assert await looked is None
        await until(waits.is_set)
    assert not again.done()
    held.go_on.set()
    assert await whole == (LONG, False)
    assert at == "accept" or await looked == LONG
    stored, replayed = await again
    assert (list(stored), replayed) == (LONG, True)


async def test_a_repeat_that_waits_for_long_is_told_to_come_again(
    east: PostgresqlStore, west: PostgresqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_submissions, "PATIENCE", 0.0)
    await put_down(east, accepted=True, key="key")
    with pytest.raises(StoreUnavailable, match="still being taken in by the bridge 'east'"):
        await west.submit(AGAIN, "key", "digest")
    with pytest.raises(StoreUnavailable, match="still being taken in by the bridge 'east'"):
        await west.remembered("shop", "key", "digest")
    with pytest.raises(IdempotencyConflict):
        await west.remembered("shop", "key", "other")


async def test_a_repeat_finishes_what_was_begun_here_although_nobody_heard_of_it(
    url: str, east: PostgresqlStore
) -> None:
    await put_down(east, accepted=False, key="key")
    assert await east.submit(AGAIN, "key", "digest") == (AGAIN, False)
    await until(lambda: left_over(url) == [0, 0, 0, 0])


async def test_another_request_with_the_key_of_one_that_is_finished_is_a_conflict(
    east: PostgresqlStore, west: PostgresqlStore
) -> None:
    await east.submit(LONG, "key", "digest")
    other: list[Message] = [replace(each, client_ref="") for each in AGAIN]
    with pytest.raises(IdempotencyConflict):
        await west.submit(other, "key", "other")
