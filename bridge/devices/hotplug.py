"""Wakes reconnecting devices when something is plugged in, by listening to udev.

udev tells every program what it has done with a device: its names, its group and its mode are there by then.
This is the message that libudev reads, by netlink (7): a header (`struct monitor_netlink_header` of systemd's
sd-device) and then the properties, `KEY=value` with a NUL after each.
"""

import asyncio
import errno
import logging
import socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

log = logging.getLogger(__name__)

#: seconds from the first event to the call: a modem has five ports and a phone takes a moment to say who it is
SETTLE = 0.5
#: there while udev runs; in a container it is not
CONTROL = Path("/run/udev/control")

#: <linux/netlink.h>
NETLINK_KOBJECT_UEVENT = 15
#: the multicast group of events that udev's rules have been through; 1 is the kernel's own
PROCESSED = 2

#: prefix, magic (big-endian), size of the header, offset and length of the properties
_HEADER = struct.Struct("8s4sIII")
_PREFIX, _MAGIC = b"libudev\0", b"\xfe\xed\xca\xfe"
#: udev's messages are not longer
_LONGEST = 16_384  # bytes


def parse(message: bytes) -> Mapping[str, str]:
    """Parse a udev message into its properties; {} for anything else."""
    if len(message) < _HEADER.size:
        return {}
    prefix, magic, _, offset, length = _HEADER.unpack_from(message)
    if (prefix, magic) != (_PREFIX, _MAGIC):
        return {}
    words = message[offset : offset + length].decode(errors="replace").split("\0")
    return dict(word.split("=", 1) for word in words if "=" in word)


def is_plug(event: Mapping[str, str]) -> bool:
    """Whether the event may be a modem or a phone: a serial port, or a device that speaks adb."""
    if event.get("ACTION") not in {"add", "bind", "change", "move"}:
        return False
    if event.get("SUBSYSTEM") == "tty":
        return True
    return event.get("DEVTYPE") == "usb_device" and ":ff4201:" in event.get("ID_USB_INTERFACES", "")


class HotplugWatcher:
    """Calls `plugged` on the loop, once for each burst of events."""

    def __init__(self, plugged: Callable[[], None], settle: float = SETTLE, control: Path = CONTROL) -> None:
        self._plugged = plugged
        self._settle = settle
        self._control = control
        self._socket: socket.socket | None = None
        self._soon: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start listening; without udev, log that once and never call back."""
        if not self._control.exists():
            log.info("udev is not running: a device that is plugged in is found at its next reconnect")
            return
        try:
            self._socket = _listen()
        except OSError as error:
            log.info("cannot listen to udev (%s): a device that is plugged in is found at its next reconnect", error)
            return
        asyncio.get_running_loop().add_reader(self._socket, self._read, self._socket)

    def close(self) -> None:
        """Stop listening. Harmless when repeated."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _read(self, heard: socket.socket) -> None:
        try:
            message = heard.recv(_LONGEST)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            if error.errno == errno.ENOBUFS:  # so many that some were lost: one of them may have been ours
                self._burst()
                return
            log.warning("no longer receiving udev events: %s", error)
            self.close()
            return
        event = parse(message)
        if is_plug(event):
            log.debug("udev: %s %s", event.get("ACTION"), event.get("DEVNAME"))
            self._burst()

    def _burst(self) -> None:
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(self._settle, self._call)

    def _call(self) -> None:
        self._soon = None
        self._plugged()


def _listen() -> socket.socket:
    """A socket that receives udev's messages, which only root can send. Raises OSError."""
    heard = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_KOBJECT_UEVENT)
    try:
        heard.setblocking(False)
        heard.bind((0, PROCESSED))
    except BaseException:
        heard.close()
        raise
    return heard
