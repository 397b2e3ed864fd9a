"""What a helper may see of a machine: read from its files, and readable where there are none."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.doctor import evidence
from bridge.doctor.masking import mask


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def record(message: object, **fields: object) -> str:
    """As `journalctl -o json` writes it."""
    return json.dumps({"MESSAGE": message, "__REALTIME_TIMESTAMP": "1774040864250000", "PRIORITY": "6"} | fields)


def lines(text: str) -> Iterator[str]:
    return evidence.entry(text, mask)


def test_a_log_line_has_its_moment_its_level_and_no_number() -> None:
    (line,) = lines(record("received an SMS from +15550150", PRIORITY="4"))
    assert line == "2026-03-20 21:07:44 warning received an SMS from …50"


def test_what_somebody_wrote_is_not_in_it() -> None:
    (line,) = lines(record('refused the text "see you at eight"'))
    assert "eight" not in line


@pytest.mark.parametrize(
    "text",
    ["", "not json", "[]", "{}", record([72, 105]), record("DEBUG modem: +CMGS=..."), record("x", PRIORITY="99"),
     record("x", __REALTIME_TIMESTAMP="soon")],
)  # fmt: skip
def test_what_is_no_log_line_of_ours_is_left_out(text: str) -> None:
    assert list(lines(text)) == []


def test_usb_devices_are_shown_with_drivers_and_ports_and_without_their_serial_number(tmp_path: Path) -> None:
    stick = "sys/bus/usb/devices/1-1"
    write(
        tmp_path,
        {
            f"{stick}/idVendor": "12d1\n",
            f"{stick}/idProduct": "1506\n",
            f"{stick}/manufacturer": "HUAWEI\n",
            f"{stick}/product": "Mobile\n",
            f"{stick}/serial": "356938035643809\n",
            f"{stick}/speed": "480\n",
            f"{stick}/bMaxPower": "500mA\n",
            f"{stick}/1-1:1.0/bInterfaceNumber": "00\n",
            f"{stick}/1-1:1.0/bInterfaceClass": "ff\n",
            f"{stick}/1-1:1.0/bInterfaceSubClass": "02\n",
            f"{stick}/1-1:1.0/bInterfaceProtocol": "01\n",
            f"{stick}/1-1:1.0/ttyUSB0/dev": "188:0\n",
            "sys/bus/usb/devices/usb1-port1/state": "not a device\n",
        },
    )
    assert evidence.usb(tmp_path).splitlines() == [
        "1-1  12d1:1506  HUAWEI Mobile  (480 Mbit/s, 500mA, serial …09)",
        "    interface 00  ff/02/01  no driver  ttyUSB0",
    ]


def test_a_machine_is_told_by_its_files(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
            "proc/meminfo": "MemTotal:        3884300 kB\nMemFree: 1 kB\n",
            "proc/uptime": "7201.52 1.0\n",
        },
    )
    told = evidence.machine(tmp_path)
    assert (told["model"], told["memory_megabytes"], told["up_hours"]) == ("Raspberry Pi 4 Model B Rev 1.4", 3793, 2.0)


def test_a_machine_without_such_files_is_told_all_the_same(tmp_path: Path) -> None:
    told = evidence.machine(tmp_path)
    assert (told["model"], told["memory_megabytes"], told["up_hours"]) == ("", 0, 0.0)
    assert told["python"]
    assert evidence.usb(tmp_path) == "\n"
