"""Dialogues with a virtual modem's AT engine, without a port."""

import asyncio

from bridge.model.radio import Outgoing
from device_drivers.gsm_modem.pdu import encode_submit
from device_drivers.virtual.modem.engine import Engine
from device_drivers.virtual.modem.profile import GENERIC, Profile
from device_drivers.virtual.modem.sim import Sim
from device_drivers.virtual.modem.state import ModemState
from device_drivers.virtual.network.service_centre import Network

LINE, CUSTOMER = "+15550100", "+15550150"


class Talk:
    """Somebody who types at a modem and notes what it says."""

    def __init__(self, network: Network, profile: Profile = GENERIC, pin: str | None = None, size: int = 0) -> None:
        self.network = network
        self.said = bytearray()
        self._news = asyncio.Event()
        sizes = dict.fromkeys(profile.sizes, size) if size else None
        self.state = ModemState(
            network,
            Sim(LINE, "001010123456789", "89001012345678901237", pin),
            imei="490154203237518",
            write=self._hear,
            profile=profile,
            storage_sizes=sizes,
        )
        self.engine = Engine(self.state)
        self.state.power_on()

    def _hear(self, data: bytes) -> None:
        self.said += data
        self._news.set()

    def raw(self, data: bytes) -> bytes:
        """What it says at once to these bytes."""
        self.said.clear()
        self.state.terminal.feed(data)
        return bytes(self.said)

    def type(self, line: str) -> list[str]:
        """The lines it says at once to a command, echo left out."""
        said = self.raw(line.encode() + b"\r").removeprefix(line.encode() + b"\r")
        return [line for line in said.decode().split("\r\n") if line]

    async def until(self, text: str, timeout: float = 30.0) -> str:
        """Everything said since the last command, once it holds `text`."""
        async with asyncio.timeout(timeout):
            while text.encode() not in self.said:
                self._news.clear()
                await self._news.wait()
        return self.said.decode()

    def submit(self, text: str, to: str = CUSTOMER, report: bool = False) -> list[str]:
        """Send a text; the lines said at once to the PDU."""
        pdu, length = encode_submit(Outgoing("", to, text, report=report))
        assert self.type(f"AT+CMGS={length}")[-1:] == ["> "]
        said = self.raw(pdu.encode() + b"\x1a").removeprefix(pdu.encode())
        return [line for line in said.decode().split("\r\n") if line]


async def attached(talk: Talk) -> None:
    """Wait until the network knows the modem."""
    async with asyncio.timeout(20.0):
        while LINE not in talk.network.numbers:
            await asyncio.sleep(0)


async def held(network: Network, count: int = 1) -> None:
    """Wait until the network holds so many messages back for the line."""
    async with asyncio.timeout(20.0):
        while network.held(LINE) != count:
            await asyncio.sleep(0)
