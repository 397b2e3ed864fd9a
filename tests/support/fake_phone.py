"""The simplest phone that obeys the ports, and a supervisor that has it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from bridge.bus import Bus
from bridge.devices.supervisor import Supervisor
from bridge.errors import DeviceLost
from bridge.messages.outcomes import SendingRules
from bridge.model.finding import Finding
from bridge.model.line import Line, LineState
from bridge.model.message import State
from bridge.model.radio import Doubtful, Evidence, Inbound, Outgoing, Sent
from bridge.ports.clock import SystemClock
from bridge.ports.driver import Device, Found, Link
from bridge.ports.store import Store

RULES = SendingRules(retries=3, retry_interval_ms=60_000)


class FakeLink:
    """One line; what it hears is what the test puts there."""

    def __init__(self, *items: Inbound) -> None:
        self.heard: asyncio.Queue[Inbound | DeviceLost] = asyncio.Queue()
        self.sent: list[str] = []
        self.acknowledged: list[Inbound] = []
        self.closed = False
        #: raised by `send`
        self.trouble: Exception | None = None
        for item in items:
            self.heard.put_nowait(item)

    @property
    def lines(self) -> Sequence[Line]:
        return (Line("phone", "phone", "fake", LineState.READY),)

    def split(self, text: str) -> Sequence[str]:
        return [text]

    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        self.sent.append(outgoing.text)
        if self.trouble is not None:
            raise self.trouble
        return Sent(None)

    async def inbound(self) -> AsyncIterator[Inbound]:
        while True:
            item = await self.heard.get()
            if isinstance(item, DeviceLost):
                raise item
            yield item

    async def acknowledge(self, item: Inbound) -> None:
        self.acknowledged.append(item)

    async def refresh(self) -> Sequence[Line]:
        return self.lines

    async def close(self) -> None:
        self.closed = True
        self.heard.put_nowait(DeviceLost("the link was closed"))


class ClarifyingLink(FakeLink):
    """Finds traces of what it is asked about once the test lets it."""

    def __init__(self, *items: Inbound) -> None:
        super().__init__(*items)
        self.asked: list[Doubtful] = []
        self.may_answer = asyncio.Event()

    async def clarify(self, doubtful: Sequence[Doubtful]) -> None:
        self.asked += doubtful
        await self.may_answer.wait()
        for each in doubtful:
            self.heard.put_nowait(Evidence(each.line, each.message, each.index, State.SENT))


class FakeDriver:
    """Opens its links one after the other; without one the device is away."""

    name = "fake"
    options: Mapping[str, tuple[type, str]] = {}

    def __init__(self, *links: Link) -> None:
        self._links = list(links)
        self.opened: list[Device] = []
        self.found: list[Finding] = []
        self.examining = False
        self.may_examine = asyncio.Event()
        self.may_examine.set()

    def validate(self, device: Device) -> Sequence[str]:
        return []

    async def open(self, device: Device) -> Link:
        self.opened.append(device)
        if not self._links:
            raise DeviceLost("it is not there")
        return self._links.pop(0)

    async def discover(self) -> Sequence[Found]:
        return []

    async def examine(self, device: Device) -> Sequence[Finding]:
        self.examining = True
        await self.may_examine.wait()
        return self.found


@asynccontextmanager
async def supervised_by(driver: FakeDriver, store: Store, bus: Bus) -> AsyncIterator[Supervisor]:
    """A supervisor of one device, `phone`."""
    supervisor = Supervisor(store, bus, SystemClock(), {"fake": driver}, [Device("phone", "fake")], RULES)
    await supervisor.start()
    try:
        yield supervisor
    finally:
        await supervisor.close()


@asynccontextmanager
async def supervised(store: Store, bus: Bus, *links: Link) -> AsyncIterator[tuple[Supervisor, FakeDriver]]:
    """The same with these links, one after the other."""
    driver = FakeDriver(*links)
    async with supervised_by(driver, store, bus) as supervisor:
        yield supervisor, driver
