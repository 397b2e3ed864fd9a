"""A device's way in over a real store, with a link in memory: what is on disk before the device may forget it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.devices.receiver import Receiver
from bridge.errors import DeviceLost, NotPossible
from bridge.model.inbox import Received
from bridge.model.message import Message, State
from bridge.model.query import CallQuery, InboxQuery, TypedQuery
from bridge.model.radio import Call, Evidence, Held, Inbound, InboundPart, InboundReport, Typed
from bridge.ports.store_rows import Outcome
from bridge.retry import STORE_PAUSE
from bridge.store.sqlite import SqliteStore
from bridge.tasks import Tasks
from tests.support.clocks import FakeClock, settle, skip
from tests.support.memory_device import MemoryLink
from tests.support.store_rows import NOW, SHOP, message

SOON = 30.0  # seconds a test waits for what must come


def sms(slot: str, text: str) -> InboundPart:
    return InboundPart("office", slot, "+15550150", text, NOW)


class RefusingStore(SqliteStore):
    """Commits what comes in only while it may."""

    def __init__(self, path: str, bus: Bus) -> None:
        super().__init__(path, bus)
        self.may_receive = asyncio.Event()
        self.may_receive.set()
        #: raised instead of committing, once each
        self.troubles: list[Exception] = []

    @contextmanager
    def full(self) -> Iterator[None]:
        """Its disk is full."""
        pages = self._write_connection.execute("PRAGMA page_count").fetchone()[0]
        self._write_connection.execute(f"PRAGMA max_page_count = {pages}")
        yield
        self._write_connection.execute("PRAGMA max_page_count = 1000000")

    async def receive(self, item: InboundPart, device: str, now: int, sim: str = "") -> Received | None:
        await self.may_receive.wait()
        return await super().receive(item, device, now, sim)

    async def settle(self, item: InboundReport | Evidence, now: int, sim: str = "") -> Message | None:
        if self.troubles:
            raise self.troubles.pop(0)
        return await super().settle(item, now, sim)


class SlowLink(MemoryLink):
    """Forgets only while it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_forget = asyncio.Event()
        self.may_forget.set()

    async def acknowledge(self, item: Inbound) -> None:
        await self.may_forget.wait()
        await super().acknowledge(item)


class Bench:
    """A device that hears, and who takes it in."""

    def __init__(self, store: RefusingStore, tasks: Tasks) -> None:
        self.store = store
        self.statements: list[str] = []
        store._write_connection.set_trace_callback(self.statements.append)
        self.link = SlowLink()
        self.running = tasks.start(Receiver(store, self.link, "office", FakeClock(NOW)).run(), "inbox")

    @property
    def commits(self) -> int:
        """Transactions so far."""
        return self.statements.count("COMMIT")

    async def hears(self, *items: Inbound) -> None:
        """These come in, and are committed and let go."""
        before = len(self.link.acknowledged)
        for item in items:
            self.link.heard.put_nowait(item)
        await self.until(lambda: len(self.link.acknowledged) == before + len(items))

    async def until(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON):
            while not happened():
                await asyncio.sleep(0.002)

    async def texts(self) -> list[str]:
        """What is on disk, oldest first."""
        return [row.text for row in reversed((await self.store.inbox("shop", InboxQuery(), NOW)).rows)]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    store, tasks = RefusingStore(str(tmp_path / "bridge.db"), Bus()), Tasks("test")
    await store.open()
    await store.add_account(SHOP, [])
    yield Bench(store, tasks)
    await tasks.close()
    await store.close()


async def test_the_device_may_forget_what_is_on_disk_and_nothing_else(bench: Bench) -> None:
    bench.store.may_receive.clear()
    bench.link.heard.put_nowait(sms("SM:1", "hello"))
    await settle()
    assert bench.link.acknowledged == []
    bench.store.may_receive.set()
    await bench.until(lambda: bench.link.acknowledged == [sms("SM:1", "hello")])
    assert await bench.texts() == ["hello"]


async def test_the_next_sms_does_not_wait_until_the_device_has_forgotten_the_last(bench: Bench) -> None:
    bench.link.may_forget.clear()
    for number in range(3):
        bench.link.heard.put_nowait(sms(f"SM:{number}", str(number)))
    async with asyncio.timeout(SOON):
        while await bench.texts() != ["0", "1", "2"]:
            await asyncio.sleep(0.002)
    assert bench.link.acknowledged == []


async def test_what_the_store_refuses_stays_on_the_device_and_is_committed_later_in_its_place(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with bench.store.full():
        bench.link.heard.put_nowait(sms("SM:1", "long" * 10_000))
        bench.link.heard.put_nowait(sms("SM:2", "short"))
        await bench.until(lambda: bool(caplog.records))
    await settle()
    assert bench.link.acknowledged == []
    skip(STORE_PAUSE)
    await bench.until(lambda: len(bench.link.acknowledged) == 2)
    assert await bench.texts() == ["long" * 10_000, "short"]


async def test_what_comes_in_at_once_shares_a_commit_in_its_order(bench: Bench) -> None:
    """The device let go of the first before the second came to its place: one lost here would be an SMS lost."""
    await bench.hears(sms("SM:1", "hello"))
    before = bench.commits
    bench.link.heard.put_nowait(Held("office", "SM:"))
    await bench.hears(sms("SM:1", "hello"), sms("SM:2", "world"))
    assert await bench.texts() == ["hello", "hello", "world"]
    assert bench.commits == before + 1


async def test_that_something_is_gone_waits_for_company_and_not_for_ever(bench: Bench) -> None:
    await bench.hears(sms("SM:1", "hello"))
    before = bench.commits
    bench.link.heard.put_nowait(Held("office", "SM:"))
    await bench.until(lambda: bench.commits == before + 1)


async def test_all_that_was_heard_before_the_device_was_lost_is_on_disk(bench: Bench) -> None:
    for item in (sms("SM:1", "hello"), Held("office", "SM:"), sms("SM:1", "hello"), DeviceLost("unplugged")):
        bench.link.heard.put_nowait(item)
    with pytest.raises(DeviceLost, match="unplugged"):
        await bench.running
    assert await bench.texts() == ["hello", "hello"]


async def test_the_same_slot_is_the_same_sms_until_the_device_is_seen_without_it(bench: Bench) -> None:
    await bench.hears(sms("SM:1", "hello"), sms("SM:1", "hello"))
    assert await bench.texts() == ["hello"]
    bench.link.heard.put_nowait(Held("office", "SM:"))
    await bench.hears(sms("SM:1", "hello"))
    assert await bench.texts() == ["hello", "hello"]


async def test_a_report_settles_the_message_it_is_for(bench: Bench) -> None:
    sent = message(1)
    await bench.store.submit([sent])
    await bench.store.claim("office", ("",), NOW)
    await bench.store.record(Outcome(sent.id, 1, State.SENT, 7), NOW)
    await bench.hears(InboundReport("office", "SR:7", sent.recipient, 7, State.DELIVERED, "", NOW))
    assert (await bench.store.message(sent.id)).state is State.DELIVERED


async def test_a_report_that_cannot_be_is_let_go_and_holds_nothing_up(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """It would come again and again, and keep all that comes after it from being read."""
    bench.store.troubles = [NotPossible("a message that is cancelled cannot become sent")]
    senseless = Evidence("office", "m1", 1, State.SENT)
    await bench.hears(senseless, sms("SM:1", "hello"))
    assert await bench.texts() == ["hello"]
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_what_a_phone_tells_of_itself_is_kept(bench: Bench) -> None:
    await bench.hears(
        Typed("office", "sms:1", "+15550124", "On my way", NOW),
        Call("office", "call:1", "missed", "+15550125", "Taylor", NOW, 0),
    )
    assert [row.text for row in (await bench.store.typed("shop", TypedQuery())).rows] == ["On my way"]
    assert [row.name for row in (await bench.store.calls("shop", CallQuery())).rows] == ["Taylor"]


async def test_it_ends_when_the_device_is_lost(bench: Bench) -> None:
    bench.link.heard.put_nowait(DeviceLost("unplugged"))
    with pytest.raises(DeviceLost, match="unplugged"):
        await bench.running
