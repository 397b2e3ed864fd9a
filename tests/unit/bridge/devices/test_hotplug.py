"""udev's messages: which mean that a modem or a phone may be there now."""

import logging
import struct
from pathlib import Path

import pytest

from bridge.devices.hotplug import HotplugWatcher, is_plug, parse


def message(*words: str, prefix: bytes = b"libudev\0", magic: bytes = b"\xfe\xed\xca\xfe") -> bytes:
    """As udev sends it: `struct monitor_netlink_header`, then the properties."""
    properties = "".join(f"{word}\0" for word in words).encode()
    return struct.pack("8s4sIII", prefix, magic, 40, 40, len(properties)) + bytes(16) + properties


TTY = ("ACTION=add", "SUBSYSTEM=tty", "DEVNAME=/dev/ttyUSB0")
ADB = ("SUBSYSTEM=usb", "DEVTYPE=usb_device", "ID_USB_INTERFACES=:ffffff:ff4201:")


def test_a_message_is_read_with_all_it_says() -> None:
    assert parse(message(*TTY, "A=b=c", "odd")) == {
        "ACTION": "add", "SUBSYSTEM": "tty", "DEVNAME": "/dev/ttyUSB0", "A": "b=c",
    }  # fmt: skip


@pytest.mark.parametrize(
    "foreign",
    [
        b"",
        b"libudev\0",
        b"add@/devices/pci0000:00/usb1\0ACTION=add\0SUBSYSTEM=tty\0",
        message(*TTY, prefix=b"kernel\0\0"),
        message(*TTY, magic=b"\xca\xfe\xfe\xed"),
    ],
    ids=["empty", "short", "of the kernel", "prefix", "byte order"],
)
def test_what_is_not_of_udev_says_nothing(foreign: bytes) -> None:
    assert parse(foreign) == {}


@pytest.mark.parametrize(
    ("words", "plug"),
    [
        (TTY, True),
        (("ACTION=change", *TTY[1:]), True),
        (("ACTION=remove", *TTY[1:]), False),
        (("ACTION=unbind", *TTY[1:]), False),
        (("ACTION=bind", *ADB), True),
        (("ACTION=remove", *ADB), False),
        (("ACTION=add", "SUBSYSTEM=usb", "DEVTYPE=usb_device", "ID_USB_INTERFACES=:080650:"), False),
        (("ACTION=add", "SUBSYSTEM=usb", "DEVTYPE=usb_interface", "ID_USB_INTERFACES=:ff4201:"), False),
        (("ACTION=add", "SUBSYSTEM=block", "DEVNAME=/dev/sda"), False),
        ((), False),
    ],
)
def test_a_serial_port_or_a_device_that_speaks_adb_is_a_plug(words: tuple[str, ...], plug: bool) -> None:
    assert is_plug(parse(message(*words))) is plug


async def test_where_there_is_no_udev_that_is_said_once_and_nothing_is_called(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    plugs = HotplugWatcher(pytest.fail, control=tmp_path / "none")
    plugs.start()
    plugs.close()
    assert [record.levelno for record in caplog.records] == [logging.INFO]
    assert "found at its next reconnect" in caplog.text
