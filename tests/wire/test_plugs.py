"""Plugging in wakes the bridge: events as udev sends them, through umockdev, to a bridge of its own process."""

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bridge.devices.hotplug import HotplugWatcher, is_plug, parse
from device_drivers.virtual.world import World
from tests.support.uevents import Sender, command, sender
from tests.support.usb_trees import ROOTS, Device, Interface

pytestmark = pytest.mark.needs("udevadm", "umockdev-run", "unshare")

STICK = Device("2c7c:0125", "EC25", tuple(Interface("ff0000", f"ttyUSB{number}") for number in range(4)))
PHONE = Device("18d1:4ee7", "Pixel", (Interface("ff4201", driver="usbfs"),), "R58M00TEST", "1-2")
KEYBOARD = Device("046d:c31c", "Keyboard K120", (Interface("030101", driver="usbhid"),), socket="1-3")
TREE = "\n".join((ROOTS, STICK.record(), PHONE.record(), KEYBOARD.record()))
#: seconds in which anything that is to happen has happened
SOON = 30.0
LISTENER = """
import asyncio
from bridge.devices.hotplug import HotplugWatcher
async def main():
    HotplugWatcher(lambda: print("plugged", flush=True), settle=2.0).start()  # a burst may take its time
    await asyncio.Event().wait()
asyncio.run(main())
"""


@asynccontextmanager
async def program(events: Sender, *words: str) -> AsyncIterator[asyncio.StreamReader]:
    """What a program says that hears the events, from when it listens on."""
    process = await asyncio.create_subprocess_exec(
        *command(*words),
        env=events.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=Path(__file__).parent.parent.parent,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(SOON):
            while not events.listeners and process.returncode is None:
                await asyncio.sleep(0.01)
        yield process.stdout
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def said(output: asyncio.StreamReader, words: str) -> str:
    """The line with these words, once it comes."""
    seen = []
    async with asyncio.timeout(SOON):
        while line := (await output.readline()).decode():
            seen.append(line)
            if words in line:
                return line
    raise AssertionError(f"no {words!r} in {''.join(seen)}")


async def test_a_burst_of_events_is_one_call() -> None:
    with sender(TREE) as events:
        async with program(events, sys.executable, "-c", LISTENER) as output:
            # not more: umockdev's sender gives up at ten that are not read yet
            for path in (*(STICK.tty(each.tty) for each in STICK.interfaces), PHONE.path):
                events.tell(path, "add")
            assert await said(output, "plugged")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(output.readline(), 3.0)
            events.tell(PHONE.path, "bind")
            assert await said(output, "plugged")


async def test_what_can_be_no_modem_or_phone_wakes_nobody() -> None:
    with sender(TREE) as events:
        async with program(events, sys.executable, "-c", LISTENER) as output:
            events.tell(KEYBOARD.path, "add")
            events.tell(STICK.path, "add")  # its ports come later, each with an event
            events.tell(STICK.tty("ttyUSB2"), "remove")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(output.readline(), 3.0)


@pytest.fixture
def beside_dev() -> Iterator[Path]:
    """A folder on the disk: for a program that umockdev watches, all of /dev is another, with what lies in /dev/shm."""
    with TemporaryDirectory(dir="/var/tmp") as folder:
        yield Path(folder)


async def test_a_device_is_back_at_once_when_something_is_plugged_in(beside_dev: Path) -> None:
    config = beside_dev / "config.toml"
    async with World(beside_dev / "world", modems=1) as world:
        modem = world.modems[0]
        modem.state.sim.pin = "1234"  # and none is configured: a line that waits for a person waits 30 s at least
        modem.unplug()
        modem.replug()
        config.write_text(
            f'[http]\nport = 0\n[store]\nurl = "sqlite:///{beside_dev}/bridge.db"\n'
            f'[devices.office]\ndriver = "gsm_modem"\nport = "{modem.port}"\n'
        )
        with sender(TREE) as events:
            async with program(events, sys.executable, "-m", "bridge", "serve", "--config", str(config)) as output:
                await said(output, "office is parked")
                modem.unplug()
                modem.state.sim.pin = None
                modem.replug()
                plugged = time.monotonic()
                events.tell(STICK.tty("ttyUSB2"), "add")
                await said(output, "office is ready")
                assert time.monotonic() - plugged < 25.0


async def test_says_so_where_there_is_no_udev(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    plugs = HotplugWatcher(lambda: None, control=tmp_path / "control")
    plugs.start()
    plugs.close()
    assert [record.getMessage() for record in caplog.records] == [
        "udev is not running: a device that is plugged in is found at its next reconnect"
    ]


@pytest.mark.parametrize("message", [b"", b"libudev\0", b"add@/devices/x\0ACTION=add\0", b"\xff" * 100])
def test_what_udev_did_not_send_says_nothing(message: bytes) -> None:
    assert parse(message) == {}


def test_a_port_counts_and_a_phone_but_not_their_leaving() -> None:
    assert is_plug({"ACTION": "add", "SUBSYSTEM": "tty"})
    phone = {"SUBSYSTEM": "usb", "DEVTYPE": "usb_device", "ID_USB_INTERFACES": ":080650:ff4201:"}
    assert is_plug({"ACTION": "bind", **phone})
    assert not is_plug({"ACTION": "unbind", **phone})
    assert not is_plug({"ACTION": "add", "SUBSYSTEM": "usb", "DEVTYPE": "usb_interface"})
    assert not is_plug({})
