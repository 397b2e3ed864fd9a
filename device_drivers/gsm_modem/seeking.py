"""Finding modems: by IMEI among the ports, and what is plugged in at all."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import serial

from bridge.errors import DeviceLost
from bridge.ports.driver import Found
from device_drivers.gsm_modem import health, ports, usb
from device_drivers.gsm_modem.answers import Failed, Silent
from device_drivers.gsm_modem.options import CANDIDATES
from device_drivers.gsm_modem.transport import Transport

#: seconds for a port to say AT's OK and its IMEI; one that is silent is not a modem's AT port
PATIENCE = 1.0


async def by_imei(imei: str, candidates: Sequence[str], baudrate: int = 115200) -> str:
    """The port that the modem with this IMEI is on now. Raises DeviceLost when none says it is."""
    paths = ports.matching(candidates)
    answers = await asyncio.gather(*(asyncio.to_thread(imei_of, path, baudrate) for path in paths))
    matches = [path for path, answer in zip(paths, answers, strict=True) if answer and _same(answer, imei)]
    if matches:
        return min(matches, key=lambda path: ports.describe(path).rank)
    seen = ", ".join(f"{path} ({answer or 'no answer or held'})" for path, answer in zip(paths, answers, strict=True))
    raise DeviceLost(f"no modem with IMEI {imei} is plugged in; looked at {seen or 'no port: there is none'}")


def imei_of(path: str, baudrate: int = 115200) -> str:
    """What the modem on a port says to AT+CGSN; "" when nothing there does, or another program has the port."""
    wire = Transport(path, baudrate, patience=PATIENCE)
    try:
        with suppress(serial.SerialException, Failed, Silent):
            wire.connect()
            return health.imei_in(wire.ask("AT+CGSN"))
        return ""
    finally:
        wire.close()


def _same(answer: str, imei: str) -> bool:
    """Some modems leave the check digit out or give the software version in its place."""
    return answer[:14] == imei[:14]


_USB = Path("/sys/bus/usb/devices")
#: names of ports, those that stay first; the USB socket's is for machines without our udev rules
LASTING = ("/dev/sms/*", "/dev/serial/by-path/*", *CANDIDATES)


def plugged_in() -> list[Found]:
    """Ports that a modem may be behind, likely ones first; nothing is opened, so it may be something else."""
    described = sorted((ports.describe(path) for path in ports.matching(LASTING)), key=lambda port: port.rank)
    return [Found("gsm_modem", {"port": port.path}, _words(port)) for port in described]


def _words(port: ports.UsbPort) -> str:
    likely = "" if port.rank == 0 else " (its second AT port)" if port.rank < 4 else " (perhaps not the port for SMS)"
    now = Path(os.path.realpath(port.path)).name
    return f"{port.words or 'serial port'}{f', now {now}' if now != Path(port.path).name else ''}{likely}"


def not_modems(devices: Path = _USB) -> list[str]:
    """Sticks that are plugged in and show up as something else, each with what to do about it, for people."""
    return [
        f"{device.product or 'a stick'}, USB {device.ids}: {remedy}"
        for device in ports.usb_devices(devices)
        if (remedy := usb.STORAGE_FIRST.get(device.ids) or usb.NETWORK_ONLY.get(device.ids))
    ]
