"""USB devices as udev sees them: records for umockdev, and what udev makes of them by our rules.

The ids, interfaces and drivers are what such devices show in public; the serial numbers are made up.
"""

import grp
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.support.namespaces import apart

RULES = Path(__file__).parents[2] / "udev" / "60-sms-bridge.rules"
#: the USB host on the PCI bus that everything is plugged into
_HOST = "/devices/pci0000:00/0000:00:14.0"
ROOTS = f"""\
P: {_HOST}
E: SUBSYSTEM=pci
E: DRIVER=xhci_hcd
A: vendor=0x8086

P: {_HOST}/usb1
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
A: idVendor=1d6b
A: idProduct=0002
"""


class Interface(NamedTuple):
    """One of a device's; `tty` is the port it has, if any."""

    #: class, subclass and protocol: "ff0201"
    kind: str
    tty: str = ""
    driver: str = "option"


@dataclass(frozen=True)
class Device:
    """Something plugged into a USB socket."""

    ids: str
    product: str
    interfaces: Sequence[Interface]
    serial: str = ""
    #: bus and ports on the way, as the kernel names them
    socket: str = "1-1"

    @property
    def path(self) -> str:
        """In sysfs, without /sys."""
        return f"{_HOST}/usb1/{self.socket}"

    def tty(self, name: str) -> str:
        """Path of a port in sysfs, without /sys."""
        number = next(number for number, each in enumerate(self.interfaces) if each.tty == name)
        interface = f"{self.path}/{self.socket}:1.{number}"
        return f"{interface}/tty/{name}" if name.startswith("ttyACM") else f"{interface}/{name}/tty/{name}"

    def record(self) -> str:
        """As `umockdev-record` would write it."""
        return "\n".join(self._records())

    def _records(self) -> Iterator[str]:
        vendor, product = self.ids.split(":")
        minor = int(self.socket.replace("-", "").replace(".", ""))
        serial = f"A: serial={self.serial}\n" if self.serial else ""
        yield (
            f"P: {self.path}\nN: bus/usb/001/{minor:03}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\n"
            f"E: DEVNAME=/dev/bus/usb/001/{minor:03}\nE: MAJOR=189\nE: MINOR={minor - 1}\n"
            f"A: idVendor={vendor}\nA: idProduct={product}\nA: bDeviceClass=00\nA: product={self.product}\n{serial}"
            f"E: ID_USB_INTERFACES=:{':'.join(dict.fromkeys(each.kind for each in self.interfaces))}:\n"
            f"H: descriptors={self._descriptors()}\n"
        )
        for number, each in enumerate(self.interfaces):
            path = f"{self.path}/{self.socket}:1.{number}"
            yield (
                f"P: {path}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\nE: DRIVER={each.driver}\n"
                f"A: bInterfaceNumber={number:02x}\nA: bInterfaceClass={each.kind[:2]}\n"
                f"A: bInterfaceSubClass={each.kind[2:4]}\nA: bInterfaceProtocol={each.kind[4:]}\n"
            )
            if each.tty.startswith("ttyUSB"):
                yield f"P: {path}/{each.tty}\nE: SUBSYSTEM=usb-serial\nE: DRIVER={each.driver}\nA: port_number=0\n"
            if each.tty:
                major, number_of_port = (166 if "ACM" in each.tty else 188), re.sub(r"\D", "", each.tty)
                yield (
                    f"P: {self.tty(each.tty)}\nN: {each.tty}\nE: SUBSYSTEM=tty\nE: DEVNAME=/dev/{each.tty}\n"
                    f"E: MAJOR={major}\nE: MINOR={number_of_port}\nA: dev={major}:{number_of_port}\n"
                )

    def _descriptors(self) -> str:
        """Device, configuration and interface descriptors (USB 2.0 §9.6), without endpoints."""
        vendor, product = (bytes.fromhex(half)[::-1].hex() for half in self.ids.split(":"))
        device = f"12010002000000 40{vendor}{product}000100000001"
        interfaces = [f"0904{number:02x}0000{each.kind}00" for number, each in enumerate(self.interfaces)]
        total = 9 + 9 * len(interfaces)
        configuration = f"0902{total:02x}00{len(interfaces):02x}0100a0fa"
        return "".join((device, configuration, *interfaces)).replace(" ", "").upper()


class Seen(NamedTuple):
    """What udev makes of an event."""

    properties: dict[str, str]
    #: names below /dev
    links: frozenset[str]
    #: of the node, as a rule said last; "" when none did
    group: str
    mode: str
    tags: frozenset[str]
    #: what udev finds wrong with our rules
    complaints: tuple[str, ...]


def udev(
    directory: Path, devices: Sequence[Device], *paths: str, rules: Sequence[Path] = (RULES,), action: str = "add"
) -> list[Seen]:
    """What udev makes of the devices at these sysfs paths, seen one after the other as they are plugged in."""
    script = "".join(f"echo '@@@ {path}'\nudevadm test --action={action} '/sys{path}' 2>&1\n" for path in paths)
    output = inside(directory, devices, script, rules)
    return [_seen(part) for part in output.split("\n@@@ ")[1:]] if output else []


def inside(directory: Path, devices: Sequence[Device], script: str, rules: Sequence[Path] = (RULES,)) -> str:
    """What a shell script prints on a machine with just these USB devices; nothing of it touches ours."""
    record, inner, outer = directory / "tree.umockdev", directory / "inner.sh", directory / "outer.sh"
    record.write_text("\n".join((ROOTS, *(device.record() for device in devices))))
    inner.write_text(f"echo\n{script}")
    outer.write_text(
        "set -e\nmount -t tmpfs run /run\nmkdir -p /run/udev/rules.d /run/dev/pts\n"
        + "".join(f"cp '{each}' /run/udev/rules.d/\n" for each in rules)
        + "touch /run/dev/null\nmount --bind /dev/null /run/dev/null\n"
        + "mount -t devpts -o newinstance,ptmxmode=666 pts /run/dev/pts\nln -s pts/ptmx /run/dev/ptmx\n"
        # where the folder may be
        + "mkdir /run/dev/shm\nmount --rbind /dev/shm /run/dev/shm\n"
        + "mount --rbind /run/dev /dev\n"
        + f"exec umockdev-run --device '{record}' -- sh '{inner}'\n"
    )
    done = subprocess.run(apart("sh", str(outer)), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _seen(output: str) -> Seen:
    properties = dict(re.findall(r"^\s*([A-Z.][\w.]*)=(.*)$", output, re.MULTILINE))
    groups, modes = (re.findall(rf"\.rules:\d+ {word} (\d+)", output) for word in ("GROUP", "MODE"))
    return Seen(
        properties,
        frozenset(link.removeprefix("/dev/") for link in properties.get("DEVLINKS", "").split()),
        grp.getgrgid(int(groups[-1])).gr_name if groups else "",
        modes[-1] if modes else "",
        frozenset(filter(None, properties.get("TAGS", "").split(":"))),
        tuple(re.findall(r"^/run/udev/rules\.d/.*$", output, re.MULTILINE)),
    )
