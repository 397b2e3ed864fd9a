"""The udev rules on the real udevadm, with devices that umockdev shows it: names, groups, and who keeps away."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from device_drivers.gsm_modem import rules, usb
from tests.support.usb_trees import RULES, Device, Interface, Seen, inside, udev

pytestmark = pytest.mark.needs("udevadm", "umockdev-run", "unshare")

_STORAGE = Interface("080650", driver="usb-storage")
_ADB = Interface("ff4201", driver="usbfs")

#: AT on the second port, dialling up on the first, a network card and a card reader
E3372 = Device(
    "12d1:1506",
    "HUAWEI_MOBILE",
    (
        Interface("ff0210", "ttyUSB0"),
        Interface("ff0212", "ttyUSB1"),
        Interface("ff0216", driver="huawei_cdc_ncm"),
        _STORAGE,
    ),
)
E3372_STORAGE = Device("12d1:1f01", "HUAWEI_MOBILE", (_STORAGE,), "FFFFFFFFFFFFFFFF")
HILINK = Device("12d1:14dc", "HUAWEI_MOBILE", (Interface("020600", driver="cdc_ether"), Interface("0a0600")))
EC25 = Device("2c7c:0125", "EC25", tuple(Interface("ff0000", f"ttyUSB{number}") for number in range(4)))
#: gives every piece the same serial number, and has an adb interface of its own
SIM7600 = Device(
    "1e0e:9001",
    "SimTech, Incorporated",
    (*(Interface("ff0000", f"ttyUSB{number}") for number in range(5)), _ADB),
    "0123456789ABCDEF",
)
ZTE = Device(
    "19d2:0031",
    "ZTE WCDMA Technologies MSM",
    tuple(Interface("ffffff", f"ttyUSB{number}") for number in range(4)),
    "P680A1ZTED010000",
)
TELIT = Device("1bc7:1201", "LE910", tuple(Interface("020201", f"ttyACM{n}", "cdc_acm") for n in range(5)), "a1b2c3d4")
CH340 = Device("1a86:7523", "USB Serial", (Interface("ff0102", "ttyUSB0", "ch341"),))
FTDI = Device("0403:6001", "FT232R USB UART", (Interface("ffffff", "ttyUSB0", "ftdi_sio"),), "A50285BI")
PHONE = Device("18d1:4ee7", "Pixel", (_ADB,), "R58M00TEST", "1-4")
KEYBOARD = Device("046d:c31c", "Keyboard K120", (Interface("030101", driver="usbhid"),))


def _one(directory: Path, device: Device, path: str) -> Seen:
    (seen,) = udev(directory, [device], path)
    return seen


def _sms(seen: Seen) -> list[str]:
    return sorted(link for link in seen.links if link.startswith("sms/"))


def test_the_file_is_what_the_table_makes_of_it() -> None:
    assert RULES.read_text() == rules.rules(), "python -m device_drivers.gsm_modem.rules > udev/60-sms-bridge.rules"


def test_no_rule_is_needed_twice() -> None:
    assert not set(usb.AT_PORTS) & {*usb.STORAGE_FIRST, *usb.NETWORK_ONLY}


def test_udev_has_no_complaint(tmp_path: Path) -> None:
    for seen in udev(tmp_path, [EC25], EC25.path, EC25.tty("ttyUSB2")):
        assert seen.complaints == ()


def test_udevs_complaints_are_seen(tmp_path: Path) -> None:
    wrong = tmp_path / "60-wrong.rules"
    wrong.write_text('SUBSYSTEM=="tty", NONSENSE="1"\n')
    (seen,) = udev(tmp_path, [EC25], EC25.tty("ttyUSB2"), rules=[wrong])
    assert len(seen.complaints) == 1


@pytest.mark.parametrize(
    ("device", "port", "name"),
    [
        (E3372, "ttyUSB1", "usb-huawei-pci-0000_00_14_0-usb-0_1_1_1"),
        (EC25, "ttyUSB2", "usb-quectel-pci-0000_00_14_0-usb-0_1_1_2"),
        (SIM7600, "ttyUSB2", "usb-simcom-pci-0000_00_14_0-usb-0_1_1_2"),
        (ZTE, "ttyUSB3", "usb-zte-pci-0000_00_14_0-usb-0_1_1_3"),
        (TELIT, "ttyACM4", "usb-telit-a1b2c3d4"),
    ],
    ids=["Huawei E3372", "Quectel EC25", "SIM7600", "ZTE", "Telit LE910"],
)
def test_of_a_modems_ports_the_one_for_sms_has_a_name(tmp_path: Path, device: Device, port: str, name: str) -> None:
    ports = [each.tty for each in device.interfaces if each.tty]
    whole, *seen = udev(tmp_path, [device], device.path, *map(device.tty, ports))
    assert whole.properties["ID_MM_DEVICE_IGNORE"] == "1"
    named = {each: _sms(of_it) for each, of_it in zip(ports, seen, strict=True)}
    assert named == {each: [f"sms/{name}"] if each == port else [] for each in ports}
    at = seen[ports.index(port)]
    assert (at.group, at.mode) == ("dialout", "0660")
    # a modem's own adb interface is nobody's business
    assert (whole.group, "uaccess" in whole.tags) == ("", False)


def test_what_was_plugged_in_before_the_rules_came_is_named_by_a_trigger(tmp_path: Path) -> None:
    whole, port, phone = udev(tmp_path, [EC25, PHONE], EC25.path, EC25.tty("ttyUSB2"), PHONE.path, action="change")
    assert whole.properties["ID_MM_DEVICE_IGNORE"] == "1"
    assert (_sms(port), port.group, port.mode) == (["sms/usb-quectel-pci-0000_00_14_0-usb-0_1_1_2"], "dialout", "0660")
    assert (phone.group, phone.mode) == ("plugdev", "0660")


def test_a_serial_number_makes_a_name_that_survives_another_socket(tmp_path: Path) -> None:
    first, second = (Device(EC25.ids, EC25.product, EC25.interfaces, "8a7b6c5d", socket) for socket in ("1-1", "1-2.3"))
    names = [_sms(_one(tmp_path, each, each.tty("ttyUSB2"))) for each in (first, second)]
    assert names == [["sms/usb-quectel-8a7b6c5d"]] * 2


@pytest.mark.parametrize("serial", ["", "0123456789ABCDEF", "000000000002", "MF190ZTED000000"])
def test_two_alike_without_a_serial_number_have_two_names(tmp_path: Path, serial: str) -> None:
    first = Device(ZTE.ids, ZTE.product, ZTE.interfaces, serial, "1-1.1")
    ports = tuple(Interface("ffffff", f"ttyUSB{number}") for number in range(4, 8))
    second = Device(ZTE.ids, ZTE.product, ports, serial, "1-1.2")
    seen = udev(tmp_path, [first, second], first.tty("ttyUSB3"), second.tty("ttyUSB7"))
    names = [name for each in seen for name in _sms(each)]
    assert names == [f"sms/usb-zte-pci-0000_00_14_0-usb-0_1_{socket}_1_3" for socket in (1, 2)]


@pytest.mark.parametrize(
    ("device", "hint"),
    [(E3372_STORAGE, "a CD-ROM until usb-modeswitch is installed"), (HILINK, "a network card, no modem"), (CH340, "")],
)
def test_what_is_no_modem_is_left_alone_with_a_hint(tmp_path: Path, device: Device, hint: str) -> None:
    seen = _one(tmp_path, device, device.path)
    assert seen.properties.get("SMS_BRIDGE_HINT", "") == hint
    assert "ID_MM_DEVICE_IGNORE" not in seen.properties
    assert "uaccess" not in seen.tags


@pytest.mark.parametrize("adapter", [CH340, FTDI], ids=["CH340", "FTDI"])
def test_an_adapter_may_be_anything_and_is_not_taken(tmp_path: Path, adapter: Device) -> None:
    whole, port = udev(tmp_path, [adapter], adapter.path, adapter.tty("ttyUSB0"))
    for seen in (whole, port):
        assert not {"ID_MM_DEVICE_IGNORE", "ID_MM_PORT_IGNORE"} & set(seen.properties)
        assert _sms(seen) == []


def test_a_phone_belongs_to_those_who_run_adb(tmp_path: Path) -> None:
    seen = _one(tmp_path, PHONE, PHONE.path)
    assert (seen.group, seen.mode) == ("plugdev", "0660")
    assert "uaccess" in seen.tags
    assert "ID_MM_DEVICE_IGNORE" not in seen.properties


def test_a_huawei_phone_is_a_phone(tmp_path: Path) -> None:
    phone = Device("12d1:107e", "ANE-LX1", (_ADB, Interface("ff0312", "ttyUSB0")), "7XBTEST")
    assert _one(tmp_path, phone, phone.path).group == "plugdev"


def test_other_things_are_not_touched(tmp_path: Path) -> None:
    seen = _one(tmp_path, KEYBOARD, KEYBOARD.path)
    assert (seen.group, seen.tags & {"uaccess"}) == ("", set())


def test_a_modem_can_be_left_to_modemmanager(tmp_path: Path) -> None:
    theirs = tmp_path / "59-not-for-sms.rules"
    # the line that the rules file itself recommends
    line = next(each for each in RULES.read_text().splitlines() if "SMS_BRIDGE_IGNORE" in each)
    theirs.write_text(line.lstrip("# ") + "\n")
    whole, port = udev(tmp_path, [EC25], EC25.path, EC25.tty("ttyUSB2"), rules=[RULES, theirs])
    assert "ID_MM_DEVICE_IGNORE" not in whole.properties
    assert _sms(port) == []


# -- a name of one's own ------------------------------------------------------------------------


def _command(directory: Path, devices: Sequence[Device], rest: str) -> str:
    """What `sms-bridge devices` says once udev knows the devices."""
    ports = [device.tty(each.tty) for device in devices for each in device.interfaces if each.tty]
    known = "".join(f"udevadm test '/sys{path}' >/dev/null 2>&1\n" for path in ports)
    root = Path(__file__).parent.parent.parent
    return inside(directory, devices, f"cd '{root}'\n{known}'{sys.executable}' -m bridge devices {rest} 2>&1\ntrue\n")


@pytest.mark.parametrize(
    ("device", "port"),
    [
        (EC25, "ttyUSB2"),
        (CH340, "ttyUSB0"),
        (Device(EC25.ids, EC25.product, EC25.interfaces, "8a7b6c5d"), "ttyUSB2"),
    ],
    ids=["by socket", "adapter", "by serial number"],
)
def test_names_a_modem_as_its_owner_likes(tmp_path: Path, device: Device, port: str) -> None:
    own = tmp_path / "61-sms-bridge-office.rules"
    printed = _command(tmp_path, [device], "--rule office")
    rule = next(line for line in printed.splitlines() if line.startswith("ACTION"))
    own.write_text(rule + "\n")
    ports = [each.tty for each in device.interfaces]
    seen = udev(tmp_path, [device], *map(device.tty, ports), rules=[RULES, own])
    assert [each for each, of_it in zip(ports, seen, strict=True) if "sms/office" in of_it.links] == [port]
    at = seen[ports.index(port)]
    assert (at.group, at.mode, at.properties["ID_MM_PORT_IGNORE"]) == ("dialout", "0660", "1")
    assert at.complaints == ()


def test_asks_which_when_there_are_two(tmp_path: Path) -> None:
    second = Device(EC25.ids, "EC25", tuple(Interface("ff0000", f"ttyUSB{n}") for n in range(4, 8)), socket="1-2")
    printed = _command(tmp_path, [EC25, second], "--rule office")
    assert "there are 2; choose one with --port" in printed
    assert "usb-0_1_1_2 (Quectel EC25, USB 2c7c:0125 interface 02)" in printed
    assert "usb-0_2_1_2 (Quectel EC25, USB 2c7c:0125 interface 02)" in printed
    assert 'usb-0:2:1.2"' in _command(tmp_path, [EC25, second], "--rule office --port /dev/ttyUSB6")


def test_one_serial_number_on_two_is_none(tmp_path: Path) -> None:
    first = Device(EC25.ids, "EC25", EC25.interfaces, "8a7b6c5d", "1-1")
    ports = tuple(Interface("ff0000", f"ttyUSB{n}") for n in range(4, 8))
    second = Device(EC25.ids, "EC25", ports, "8a7b6c5d", "1-2")
    printed = _command(tmp_path, [first, second], "--rule office --port /dev/ttyUSB2")
    assert "ID_PATH" in printed
    assert "ID_SERIAL_SHORT" not in printed


def test_devices_are_shown_by_the_names_that_stay(tmp_path: Path) -> None:
    printed = _command(tmp_path, [EC25, replace(E3372_STORAGE, socket="1-3")], "")
    assert 'port = "/dev/sms/usb-quectel-pci-0000_00_14_0-usb-0_1_1_2"' in printed
    assert 'port = "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0"' in printed
    assert '"/dev/ttyUSB' not in printed
    assert "# No modem: HUAWEI_MOBILE, USB 12d1:1f01: it shows itself as a CD-ROM" in printed


@pytest.mark.parametrize("name", ["usb-mine", "a/b", "-x"])
def test_refuses_what_is_no_name(tmp_path: Path, name: str) -> None:
    assert "cannot be a name in /dev/sms" in _command(tmp_path, [EC25], f"--rule={name}")
