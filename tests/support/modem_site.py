"""A modem on a pseudo-terminal, its driver, and somebody else's phone at the far end."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from bridge.model.radio import Evidence, Held, Inbound, InboundPart, InboundReport, Outgoing, Sent
from bridge.ports.driver import Device, VolatileMemory
from device_drivers.gsm_modem.driver import GsmModemDriver
from device_drivers.gsm_modem.link import ModemLink
from device_drivers.virtual.modem.modem import Modem
from device_drivers.virtual.network.handset import Handset
from device_drivers.virtual.network.service_centre import Network
from tests.support.waiting import until

OURS, THEIRS = "+15550101", "+15550199"
#: seconds in which anything that is to happen has happened
SOON = 30.0


@dataclass
class Site:
    """Everything a test needs; options are short of patience, so that silence is noticed soon."""

    network: Network
    modem: Modem
    far: Handset
    driver: GsmModemDriver = field(default_factory=GsmModemDriver)
    options: dict[str, Any] = field(default_factory=lambda: {"command_timeout": 2.0, "send_timeout": 5.0})
    #: leave `port` out of the configuration, as an `imei` among the options does
    without_port: bool = False
    #: what the bridge keeps for the device over restarts
    memory: VolatileMemory = field(default_factory=VolatileMemory)
    #: what the link gave out and somebody took, what it saw in passing among it
    taken: list[Inbound] = field(default_factory=list)
    #: the stages that the driver went through with a silent modem
    recovering: list[str] = field(default_factory=list)
    _link: ModemLink | None = None
    _inbound: AsyncIterator[Inbound] | None = None

    @property
    def device(self) -> Device:
        """As the configuration has it."""
        where = {} if self.without_port or "imei" in self.options else {"port": self.modem.port}
        return Device("office", self.driver.name, where | self.options, self.memory, self.recovering.append)

    @property
    def link(self) -> ModemLink:
        """The open one."""
        assert self._link is not None
        return self._link

    async def open(self, **options: Any) -> ModemLink:
        """Connect, instead of the link before."""
        await self.close()
        self.options |= options
        self._link = await self.driver.open(self.device)
        self._inbound = self._link.inbound()
        return self._link

    async def rested(self) -> None:
        """What is done after the opening is done: until something happens, or a poll is due, nothing is asked."""
        await until(lambda: self.link._keeper._chores._waiters)  # type: ignore[attr-defined]

    async def close(self) -> None:
        """Let go of the modem."""
        if self._link is not None:
            await self._link.close()
        self._link = None

    async def send(self, text: str = "hello", to: str = THEIRS, message: str = "m1", **more: Any) -> Sent:
        """One part."""
        return await self.link.send("office", Outgoing(message, to, text, **more))

    @contextmanager
    def impatient(self, seconds: float = 0.3) -> Iterator[None]:
        """What is sent meanwhile is given up after so long: anything else has its time, on a busy machine too."""
        sender = self.link._sender
        usual, sender._timeout = sender._timeout, seconds
        try:
            yield
        finally:
            sender._timeout = usual

    async def take(self, count: int = 1, acknowledge: bool = True) -> list[Inbound]:
        """The next things that come in, what the link saw left out."""
        assert self._inbound is not None
        taken: list[Inbound] = []
        async with asyncio.timeout(SOON):
            while len(taken) < count:
                item = await anext(self._inbound)
                self.taken.append(item)
                if isinstance(item, Held):
                    continue
                taken.append(item)
                if acknowledge:
                    await self.link.acknowledge(item)
        return taken

    async def take_part(self) -> InboundPart:
        """The next SMS; nothing else may come before it."""
        (item,) = await self.take()
        assert isinstance(item, InboundPart), item
        return item

    async def take_report(self) -> InboundReport:
        """The next report; nothing else may come before it."""
        (item,) = await self.take()
        assert isinstance(item, InboundReport), item
        return item

    async def take_evidence(self) -> Evidence:
        """The next evidence; nothing else may come before it."""
        (item,) = await self.take()
        assert isinstance(item, Evidence), item
        return item

    def waiting(self) -> list[Inbound]:
        """What was given out and nobody took yet, sights left out."""
        return [item for item in self._queued() if not isinstance(item, Held)]

    def told_gone(self, part: InboundPart) -> bool:
        """Was it told since `part` was taken that its slot was seen without it?"""
        since = self.taken[self.taken.index(part) + 1 :] + self._queued()
        sights = [item for item in since if isinstance(item, Held) and part.slot.startswith(item.place)]
        return any(part.slot not in held.slots for held in sights)

    def _queued(self) -> list[Inbound]:
        queue: deque[Inbound | None] = self.link._intake._inbound._queue  # type: ignore[attr-defined]
        return [item for item in queue if item is not None]

    def stored(self) -> int:
        """How many SMS and reports the modem holds."""
        return sum(len(self.modem.state.storage[name]) for name in self.modem.state.profile.sizes)


@asynccontextmanager
async def modem_site(number: str = OURS, **modem: Any) -> AsyncIterator[Site]:
    """A modem that is plugged in, not opened yet."""
    network = Network()
    site = Site(network, Modem(network, number, **modem), network.handset(THEIRS))
    await site.modem.start()
    try:
        yield site
    finally:
        await site.close()
        await site.modem.close()
        network.close()
