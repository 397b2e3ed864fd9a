"""A device in memory that obeys the ports: what goes out is noted, what comes in is what the test puts there."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from bridge.errors import DeviceLost
from bridge.model.finding import Finding
from bridge.model.line import Line, LineState
from bridge.model.radio import Inbound, Outgoing, Sent
from bridge.ports.driver import Device, Found


class MemoryLink:
    """One line, named after its device."""

    def __init__(self, name: str = "office") -> None:
        self.line = Line(name, name, "memory", LineState.READY)
        self.sent: list[Outgoing] = []
        #: raised by the next sends, first one first
        self.troubles: list[Exception] = []
        #: a send waits for it
        self.may_send = asyncio.Event()
        self.may_send.set()
        #: set while a part is in the device's hands
        self.sending = asyncio.Event()
        self.heard: asyncio.Queue[Inbound | DeviceLost] = asyncio.Queue()
        self.acknowledged: list[Inbound] = []
        #: how often it raised one of those
        self.refused = 0
        #: how often it was asked for its health, and what it finds then; None for no change
        self.refreshed = 0
        self.when_asked: LineState | None = None
        self.closed = False

    def become(self, state: LineState, reason: str = "") -> None:
        """The line's state changes."""
        self.line = replace(self.line, state=state, reason=reason)

    @property
    def lines(self) -> Sequence[Line]:
        return (self.line,)

    def split(self, text: str) -> Sequence[str]:
        return [text]

    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        self.sending.set()
        try:
            await self.may_send.wait()
        finally:
            self.sending.clear()
        if self.troubles:
            self.refused += 1
            raise self.troubles.pop(0)
        self.sent.append(outgoing)
        return Sent(len(self.sent) % 256)

    async def inbound(self) -> AsyncIterator[Inbound]:
        while True:
            item = await self.heard.get()
            if isinstance(item, DeviceLost):
                raise item
            yield item

    async def acknowledge(self, item: Inbound) -> None:
        self.acknowledged.append(item)

    async def refresh(self) -> Sequence[Line]:
        self.refreshed += 1
        if self.when_asked is not None:
            self.become(self.when_asked)
        return self.lines

    async def close(self) -> None:
        self.closed = True
        self.heard.put_nowait(DeviceLost("the link was closed"))


class MemoryDriver:
    """Opens the links it was given, by the device's name."""

    name = "memory"
    options: Mapping[str, tuple[type, str]] = {}

    def __init__(self, *links: MemoryLink) -> None:
        self._links = {link.line.device: link for link in links}
        self.opened: list[str] = []

    @property
    def devices(self) -> Sequence[Device]:
        """As the configuration has them."""
        return [Device(name, self.name) for name in self._links]

    def validate(self, device: Device) -> Sequence[str]:
        return []

    async def open(self, device: Device) -> MemoryLink:
        self.opened.append(device.name)
        return self._links[device.name]

    async def discover(self) -> Sequence[Found]:
        return []

    async def examine(self, device: Device) -> Sequence[Finding]:
        return []
