"""Lines whose device goes away while the store keeps them waiting."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.devices import device_worker
from bridge.errors import DeviceLost
from bridge.model.account import Account
from bridge.model.line import Line, LineState
from bridge.model.message import Message, State
from bridge.model.query import InboxQuery
from bridge.model.radio import InboundPart, Outgoing, Sent
from bridge.ports.clock import SystemClock
from bridge.ports.store import Store
from bridge.store import connections, open_store
from tests.support.empty_store import empty_store
from tests.support.fake_phone import FakeLink, supervised
from tests.support.waiting import until

NOW = 1_795_000_000_000


async def submit(store: Store, *texts: str) -> list[str]:
    now = SystemClock().now()
    messages = [
        Message(f"{now + number:040x}", "shop", "+15550123", "+15550123", text, State.QUEUED, now, now, now)
        for number, text in enumerate(texts)
    ]
    await store.submit(messages)
    return [message.id for message in messages]


class HeldLink(FakeLink):
    """Its device answers once the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()
        self.answered = False

    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        sent = await super().send(line, outgoing)
        await self.may_answer.wait()
        self.answered = True
        return sent


class VanishingLink(FakeLink):
    """Its device is gone when its health is asked for."""

    vanished = False

    async def refresh(self) -> Sequence[Line]:
        if self.vanished:
            raise DeviceLost("unplugged")
        return self.lines


@contextmanager
def another_program_writes(folder: Path) -> Iterator[None]:
    """As a shell of SQLite that somebody left in a transaction."""
    with closing(sqlite3.connect(folder / "bridge.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("patience", [10.0, 0.01], ids=["the store is slow", "the store refuses"])
async def test_what_a_line_asked_of_the_store_is_seen_through_when_its_device_is_lost_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    """The outcome of one message and the claim of the next; both were left as they were, until a restart."""
    monkeypatch.setattr(device_worker, "CLOSE_PATIENCE", 0.2)
    monkeypatch.setattr(connections, "BUSY_TIMEOUT", patience)
    bus, first, second = Bus(), HeldLink(), FakeLink()
    store = await open_store(empty_store(tmp_path), bus)
    await store.add_account(Account("shop", NOW), [])
    async with supervised(store, bus, first, second) as (supervisor, _):
        one, _ = await submit(store, "one", "two")
        await until(lambda: first.sent)
        with another_program_writes(tmp_path):
            first.may_answer.set()
            await until(lambda: first.answered)
            first.heard.put_nowait(DeviceLost("unplugged"))
            await until(lambda: first.closed)
        supervisor.retry()
        await until(lambda: second.sent == ["two"])
        await ended(store, one)
        assert (await store.message(one)).state is State.SENT
    await store.close()


async def test_what_a_line_asked_of_the_store_is_seen_through_when_its_device_is_removed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_worker, "CLOSE_PATIENCE", 0.2)
    bus, link = Bus(), HeldLink()
    store = await open_store(empty_store(tmp_path), bus)
    await store.add_account(Account("shop", NOW), [])
    async with supervised(store, bus, link) as (supervisor, _), asyncio.TaskGroup() as tasks:
        one, two = await submit(store, "one", "two")
        await until(lambda: link.sent)
        with another_program_writes(tmp_path):
            link.may_answer.set()
            await until(lambda: link.answered)
            removing = tasks.create_task(supervisor.change({}, []))
            await until(lambda: link.closed)
        await removing
        await ended(store, one)
        assert (await store.message(one)).state is State.SENT
        async with asyncio.timeout(30):
            while (await store.message(two)).state is not State.QUEUED:
                await asyncio.sleep(0.005)
    await store.close()


async def test_what_a_lost_device_does_not_answer_is_unknown_although_the_store_refuses_that_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_worker, "LOSS_PATIENCE", 0.1)
    monkeypatch.setattr(device_worker, "CLOSE_PATIENCE", 0.2)
    monkeypatch.setattr(connections, "BUSY_TIMEOUT", 0.01)
    bus, link = Bus(), HeldLink()
    store = await open_store(empty_store(tmp_path), bus)
    await store.add_account(Account("shop", NOW), [])
    async with supervised(store, bus, link):
        [one] = await submit(store, "one")
        await until(lambda: link.sent)
        with another_program_writes(tmp_path):
            link.heard.put_nowait(DeviceLost("unplugged"))
            await until(lambda: link.closed)
        await ended(store, one)
        assert (await store.message(one)).state is State.UNKNOWN
    await store.close()


@pytest.mark.parametrize("end", ["it is lost", "it is removed", "the bridge ends"])
async def test_what_a_device_gave_out_is_kept_also_where_it_ends_before_the_store_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """It may be nowhere else by then: modems hand SMS over that they never stored."""
    monkeypatch.setattr(device_worker, "LOOK_INTERVAL", 0.05)
    monkeypatch.setattr(device_worker, "REFRESH_INTERVAL", 0.05)
    bus, link = Bus(), VanishingLink()
    store = await open_store(empty_store(tmp_path), bus)
    await store.add_account(Account("shop", NOW), [])
    async with supervised(store, bus, link) as (supervisor, _), asyncio.TaskGroup() as tasks:
        await until(lambda: [line.state for line in supervisor.lines()] == [LineState.READY])
        with another_program_writes(tmp_path):
            for number in range(3):
                link.heard.put_nowait(InboundPart("phone", f"CMT:{number}", "+15550124", f"number {number}", NOW))
                await until(link.heard.empty)
            link.vanished = end == "it is lost"
            if end == "it is removed":
                tasks.create_task(supervisor.change({}, []))
            elif end == "the bridge ends":
                supervisor.stop()
            await asyncio.sleep(0.5)  # for what is told that it ends
        await until(lambda: link.closed)
    found = [row.text for row in (await store.inbox("shop", InboxQuery(), NOW)).rows]
    await store.close()
    assert sorted(found) == ["number 0", "number 1", "number 2"]


async def ended(store: Store, id: str) -> None:
    async with asyncio.timeout(30):
        while (await store.message(id)).state in (State.QUEUED, State.SENDING):
            await asyncio.sleep(0.005)
