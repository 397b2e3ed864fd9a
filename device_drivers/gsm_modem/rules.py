"""Generates `udev/60-sms-bridge.rules` from the table of USB ids, and the rule that names one device.

`python -m device_drivers.gsm_modem.rules > udev/60-sms-bridge.rules` writes the file anew. Syntax: udev(7).
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from device_drivers.gsm_modem import usb

#: products in one rule, so that lines stay readable
_PRODUCTS = 12
#: what a name of one's own may look like; `usb-…` are those that the rules give by themselves
NAME = re.compile(rf"(?!{usb.AUTOMATIC})[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}\Z")

_FILE = """\
# sms-bridge: modems and phones for sending SMS. Comes with the package; made from a table, so do not edit it:
#     python -m device_drivers.gsm_modem.rules > udev/60-sms-bridge.rules
#
# - The AT port of a known modem gets a name that stays whatever is plugged in first: /dev/sms/usb-MAKER-SERIAL, or
#   /dev/sms/usb-MAKER-SOCKET for one without a serial number of its own.
# - ModemManager leaves these modems alone.
# - Phones with USB debugging belong to the group plugdev, in which the adb server runs.
#
# USB to serial adapters (CH340, CP210x, FTDI, PL2303) are left out on purpose: there may be a modem behind one, but
# also a GPS receiver, a UPS or a microcontroller, and from outside they look the same. Name yours with
#     sms-bridge devices --rule NAME
# which prints the rule for that very one and keeps ModemManager away from it. It names modems too, as you like.
#
# To leave a modem to ModemManager, say so in a file of your own that sorts before this one, such as
# /etc/udev/rules.d/59-not-for-sms.rules:
#     ATTRS{{idVendor}}=="2c7c", ATTRS{{idProduct}}=="0125", ENV{{SMS_BRIDGE_IGNORE}}="1"
#
# This file sorts after 60-serial.rules, which finds ID_PATH and the serial number, and before ModemManager's own.

ACTION=="remove", GOTO="sms_bridge_end"
ENV{{SMS_BRIDGE_IGNORE}}=="1", GOTO="sms_bridge_end"
SUBSYSTEM=="usb", ENV{{DEVTYPE}}=="usb_device", GOTO="sms_bridge_usb"
SUBSYSTEM=="tty", KERNEL=="ttyUSB[0-9]*|ttyACM[0-9]*", ENV{{ID_BUS}}=="usb", GOTO="sms_bridge_tty"
GOTO="sms_bridge_end"

# -- whole devices --------------------------------------------------------------------------------------------
LABEL="sms_bridge_usb"

# Modems. Some of them have an adb interface of their own, which nobody needs here.
{modems}
# Phones: the interface of the adb protocol is vendor specific, subclass 42, protocol 01. `uaccess` is for a user
# who sits at this machine.
ENV{{ID_USB_INTERFACES}}=="*:ff4201:*", GROUP="plugdev", MODE="0660", TAG+="uaccess", GOTO="sms_bridge_end"

# Huawei's many modems are known by an interface that speaks AT.
{huawei}
# Sticks that are a CD-ROM with their Windows software at first. usb-modeswitch makes modems of them by rules of its
# own, and switching here too would only disturb it: this is but what `udevadm info` says where it is missing.
{storage}
# Sticks that are a network card with a web page, and no modem for us.
{network}GOTO="sms_bridge_end"

# -- their ports ----------------------------------------------------------------------------------------------
LABEL="sms_bridge_tty"

# Of the many ports of a modem, the one that speaks AT and gives news.
{ports}
ENV{{.SMS_BRIDGE}}=="", GOTO="sms_bridge_end"
GROUP="dialout", MODE="0660"

# A serial number shared by all pieces identifies none: such sticks are distinguished by the socket they are in.
{dummies}
ENV{{ID_SERIAL_SHORT}}=="?*", ENV{{.SMS_BRIDGE_DUMMY}}=="", \\
  SYMLINK+="sms/{automatic}$env{{.SMS_BRIDGE}}-$env{{ID_SERIAL_SHORT}}", GOTO="sms_bridge_end"
ENV{{ID_PATH_TAG}}=="?*", SYMLINK+="sms/{automatic}$env{{.SMS_BRIDGE}}-$env{{ID_PATH_TAG}}"

LABEL="sms_bridge_end"
"""


def rules() -> str:
    """The whole file."""
    return _FILE.format(
        automatic=usb.AUTOMATIC,
        modems=_lines(_modems()),
        huawei=_lines(_huawei()),
        storage=_lines(_hints(usb.STORAGE_FIRST, "a CD-ROM until usb-modeswitch is installed")),
        network=_lines(_hints(usb.NETWORK_ONLY, "a network card, no modem")),
        ports=_lines(_ports()),
        dummies=f'ENV{{ID_SERIAL_SHORT}}=="{"|".join(usb.NO_SERIALS)}", ENV{{.SMS_BRIDGE_DUMMY}}="1"',
    )


def _lines(rows: Iterable[str]) -> str:
    return "".join(f"{row}\n" for row in rows)


#: what becomes of a device that is ours
_OURS = 'ENV{ID_MM_DEVICE_IGNORE}="1", GOTO="sms_bridge_end"'


def _modems() -> Iterator[str]:
    for vendor, products in _by_vendor(usb.AT_PORTS):
        yield f'ATTR{{idVendor}}=="{vendor}", ATTR{{idProduct}}=="{products}", {_OURS}'


def _huawei() -> Iterator[str]:
    kinds = "|".join(f"*:ff0[123]{protocol}:*" for protocol in usb.HUAWEI_AT)
    yield f'ATTR{{idVendor}}=="{usb.HUAWEI}", ENV{{ID_USB_INTERFACES}}=="{kinds}", {_OURS}'


def _hints(ids: Iterable[str], words: str) -> Iterator[str]:
    for vendor, products in _by_vendor(ids):
        yield f'ATTR{{idVendor}}=="{vendor}", ATTR{{idProduct}}=="{products}", ENV{{SMS_BRIDGE_HINT}}="{words}"'


def _ports() -> Iterator[str]:
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for ids, (primary, _) in usb.AT_PORTS.items():
        places[ids[:4], primary].append(ids)
    for (vendor, interface), products in sorted(places.items()):
        for _, some in _by_vendor(products):
            yield (
                f'ENV{{ID_VENDOR_ID}}=="{vendor}", ENV{{ID_MODEL_ID}}=="{some}", '
                f'ENV{{ID_USB_INTERFACE_NUM}}=="{interface}", ENV{{.SMS_BRIDGE}}="{_maker(vendor)}"'
            )
    yield (
        f'ENV{{ID_VENDOR_ID}}=="{usb.HUAWEI}", SUBSYSTEMS=="usb", ATTRS{{bInterfaceClass}}=="ff", '
        f'ATTRS{{bInterfaceSubClass}}=="0[123]", ATTRS{{bInterfaceProtocol}}=="{"|".join(usb.HUAWEI_AT)}", '
        f'ENV{{.SMS_BRIDGE}}="{_maker(usb.HUAWEI)}"'
    )


def _by_vendor(ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Vendors, each with some of its products as alternatives of a match."""
    products: dict[str, list[str]] = defaultdict(list)
    for each in sorted(ids):
        products[each[:4]].append(each[5:])
    for vendor, those in products.items():
        for start in range(0, len(those), _PRODUCTS):
            yield vendor, "|".join(those[start : start + _PRODUCTS])


def _maker(vendor_id: str) -> str:
    """A maker's name as part of a file or link name."""
    return usb.MAKERS.get(vendor_id, "modem").lower().replace(" ", "-")


# -- a name of one's own ------------------------------------------------------------------------
def has_serial(serial: str) -> bool:
    """Whether this is a unique serial number rather than one shared by all pieces."""
    return bool(serial) and not any(fnmatchcase(serial, dummy) for dummy in usb.NO_SERIALS)


def name_rule(name: str, properties: Mapping[str, str]) -> str:
    """The rule that makes `/dev/sms/name` for a USB port with these udev properties.

    The port is known again by the device's serial number or, where it has none, by the USB socket; ModemManager is
    kept from it. Raises KeyError for a port that is not on USB.
    """
    serial = properties.get("ID_SERIAL_SHORT", "")
    matches = {key: properties[key] for key in ("ID_VENDOR_ID", "ID_MODEL_ID")}
    if has_serial(serial):
        matches |= {"ID_USB_INTERFACE_NUM": properties["ID_USB_INTERFACE_NUM"], "ID_SERIAL_SHORT": serial}
    else:
        matches["ID_PATH"] = properties["ID_PATH"]
    known_by = "".join(f', ENV{{{key}}}=="{value}"' for key, value in matches.items())
    made = f'SYMLINK+="sms/{name}", GROUP="dialout", MODE="0660", ENV{{ID_MM_PORT_IGNORE}}="1"'
    return f'ACTION!="remove", SUBSYSTEM=="tty"{known_by}, {made}'


if __name__ == "__main__":
    sys.stdout.write(rules())
