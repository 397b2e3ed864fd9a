"""The ledger at work on the real store, with the real HTTP client, for tests of webhooks."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from api.webhooks.poster import Webhooks
from bridge.bus import Bus
from bridge.errors import StoreUnavailable
from bridge.gateway.gateway import Gateway, Outlets
from bridge.model.account import Account
from bridge.model.query import LedgerQuery
from bridge.model.radio import InboundPart
from bridge.model.webhook import Delivery, DeliveryState, Endpoint
from bridge.store.sqlite import SqliteStore
from bridge.webhooks.deliverer import Deliverer
from bridge.webhooks.endpoint_queue import Poster
from tests.support.clocks import FakeClock
from tests.support.receivers import DEADLINE, Answering, Heard, Receiver

SHOP = Account("shop")
SECOND = 1000


class TroubledStore(SqliteStore):
    """A store whose disk can fill up, so that it records no more outcomes, or is slow to read its endpoints."""

    def __init__(self, path: str, bus: Bus) -> None:
        super().__init__(path, bus)
        self.full = False
        #: cleared while the endpoints cannot be read
        self.readable = asyncio.Event()
        self.readable.set()

    async def endpoints(self, account: str = "") -> Sequence[Endpoint]:
        await self.readable.wait()
        return await super().endpoints(account)

    async def record_attempts(self, deliveries: Sequence[Delivery], within: float = 0.0) -> None:
        if self.full:
            raise StoreUnavailable("the disk is full")
        await super().record_attempts(deliveries, within)


@dataclass
class Bench:
    """A store, a ledger at work on it, and what else a test needs at hand."""

    path: Path
    timeout: float = 5.0
    grace: float = 2.0
    clock: FakeClock = field(default_factory=FakeClock)
    bus: Bus = field(default_factory=Bus)
    deaths: list[BaseException] = field(default_factory=list)
    _slots: int = 0

    async def open(self) -> None:
        self.store = TroubledStore(str(self.path), self.bus)
        await self.store.open()
        self.gateway = Gateway(self.store, self.bus, clock=self.clock, outlets=Outlets(poke=self.poke))
        self.webhooks = Webhooks(timeout=self.timeout)
        await self.begin(self.webhooks)

    def poke(self, endpoint: str | None) -> None:
        """The ledger that is at work now."""
        self.ledger.poke(endpoint)

    async def begin(self, post: Poster) -> None:
        self.ledger = Deliverer(self.store, self.bus, self.clock, post, self.deaths.append, self.grace)
        await self.ledger.start()

    async def restart(self, post: Poster | None = None) -> None:
        await self.ledger.close()
        await self.begin(post or self.webhooks)

    async def close(self) -> None:
        await self.ledger.close()
        await self.webhooks.close()
        await self.store.close()
        assert self.deaths == []

    async def endpoint(self, receiver: Receiver, **options: Any) -> Endpoint:
        return await self.gateway.endpoints.add("test", SHOP, receiver.url, **options)

    async def sms(self, *texts: str) -> None:
        """SMS come in, committed one after the other."""
        for text in texts:
            self._slots += 1
            part = InboundPart("office", f"slot-{self._slots}", "+15550100", text, sent_at=self.clock.at)
            assert await self.store.receive(part, "office", self.clock.at) is not None

    async def rows(self, state: DeliveryState | None = None) -> list[Delivery]:
        """The ledger, oldest first."""
        page = await self.store.ledger("", LedgerQuery(state=state, limit=1000))
        return sorted(page.rows, key=lambda row: row.seq)

    async def until(self, fits: Callable[[list[Delivery]], bool]) -> list[Delivery]:
        """Wait until the ledger looks like this."""
        async with asyncio.timeout(DEADLINE):
            while not fits(rows := await self.rows()):
                await asyncio.sleep(0.005)
        return rows

    async def delivered(self, count: int) -> list[Delivery]:
        """Wait until so many are delivered."""
        return await self.until(lambda rows: sum(row.state is DeliveryState.DELIVERED for row in rows) >= count)

    async def tried(self, attempts: int) -> Delivery:
        """Wait until the first row has seen so many attempts."""
        return (await self.until(lambda rows: bool(rows) and rows[0].attempts >= attempts))[0]

    def pass_time(self, milliseconds: int) -> None:
        self.clock.at += milliseconds
        self.ledger.poke()

    def pass_until(self, at: int) -> None:
        self.pass_time(at - self.clock.at)


@asynccontextmanager
async def at_work(path: Path, **options: Any) -> AsyncIterator[Bench]:
    bench = Bench(path, **options)
    await bench.open()
    try:
        yield bench
    finally:
        await bench.close()


def numbered(count: int) -> list[str]:
    return [f"n{number:03}" for number in range(count)]


def answers(*statuses: int, then: int = 202, headers: Mapping[str, str] | None = None) -> Answering:
    """First these statuses, one a request, then another one for good."""
    left = list(statuses)

    def answer(heard: Heard, request: web.Request) -> web.Response:
        return web.Response(status=left.pop(0), headers=headers) if left else web.Response(status=then)

    return answer


def refuses(*texts: str, status: int = 400) -> Answering:
    """Takes everything but these."""
    return lambda heard, request: web.Response(status=status if heard.text in texts else 202)


async def hang(heard: Heard, request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError
