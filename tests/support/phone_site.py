"""Phones behind a real adb server, their driver, and somebody else's phone at the far end."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bridge.errors import DeviceLost
from bridge.model.radio import Evidence, Held, Inbound, InboundPart, Outgoing, Sent
from bridge.ports.driver import Device, VolatileMemory
from device_drivers.android_adb.clocks import Clock
from device_drivers.android_adb.driver import AndroidAdbDriver
from device_drivers.android_adb.link import PhoneLink
from device_drivers.virtual.network.handset import Handset
from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.phone import AdbServer, Phone
from tests.support.waiting import until

OURS, SECOND, THEIRS = "+15550101", "+15550102", "+15550199"
#: seconds in which anything that is to happen has happened
SOON = 30.0


@dataclass
class OwnClock:
    """A clock that stands until it is moved. Seconds."""

    now: float = 1000.0

    @property
    def clock(self) -> Clock:
        """As the driver wants it."""
        return Clock(lambda: self.now, lambda: self.now + 1_700_000_000)


@dataclass
class Site:
    """Everything a test needs; options are short of patience, so that silence is noticed soon."""

    network: Network
    phone: Phone
    adb: AdbServer
    far: Handset
    driver: AndroidAdbDriver = field(default_factory=AndroidAdbDriver)
    memory: VolatileMemory = field(default_factory=VolatileMemory)
    options: dict[str, Any] = field(default_factory=dict)
    _link: PhoneLink | None = None
    _inbound: AsyncIterator[Inbound] | None = None

    @property
    def device(self) -> Device:
        """As the configuration has it."""
        patience = {"poll_interval": 0.1, "settle": 0.15, "send_timeout": 3.0, "command_timeout": 15.0}
        where = {"serial": self.phone.address, "adb_port": self.adb.port}
        return Device("office", self.driver.name, {**patience, **where, **self.options}, self.memory)

    @property
    def link(self) -> PhoneLink:
        """The open one."""
        assert self._link is not None
        return self._link

    async def open(self, **options: Any) -> PhoneLink:
        """Connect, instead of the link before."""
        await self.close()
        self.options |= options
        async with asyncio.timeout(SOON):
            self._link = await self.driver.open(self.device)
        self._inbound = self._link.inbound()
        return self._link

    async def rested(self) -> None:
        """The driver's look at the phone is over: it waits for the next one, or for news."""
        await until(lambda: self.link._stirred._waiters)  # type: ignore[attr-defined]

    async def reopen(self) -> PhoneLink:
        """Connect as the core does: again and again until the phone is there."""
        async with asyncio.timeout(SOON):
            while True:
                try:
                    return await self.open()
                except DeviceLost:
                    await asyncio.sleep(0.1)

    async def close(self) -> None:
        """Let go of the phone."""
        if self._link is not None:
            await self._link.close()
        self._link = None

    async def send(self, text: str = "hello", to: str = THEIRS, message: str = "m1", line: str = "office") -> Sent:
        """One message."""
        async with asyncio.timeout(SOON):
            return await self.link.send(line, Outgoing(message, to, text))

    @contextmanager
    def impatient(self, seconds: float = 0.5) -> Iterator[None]:
        """What is sent meanwhile is given up after so long: anything else has its time, on a busy machine too."""
        sender = self.link._sender
        usual, sender._options = sender._options, replace(sender._options, send_timeout=seconds)
        try:
            yield
        finally:
            sender._options = usual

    async def take(self, count: int = 1, acknowledge: bool = True) -> list[Inbound]:
        """The next things that come in."""
        assert self._inbound is not None
        taken: list[Inbound] = []
        async with asyncio.timeout(SOON):
            while len(taken) < count:
                item = await anext(self._inbound)
                if isinstance(item, Held):
                    continue
                taken.append(item)
                if acknowledge:
                    await self.link.acknowledge(item)
        return taken

    async def texts(self, count: int) -> list[str]:
        """What the next SMS say; nothing else may come between them."""
        items = await self.take(count)
        return [item.text for item in items if isinstance(item, InboundPart)]

    async def evidence(self) -> Evidence:
        """The next evidence; nothing else may come before it."""
        (item,) = await self.take()
        assert isinstance(item, Evidence), item
        return item

    async def lost(self) -> str:
        """Why the link ended, once it has."""
        assert self._inbound is not None
        async with asyncio.timeout(SOON):
            try:
                while True:
                    await anext(self._inbound)
            except DeviceLost as lost:
                return lost.message

    async def heard(self, count: int = 1) -> list[str]:
        """What the far end has got, once it is so many."""
        return [sms.text for sms in await self.far.wait(count, SOON)]


@asynccontextmanager
async def phone_site(directory: Path, numbers: Sequence[str] = (OURS,), **phone: Any) -> AsyncIterator[Site]:
    """A phone that is plugged in and trusts this computer, not opened yet."""
    network = Network()
    site = Site(network, Phone(network, numbers, **phone), AdbServer(directory / "adb"), network.handset(THEIRS))
    await site.adb.start()
    try:
        await site.phone.start()
        await site.adb.connect(site.phone.address)
        yield site
    finally:
        await site.close()
        await site.adb.close()
        await site.phone.close()
        network.close()
    assert not site.phone.mistakes, site.phone.mistakes
