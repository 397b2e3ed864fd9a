"""What is known of modems by their USB ids, and how ports are judged by it."""

import re
from pathlib import Path

import pytest

from device_drivers.gsm_modem import ports, quirks, rules, seeking, usb
from device_drivers.gsm_modem.ports import UsbPort


def test_every_id_is_one_and_every_interface() -> None:
    assert len(usb.AT_PORTS) == 230
    for ids in (*usb.AT_PORTS, *usb.STORAGE_FIRST, *usb.NETWORK_ONLY):
        assert re.fullmatch("[0-9a-f]{4}:[0-9a-f]{4}", ids)
    for primary, secondary in usb.AT_PORTS.values():
        assert all(re.fullmatch("[0-9a-f]{2}", interface) for interface in (primary, *secondary))
        assert primary not in secondary


def test_what_is_no_modem_has_a_remedy_and_is_not_taken_for_one() -> None:
    cured = {**usb.STORAGE_FIRST, **usb.NETWORK_ONLY}
    assert not set(cured) & set(usb.AT_PORTS)
    assert all(cured.values())


def test_nearly_every_maker_has_a_name() -> None:
    assert {ids[:4] for ids in usb.AT_PORTS} - set(usb.MAKERS) == {"3731"}
    assert {vendor.name for vendor in quirks.VENDORS} <= set(usb.MAKERS.values())


@pytest.mark.parametrize(
    ("port", "rank"),
    [
        (UsbPort("", "2c7c", "0125", "02"), 0),
        (UsbPort("", "2c7c", "0125", "03"), 1),
        (UsbPort("", "2c7c", "0125", "00"), 7),
        (UsbPort("", "2c7c", "0128", "05"), 0),
        (UsbPort("", "2c7c", "ffff", "02"), 0),
        (UsbPort("", "1e0e", "9011", "04"), 0),
        (UsbPort("", "19d2", "0033", "04"), 0),
        (UsbPort("", "19d2", "ffff", "00"), 4),
        (UsbPort("", "12d1", "1506", "01", "12"), 0),
        (UsbPort("", "12d1", "1506", "00", "10"), 6),
        (UsbPort("", "12d1", "1001", "02", "ff"), 4),
        (UsbPort("", "1a86", "7523", "00"), 8),
        (UsbPort("", "2341", "0043", "00"), 9),
        (UsbPort("/dev/ttyS0"), 9),
    ],
)
def test_the_port_for_sms_comes_first(port: UsbPort, rank: int) -> None:
    assert port.rank == rank


def test_a_name_that_a_person_gave_goes_before_one_of_the_rules(tmp_path: Path) -> None:
    (tmp_path / "ttyUSB2").touch()
    for name in ("usb-quectel-1", "warehouse"):
        (tmp_path / name).symlink_to(tmp_path / "ttyUSB2")
    assert ports.matching([f"{tmp_path}/[uw]*"]) == [str(tmp_path / "warehouse")]


def test_tells_what_makes_a_modem_of_a_stick(tmp_path: Path) -> None:
    for name, ids, product in (
        ("1-1", "12d1:1f01", "HUAWEI_MOBILE"),
        ("1-2", "12d1:14dc", ""),
        ("1-3", "2c7c:0125", "EC25"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        for file, content in zip(("idVendor", "idProduct", "product"), (*ids.split(":"), product), strict=True):
            (folder / file).write_text(f"{content}\n")
    (tmp_path / "1-1:1.0").mkdir()
    storage, hilink = seeking.not_modems(tmp_path)
    assert storage.startswith("HUAWEI_MOBILE, USB 12d1:1f01: ")
    assert "apt install usb-modeswitch" in storage
    assert hilink.startswith("a stick, USB 12d1:14dc: it has HiLink firmware")


@pytest.mark.parametrize(
    ("serial", "real"),
    [("8a7b6c5d", True), ("", False), ("0123456789ABCDEF", False), ("MF190ZTED000000", False), ("10", True)],
)
def test_knows_a_serial_number_from_what_is_none(serial: str, real: bool) -> None:
    assert rules.has_serial(serial) is real
