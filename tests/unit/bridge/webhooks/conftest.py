"""What delivering takes, on a real store: a clock, a poster that answers as told, and a queue for one endpoint."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.model.event import Event
from bridge.model.query import LedgerQuery
from bridge.model.radio import InboundPart
from bridge.model.webhook import Delivery, Endpoint
from bridge.store.sqlite import SqliteStore
from bridge.webhooks.retry_policy import Answer
from tests.support.clocks import START, FakeClock
from tests.support.store_rows import BY, SHOP

SOON = 30.0  # seconds a test waits for what must come


class SlowStore(SqliteStore):
    """Writes records, and answers what is owed, only while it may."""

    def __init__(self, path: str, bus: Bus) -> None:
        super().__init__(path, bus)
        self.may_record = asyncio.Event()
        self.may_record.set()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        #: raised instead of recording, once each
        self.troubles: list[Exception] = []
        #: how many deliveries each write had
        self.writes: list[int] = []
        #: raised instead of reading what is owed, once each
        self.unreadable: list[Exception] = []
        #: endpoints whose rows were read
        self.read: list[str] = []

    async def endpoints(self, account: str = "") -> Sequence[Endpoint]:
        if self.unreadable:
            raise self.unreadable.pop(0)
        return await super().endpoints(account)

    async def owed(self, endpoint: str, limit: int, after: int = 0) -> Sequence[tuple[Delivery, Event]]:
        if self.unreadable:
            raise self.unreadable.pop(0)
        rows = await super().owed(endpoint, limit, after)
        self.read.append(endpoint)
        await self.may_answer.wait()
        return rows

    async def record_attempts(self, deliveries: Sequence[Delivery], *more: float) -> None:
        self.writes.append(len(deliveries))
        await self.may_record.wait()
        if self.troubles:
            raise self.troubles.pop(0)
        await super().record_attempts(deliveries, *more)

    async def receive_sms(self, *texts: str, at: int = START) -> None:
        """SMS come in; every endpoint is owed them."""
        for number, text in enumerate(texts):
            await self.receive(InboundPart("office", f"SM:{at}:{number}", "+15550150", text, at), "office", at)

    async def rows(self) -> list[Delivery]:
        """The ledger, oldest first."""
        return sorted((await self.ledger("", LedgerQuery(limit=1000))).rows, key=lambda row: row.seq)

    async def rows_when(self, fit: Callable[[Delivery], bool]) -> list[Delivery]:
        """The ledger, once every row of it fits."""
        async with asyncio.timeout(SOON):
            while not all(map(fit, rows := await self.rows())):
                await asyncio.sleep(0.002)
        return rows


class Poster:
    """Answers 202, or what a test told it to answer next."""

    def __init__(self) -> None:
        #: texts that were posted, in order
        self.posted: list[str] = []
        #: answers to the next attempts
        self.answers: list[Answer | Exception] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked = asyncio.Event()

    async def __call__(self, endpoint: Endpoint, delivery: Delivery, event: Event, now: int) -> Answer:
        self.posted.append(str(event.data["text"]))
        self.asked.set()
        await self.may_answer.wait()
        answer = self.answers.pop(0) if self.answers else Answer(202)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def has_posted(self, count: int) -> list[str]:
        """Wait until so many attempts were made."""
        async with asyncio.timeout(SOON):
            while len(self.posted) < count:
                self.asked.clear()
                await self.asked.wait()
        return self.posted


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint("e1", SHOP.name, "http://127.0.0.1:9/hook", events=("message.received",))


@pytest.fixture
async def store(tmp_path: Path, bus: Bus, endpoint: Endpoint) -> AsyncIterator[SlowStore]:
    store = SlowStore(str(tmp_path / "bridge.db"), bus)
    await store.open()
    await store.add_account(SHOP, [])
    await store.add_endpoint(endpoint, BY)
    yield store
    await store.close()


@pytest.fixture
def poster() -> Poster:
    return Poster()
