"""Serial ports as Linux shows them, with the USB devices behind them. Opens nothing."""

import errno
import glob
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from bridge.dataclass import dataclass
from device_drivers.gsm_modem import port_holders, quirks, usb

_SYS_TTY = Path("/sys/class/tty")


@dataclass(frozen=True, slots=True)
class UsbPort:
    """A port and its USB interface; fields are "" for a port without one."""

    path: str
    vendor_id: str = ""
    product_id: str = ""
    interface: str = ""
    #: bInterfaceProtocol; Huawei's 02 (12) speaks AT with news, 01 (10) is for dialling up
    protocol: str = ""
    product: str = ""
    #: sysfs folder of the USB device, by which several ports are known to be one modem's
    device: str = ""

    @property
    def ids(self) -> str:
        """`12d1:1506`, or ""."""
        return f"{self.vendor_id}:{self.product_id}" if self.vendor_id else ""

    @property
    def rank(self) -> int:
        """How likely it is the port for AT commands and notifications: small is likely, 9 unknown."""
        if places := usb.AT_PORTS.get(self.ids) or usb.VENDOR_GUESS.get(self.vendor_id):
            order = (places.primary, *places.secondary)
            return order.index(self.interface) if self.interface in order else 7
        if self.vendor_id == usb.HUAWEI:
            return 0 if self.protocol in usb.HUAWEI_AT else 6 if self.protocol in usb.HUAWEI_DIAL else 4
        if self.vendor_id in quirks.ADAPTERS:
            return 8
        return 4 if quirks.vendor_of_usb(self.vendor_id) else 9

    @property
    def words(self) -> str:
        """A description for people; "" for a port without USB."""
        maker = usb.MAKERS.get(self.vendor_id) or quirks.ADAPTERS.get(self.vendor_id, "")
        what = " ".join(word for word in (maker, self.product) if word)
        return f"{what}, USB {self.ids} interface {self.interface}" if self.ids else ""


def matching(patterns: Iterable[str]) -> list[str]:
    """Paths of existing ports, one name per device: earlier patterns win, and a person's name wins over one of the udev
    rules.
    """
    found: dict[str, str] = {}
    for pattern in patterns:
        for path in sorted(glob.glob(pattern), key=lambda path: (Path(path).name.startswith(usb.AUTOMATIC), path)):
            found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def describe(path: str, sys_tty: Path = _SYS_TTY) -> UsbPort:
    """Read a port's properties from sysfs."""
    interface = (sys_tty / Path(os.path.realpath(path)).name / "device").resolve()
    for folder in (interface, *interface.parents):
        if (folder / "bInterfaceNumber").exists():
            device = folder.parent
            return UsbPort(
                path,
                _attribute(device / "idVendor"),
                _attribute(device / "idProduct"),
                _attribute(folder / "bInterfaceNumber"),
                _attribute(folder / "bInterfaceProtocol"),
                _attribute(device / "product"),
                str(device),
            )
    return UsbPort(path)


def usb_devices(folder: Path) -> Iterator[UsbPort]:
    """Plugged-in USB devices, with ports or without."""
    for device in sorted(folder.glob("*")):
        if vendor := _attribute(device / "idVendor"):
            product = _attribute(device / "product")
            yield UsbPort("", vendor, _attribute(device / "idProduct"), product=product)


def _attribute(path: Path) -> str:
    with suppress(OSError):
        return path.read_text().strip()
    return ""


def why_not_open(path: str, error: OSError) -> str:
    """Why the port could not be opened, and what to do, in one sentence."""
    code = error.errno
    if code == errno.ENOENT:
        return f"there is no {path}: is the modem plugged in? `ls -l /dev/serial/by-id` shows what is there"
    if code == errno.EACCES:
        way = "`sudo usermod -aG dialout …`, then log in anew"
        return f"no permission to open {path}: add this user to the group dialout ({way})"
    if code in {errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK}:
        return f"{path} is held by another program{_suspects(path)}; `sudo fuser -v {path}` shows which"
    if code in {errno.ENOTTY, errno.EISDIR} or not is_serial(path):
        return f"{path} is no serial port; what is there: sms-bridge devices"
    return f"{path} could not be opened: {error}"


#: the major number of /dev/null and its like (Linux, Documentation/admin-guide/devices.txt)
_MEMORY_DEVICES = 1


def is_serial(path: str, root: Path = Path("/")) -> bool:
    """Whether this may be a serial port, without opening it: False where the kernel says that it is something else."""
    try:
        status = os.stat(path)
    except OSError:
        return True
    # memory devices, /dev/null among them, are no terminals on any Linux: where /sys is not there to be asked, too
    if not stat.S_ISCHR(status.st_mode) or os.major(status.st_rdev) == _MEMORY_DEVICES:
        return False
    with suppress(OSError):
        number = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
        return os.path.basename(os.readlink(root / "sys/dev/char" / number / "subsystem")) == "tty"
    return True  # pseudo-terminals are not listed there


def _suspects(path: str) -> str:
    if found := port_holders.of_port(path):
        return f": {', '.join(holder.words for holder in found)}"
    if likely := port_holders.running(port_holders.GREEDY):
        return f", most likely {' or '.join(likely)}"
    return ""
