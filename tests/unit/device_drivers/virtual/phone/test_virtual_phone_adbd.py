"""The phone's end of the adb protocol, packet by packet."""

import asyncio
import gc
import struct
from collections.abc import AsyncIterator

import pytest

from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.phone import Phone
from device_drivers.virtual.phone.adbd import AUTH, CLSE, CNXN, OKAY, OPEN, VERSION, WRTE

pytestmark = pytest.mark.needs("mksh")

LINE = "+15550140"


class Host:
    """An adb server that does what it is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def of(cls, phone: Phone) -> "Host":
        """Connected, and nothing said."""
        return cls(*await asyncio.open_connection("127.0.0.1", int(phone.address.split(":")[1])))

    def say(self, command: int, first: int, second: int, data: bytes = b"") -> None:
        """One packet."""
        head = struct.pack("<6I", command, first, second, len(data), 0, command ^ 0xFFFFFFFF)
        self._writer.write(head + data)

    async def hear(self) -> tuple[int, int, int, bytes]:
        """The next packet."""
        async with asyncio.timeout(30):
            command, first, second, size, *_ = struct.unpack("<6I", await self._reader.readexactly(24))
            return command, first, second, await self._reader.readexactly(size)

    async def greet(self) -> None:
        """Let in."""
        self.say(CNXN, VERSION, 1 << 20, b"host::features=shell_v2")
        assert (await self.hear())[0] == CNXN

    async def close(self) -> None:
        """Leave."""
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)


@pytest.fixture
async def phone(network: Network) -> AsyncIterator[Phone]:
    phone = Phone(network, [LINE])
    await phone.start()
    yield phone
    await phone.close()


@pytest.fixture
async def host(phone: Phone) -> AsyncIterator[Host]:
    host = await Host.of(phone)
    yield host
    await host.close()


async def test_names_itself_and_its_features(host: Host) -> None:
    host.say(CNXN, VERSION, 1 << 20, b"host::")
    command, version, size, banner = await host.hear()
    assert (command, version, size) == (CNXN, VERSION, 1 << 18)
    assert banner.startswith(b"device::ro.product.name=virtual;")
    assert b"features=shell_v2," in banner


async def test_asks_for_the_key_until_somebody_agrees(phone: Phone) -> None:
    phone.faults.authorized = False
    host = await Host.of(phone)
    host.say(CNXN, VERSION, 1 << 20, b"host::")
    assert (await host.hear())[:2] == (AUTH, 1)
    host.say(AUTH, 2, 0, b"x" * 256)
    assert (await host.hear())[:2] == (AUTH, 1)
    host.say(AUTH, 3, 0, b"key\0")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(host.hear(), 0.05)
    phone.faults.authorized = True
    assert (await host.hear())[0] == CNXN
    await host.close()


async def test_one_piece_at_a_time(phone: Phone, host: Host) -> None:
    await host.greet()
    host.say(OPEN, 7, 0, b"shell,v2,raw:getprop ro.serialno\0")
    assert (await host.hear())[:3] == (OKAY, 1, 7)
    assert await host.hear() == (WRTE, 1, 7, b"\x01\x0c\0\0\0VIRTUAL0001\n")
    with pytest.raises(TimeoutError):  # the exit code waits until the first piece is taken
        await asyncio.wait_for(host.hear(), 0.05)
    host.say(OKAY, 7, 1)
    assert await host.hear() == (WRTE, 1, 7, b"\x03\x01\0\0\0\0")
    assert (await host.hear())[:3] == (CLSE, 1, 7)
    assert phone.mistakes == []


async def test_a_piece_is_no_larger_than_the_host_takes(host: Host, phone: Phone) -> None:
    host.say(CNXN, VERSION, 64, b"host::")
    assert (await host.hear())[0] == CNXN
    host.say(OPEN, 7, 0, b"shell,v2,raw:getprop x " + b"y" * 100 + b"\0")
    said = b""
    while True:
        command, _, _, data = await host.hear()
        if command == CLSE:
            break
        assert len(data) <= 64
        said += data
        if command == WRTE:
            host.say(OKAY, 7, 1)
    assert said == b"\x01\x65\0\0\0" + b"y" * 100 + b"\n" + b"\x03\x01\0\0\0\0"


async def test_the_host_types_into_a_shell(host: Host) -> None:
    await host.greet()
    host.say(OPEN, 7, 0, b"shell,v2,raw:sh\0")
    assert (await host.hear())[0] == OKAY
    host.say(WRTE, 7, 1, b"\x00\x05\0\0\0exit ")
    assert (await host.hear())[0] == OKAY
    host.say(WRTE, 7, 1, b"\x00\x02\0\0\x009\n")
    assert (await host.hear())[0] == OKAY
    assert await host.hear() == (WRTE, 1, 7, b"\x03\x01\0\0\0\x09")


@pytest.mark.parametrize("service", ["sync:", "shell:", "shell,v2,pty:getprop", "reverse:list", "localabstract:x"])
async def test_services_that_it_lacks_are_never_opened(host: Host, service: str) -> None:
    await host.greet()
    host.say(OPEN, 7, 0, service.encode() + b"\0")
    assert (await host.hear())[:3] == (CLSE, 0, 7)


def test_leaves_nothing_when_switched_off_while_a_shell_starts() -> None:
    for turns in range(24):
        asyncio.run(_started_and_closed(turns))
    gc.collect()  # a pipe that was lost says so here, which is an error


async def _started_and_closed(turns: int) -> None:
    network = Network()
    phone = Phone(network, [LINE])
    await phone.start()
    host = await Host.of(phone)
    await host.greet()
    host.say(OPEN, 7, 0, b"shell,v2,raw:getprop\0")
    for _ in range(turns):
        await asyncio.sleep(0)
    await host.close()
    await phone.close()
    network.close()
    assert len(asyncio.all_tasks()) == 1
