"""Real serial programs on the virtual modem's port."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
import serial
from gsmmodem.modem import GsmModem, ReceivedSms, StatusReport

from bridge.model.radio import Outgoing
from device_drivers.gsm_modem.pdu import encode_submit
from device_drivers.virtual.control import command
from device_drivers.virtual.modem.modem import Modem
from device_drivers.virtual.modem.profile import QUECTEL
from device_drivers.virtual.network.service_centre import Network
from tests.support.bare_library import let_handlers_end

LINE, CUSTOMER = "+15550100", "+15550150"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    network = Network()
    network.handset(CUSTOMER)
    yield network
    network.close()


@pytest.fixture
async def modem(network: Network, tmp_path: Path) -> AsyncIterator[Modem]:
    modem = Modem(network, LINE, link_path=tmp_path / "modem0")
    await modem.start()
    yield modem
    await modem.close()


class Wire:
    """A serial port read by hand, in a thread."""

    def __init__(self, path: str) -> None:
        self.port = serial.Serial(path, 115200, timeout=30, exclusive=True)

    async def ask(self, line: bytes, end: bytes = b"OK\r\n") -> bytes:
        """Type, and read up to `end`."""
        return await asyncio.to_thread(self._ask, line, end)

    def _ask(self, line: bytes, end: bytes) -> bytes:
        self.port.write(line)
        said: bytes = self.port.read_until(end)
        assert said.endswith(end), said
        return said

    async def read(self, end: bytes) -> bytes:
        """Read up to `end`."""
        return await self.ask(b"", end)


@pytest.fixture
def wire(modem: Modem) -> Iterator[Wire]:
    wire = Wire(modem.port)
    yield wire
    wire.port.close()


# -- a program by hand ------------------------------------------------------------------------------
async def test_talks_over_a_serial_port(wire: Wire) -> None:
    assert await wire.ask(b"AT+CSQ\r") == b"AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n"


async def test_keeps_its_settings_when_the_port_is_closed_and_opened(modem: Modem, wire: Wire) -> None:
    await wire.ask(b"ATE0\r")
    wire.port.close()
    again = Wire(modem.port)
    assert await again.ask(b"AT\r") == b"\r\nOK\r\n"
    again.port.close()


async def test_bytes_may_trickle(modem: Modem, wire: Wire) -> None:
    modem.faults.chunk, modem.faults.chunk_delay = 1, 0.001
    assert await wire.ask(b"AT+CGMM\r") == b"AT+CGMM\r\r\nVirtual Modem\r\n\r\nOK\r\n"


async def test_noise_is_on_the_line_as_it_is(modem: Modem, wire: Wire) -> None:
    modem.noise(b"\xff\xfe\x00")
    assert await wire.read(b"\x00") == b"\xff\xfe\x00"


async def test_lists_more_than_the_port_takes_at_once(modem: Modem, wire: Wire) -> None:
    for _ in range(255):
        modem.store("00" * 170)
    said = await wire.ask(b"AT+CMGL=4\r")
    assert said.count(b"+CMGL:") == 255


async def test_an_unplug_ends_reading_and_a_replug_comes_under_the_same_path(modem: Modem, wire: Wire) -> None:
    reading = asyncio.create_task(wire.read(b"never"))  # noqa: TID251 - a test waits for it below
    modem.unplug()
    with pytest.raises((serial.SerialException, OSError, AssertionError)):
        await reading
    assert not Path(modem.port).exists()
    modem.replug()
    again = Wire(modem.port)
    assert await again.ask(b"AT\r") == b"AT\r\r\nOK\r\n"
    again.port.close()


async def test_messages_outlive_an_unplug_and_others_wait_for_the_replug(
    network: Network, modem: Modem, wire: Wire
) -> None:
    await wire.ask(b"AT+CNMI=2,1,0,2,0\r")
    network.handset(CUSTOMER).send(LINE, "before")
    await wire.read(b'+CMTI: "ME",1\r\n')
    modem.unplug()
    network.handset(CUSTOMER).send(LINE, "meanwhile")
    modem.replug()
    again = Wire(modem.port)
    async with asyncio.timeout(30):
        while (await again.ask(b"AT+CMGL=4\r")).count(b"+CMGL: ") != 2:
            pass
    again.port.close()


async def test_a_reset_says_so_on_the_open_port(network: Network, tmp_path: Path) -> None:
    modem = Modem(network, "+15550101", link_path=tmp_path / "modem1", profile=QUECTEL)
    await modem.start()
    wire = Wire(modem.port)
    await wire.read(b"SMS DONE\r\n")
    modem.reset()
    assert b"RDY" in await wire.read(b"SMS DONE\r\n")
    wire.port.close()
    await modem.close()


async def test_rings_until_hung_up(modem: Modem, wire: Wire) -> None:
    await wire.ask(b"AT+CLIP=1;+CRC=1\r")
    modem.ring(CUSTOMER)
    assert b"+CRING: VOICE" in await wire.read(b'+CLIP: "+15550150",145,,,,0\r\n')
    await wire.ask(b"ATH\r")
    assert b"+CLCC" not in (await wire.ask(b"AT+CLCC\r")).removeprefix(b"AT+CLCC")


async def test_a_port_that_was_pulled_out_is_nobody_elses(network: Network) -> None:
    """Whoever goes on looking for a modem there must not find another one."""
    modem, other = Modem(network, "+15550101"), Modem(network, "+15550102")
    await modem.start()
    port = modem.port
    modem.unplug()
    assert not Path(port).exists()
    await other.start()
    assert other.port != port
    await other.close()


async def test_plugging_in_and_out_leaves_no_descriptor(network: Network, tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    modem = Modem(network, "+15550101", link_path=tmp_path / "modem1")
    for _ in range(20):
        modem.replug()
        modem.unplug()
    await modem.close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert list(tmp_path.iterdir()) == []


async def test_carries_five_hundred_each_way_in_a_few_seconds(network: Network, modem: Modem, wire: Wire) -> None:
    pdu, length = encode_submit(Outgoing("", CUSTOMER, "hello", report=False))
    await wire.ask(b"ATE0+CNMI=2,1,0,2,0\r")
    started = time.process_time()

    def send_all() -> None:
        for _ in range(500):
            wire._ask(f"AT+CMGS={length}\r".encode(), b"> ")
            wire._ask(f"{pdu}\x1a".encode(), b"OK\r\n")

    await asyncio.to_thread(send_all)
    assert len(await network.handset(CUSTOMER).wait(500)) == 500
    seen = 0
    for _ in range(500):
        network.handset(CUSTOMER).send(LINE, "hello")
    while seen < 500:
        seen += (await wire.ask(b"AT+CMGL=4\r")).count(b"+CMGL: ")
        await wire.ask(b"AT+CMGD=1,1\r")
    assert time.process_time() - started < 5


# -- python-gsmmodem-new, as it comes ---------------------------------------------------------------
@pytest.fixture
async def library(modem: Modem) -> AsyncIterator[tuple[GsmModem, "SimpleQueue[ReceivedSms | StatusReport]"]]:
    heard: SimpleQueue[ReceivedSms | StatusReport] = SimpleQueue()
    gsm = GsmModem(modem.port, smsReceivedCallbackFunc=heard.put, smsStatusReportCallback=heard.put)
    await asyncio.to_thread(gsm.connect)
    yield gsm, heard
    await asyncio.to_thread(let_handlers_end)
    await asyncio.to_thread(gsm.close)


async def test_the_library_connects_and_asks_around(
    library: tuple[GsmModem, "SimpleQueue[ReceivedSms | StatusReport]"],
) -> None:
    gsm, _ = library
    names = ("manufacturer", "model", "imei", "imsi", "networkName", "signalStrength", "ownNumber", "smsc")
    told = [await asyncio.to_thread(getattr, gsm, name) for name in names]
    assert told == [
        "Virtual", "Virtual Modem", "490154203237518", "001010123456789", "Virtual Network", 20, LINE, "+15550199"
    ]  # fmt: skip
    ussd = await asyncio.to_thread(gsm.sendUssd, "*100#")
    assert ussd.message == "Your balance is 12.34 EUR."


async def test_the_library_sends_and_hears_the_report(
    network: Network, library: tuple[GsmModem, "SimpleQueue[ReceivedSms | StatusReport]"]
) -> None:
    gsm, heard = library
    network.rules.report_delay = 0.05
    sent = await asyncio.to_thread(gsm.sendSms, CUSTOMER, "hello €")
    assert [(sms.sender, sms.text) for sms in await network.handset(CUSTOMER).wait()] == [(LINE, "hello €")]
    report = await asyncio.to_thread(heard.get, True, 5)
    assert (report.reference, report.deliveryStatus) == (sent.reference, 0)


async def test_the_library_receives(
    network: Network, library: tuple[GsmModem, "SimpleQueue[ReceivedSms | StatusReport]"]
) -> None:
    _, heard = library
    network.handset(CUSTOMER).send(LINE, "good day ✓")
    received = await asyncio.to_thread(heard.get, True, 5)
    assert (received.number, received.text) == (CUSTOMER, "good day ✓")


async def test_the_library_enters_the_pin(network: Network, tmp_path: Path) -> None:
    modem = Modem(network, "+15550101", link_path=tmp_path / "modem1", pin="1234")
    await modem.start()
    gsm = GsmModem(modem.port)
    await asyncio.to_thread(gsm.connect, "1234")
    assert modem.state.sim.state == "READY"
    await asyncio.to_thread(gsm.close)
    await modem.close()


# -- as its own process -----------------------------------------------------------------------------
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
async def test_runs_alone_until_told_to_end(tmp_path: Path, end: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "device_drivers.virtual", "--dir", str(tmp_path), "--modems", "2",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    ready = json.loads(await process.stdout.readline())
    assert ready["numbers"] == [LINE, "+15550101"]
    assert all(Path(port).exists() for port in ready["ports"])
    assert (await command(ready["control"], {"command": "numbers"}))["lines"][1]["number"] == "+15550101"
    process.send_signal(end)
    assert await process.wait() == 0
    assert list(tmp_path.iterdir()) == []
