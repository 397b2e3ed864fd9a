"""The HTTP side over the real gateway and the real store on a file, served on a loopback port, for tests."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from api.dialect.templated import SAMPLE_ID, SAMPLE_TEXT
from api.http.app import build_app, runner
from bridge.accounts.credentials import kept
from bridge.bus import Bus
from bridge.gateway.gateway import Devices, Gateway
from bridge.model.account import Account, Template
from bridge.model.inbox import Received
from bridge.model.line import Line, LineState
from bridge.model.message import Message, State
from bridge.model.query import MessageQuery
from bridge.model.radio import Call, InboundPart, Typed
from bridge.ports.store_rows import Outcome
from bridge.store import open_store
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import START, FakeClock
from tests.support.empty_store import empty_store

#: what `account add --json` prints
CREDENTIALS = {
    "account": "shop",
    "apikey": "b7" * 24,
    "client_id": "c1" * 16,
    "client_secret": "5e" * 32,
    "api_key": "a1" * 16,
    "api_secret": "d2" * 16,
    "v1_account": "shop",
    "v1_password": "f3" * 16,
    "app_id": "100001",
    "app_secret": "e4" * 16,
}
LINES = (
    Line("office", "office", "gsm_modem", LineState.READY, number="+15550100", model="E3372", seen_at=START),
    Line("duo:1", "duo", "android_adb", LineState.READY, slot=1, number="+15550101", battery=87, seen_at=START),
    Line("duo:2", "duo", "android_adb", LineState.ABSENT, slot=2, reason="switched off: switch it on"),
)


@dataclass
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The whole body as JSON."""
        return json.loads(self.body)


@dataclass
class HttpSite:
    """A served application with everything behind it at hand."""

    store: SqliteStore
    gateway: Gateway
    clock: FakeClock
    account: Account
    bus: Bus
    port: int = 0
    session: aiohttp.ClientSession = field(default=None)  # type: ignore[assignment]
    received: int = 0
    is_open: bool = True

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self.port}"

    async def ask(self, method: str, path: str, **kwargs: Any) -> Answer:
        """One request, redirects not followed."""
        async with self.session.request(method, self.url + path, allow_redirects=False, **kwargs) as response:
            return Answer(response.status, response.headers, await response.read())

    async def raw(self, request: bytes) -> Answer:
        """One request byte for byte on a connection of its own; `{length}` in it is its body's length."""
        head, _, body = request.partition(b"\r\n\r\n")
        head = head.replace(b"{length}", str(len(body)).encode()) + b"\r\nConnection: close\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(head + body)
        await writer.drain()
        async with asyncio.timeout(30):
            response = await reader.read()
        writer.close()
        await writer.wait_closed()
        status_and_headers, _, content = response.partition(b"\r\n\r\n")
        first, *lines = status_and_headers.decode().split("\r\n")
        return Answer(int(first.split()[1]), dict(line.split(": ", 1) for line in lines), content)

    async def messages(self) -> Sequence[Message]:
        """All that was accepted, oldest first."""
        page = await self.gateway.messages(Account("everybody", operator=True), MessageQuery(limit=1000))
        return page.rows[::-1]

    async def the_message(self) -> Message:
        """The only one that was accepted."""
        (message,) = await self.messages()
        return message

    async def hear(self, text: str, sender: str = "+15550123", line: str = "office", **more: Any) -> Received:
        """An SMS comes in now."""
        self.received += 1
        device = line.partition(":")[0]
        part = InboundPart(line, f"{self.received}", sender, text, **more)
        received = await self.store.receive(part, device, self.clock.at)
        assert received is not None
        return received

    async def tell(self, item: Typed | Call) -> None:
        """A phone tells this of itself."""
        assert await self.store.keep(item, item.line.partition(":")[0], self.clock.at) is not None

    async def close_store(self) -> None:
        """From now on nothing can be kept."""
        if self.is_open:
            self.is_open = False
            await self.store.close()

    async def bring(self, message: str, state: State, error: str = "") -> None:
        """Take the oldest queued message to a state by the way it takes in life."""
        now = self.clock.at
        if state is State.CANCELLED:
            await self.store.cancel(message, now)
        elif state is State.EXPIRED:
            self.clock.at += 3 * 24 * 3600 * 1000
            await self.store.advance(self.clock.at)
        elif state not in (State.QUEUED, State.SCHEDULED):
            claim = await self.store.claim("office", ("",), now)
            assert claim is not None
            assert claim.message.id == message
            if state is not State.SENDING:
                await self.store.record(Outcome(message, claim.index, state, 7, error), now)
        assert (await self.store.message(message)).state is state


@asynccontextmanager
async def open_site(
    folder: Path, lines: Callable[[], Sequence[Line]] = lambda: LINES, **options: Any
) -> AsyncIterator[HttpSite]:
    """Serve `build_app(gateway, **options)` over a fresh store, with one account called shop."""
    bus, clock = Bus(), FakeClock()
    store = await open_store(empty_store(folder), bus)
    gateway = Gateway(store, bus, devices=Devices(lines), clock=clock)
    account = Account("shop", START)
    await store.add_account(account, kept(CREDENTIALS))
    await gateway.administration.add_template("tests", Template("shop", SAMPLE_ID, SAMPLE_TEXT))
    site = HttpSite(store, gateway, clock, account, bus)
    serving = runner(build_app(gateway, **options))
    await serving.setup()
    tcp = web.TCPSite(serving, "127.0.0.1", 0)
    await tcp.start()
    site.port = serving.addresses[0][1]
    try:
        async with aiohttp.ClientSession() as site.session:
            yield site
    finally:
        await serving.cleanup()
        await site.close_store()
