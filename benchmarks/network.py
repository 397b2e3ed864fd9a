"""The virtual network as a process of its own, steered over its control socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from benchmarks.processes import python, started
from device_drivers.virtual.control import command


@dataclass(frozen=True, slots=True)
class Network:
    """A running virtual network."""

    #: by modem: its number and the path of its serial port
    numbers: list[str]
    ports: list[str]
    #: Android phones, each with its `number` and the `address` by which adb connects it
    phones: list[dict[str, str]]
    #: other people's phones
    customers: list[str]
    control: str

    async def arrivals(self, customer: str, count: int, patience: float) -> list[int]:
        """When (Unix ms) a customer's phone got its messages, by the network's own note. Raises NotDone."""
        wanted = {"command": "handset", "number": customer, "count": count, "timeout": patience}
        return [sms["at"] for sms in (await command(self.control, wanted))["received"]]

    @asynccontextmanager
    async def writing(self) -> "AsyncIterator[Customer]":
        """A customer who writes over a connection that stays open, so that his request is on its way at once."""
        reader, writer = await asyncio.open_unix_connection(self.control)
        try:
            yield Customer(reader, writer)
        finally:
            writer.close()
            await writer.wait_closed()


@dataclass(frozen=True, slots=True)
class Customer:
    """Writes to lines."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def write(self, to: str, *texts: str) -> None:
        """Send these now."""
        for text in texts:
            self.writer.write(json.dumps({"command": "receive", "to": to, "text": text}).encode() + b"\n")

    async def written(self, count: int) -> None:
        """Read the answers to so many requests. Raises ValueError."""
        for _ in range(count):
            answer = json.loads(await self.reader.readline())
            if "error" in answer:
                raise ValueError(answer["error"])


@asynccontextmanager
async def network(
    folder: Path, modems: int = 1, latency: float = 0.0, phones: int = 0, first: int = 0
) -> AsyncIterator[Network]:
    """So many modems; `latency` is the seconds from a PDU to its +CMGS, `first` how many devices others have."""
    folder.mkdir(parents=True, exist_ok=True)
    many = ("--modems", str(modems), "--phones", str(phones), "--first", str(first))
    command = python("device_drivers.virtual", "--dir", folder, *many, "--latency", str(latency))
    async with started(*command, log=folder / "network.log") as process:
        assert process.stdout is not None
        ready = json.loads(await process.stdout.readline())
        yield Network(**{field.name: ready[field.name] for field in fields(Network)})
