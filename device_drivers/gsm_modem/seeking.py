"""Finds modems: by IMEI or SIM, the only one present, or all that are plugged in."""

import asyncio
import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import serial

from bridge.dataclass import dataclass
from bridge.errors import DeviceLost, Refusal, SendRefused
from bridge.ports.driver import Found
from device_drivers.gsm_modem import identity, ports, usb
from device_drivers.gsm_modem.answers import Failed, Silent
from device_drivers.gsm_modem.identity import Wanted
from device_drivers.gsm_modem.options import CANDIDATES
from device_drivers.gsm_modem.ports import UsbPort
from device_drivers.gsm_modem.transport import Transport

#: seconds for a port to say AT's OK and who it is; one that is silent is not a modem's AT port
PATIENCE = 1.0
#: ranks from here on may be anything behind a serial adapter; nothing is sent there unasked
_UNKNOWN = 8


@dataclass(frozen=True, slots=True)
class Looked:
    """What a port answered."""

    port: UsbPort
    imei: str = ""
    iccid: str = ""
    #: it answers AT
    answers: bool = False
    #: another program has it, or another device of this bridge
    held: bool = False

    @property
    def modem(self) -> str:
        """An identifier shared by all ports of one modem."""
        return self.port.device or self.imei or os.path.realpath(self.port.path)

    @property
    def words(self) -> str:
        """A description for people."""
        told = [self.port.words, f"IMEI {self.imei}" * bool(self.imei), f"SIM {self.iccid}" * bool(self.iccid)]
        state = "in use" if self.held else "" if self.answers else "no answer"
        return f"{self.port.path} ({', '.join(word for word in (*told, state) if word) or 'answers AT'})"


async def find(wanted: Wanted, candidates: Sequence[str], baudrate: int = 115200) -> str:
    """The SMS port of the wanted modem, or of the only one plugged in.

    Raises DeviceLost when there is none, SendRefused(LINE) when it has to be said which one.
    """
    there = [ports.describe(path) for path in ports.matching(candidates)]
    if not wanted and tuple(candidates) == CANDIDATES:
        there = [port for port in there if port.rank < _UNKNOWN]
    looks = (asyncio.to_thread(look, port, baudrate, bool(wanted.iccid or not wanted)) for port in there)
    looked = await asyncio.gather(*looks)
    if wanted:
        chosen = [one for one in looked if one.answers and wanted.fits(one.imei, one.iccid)]
        if not chosen:
            raise DeviceLost(_not_there(wanted, looked))
    else:
        chosen = _only_one(looked)
    return min(chosen, key=lambda one: one.port.rank).port.path


def _not_there(wanted: Wanted, looked: Sequence[Looked]) -> str:
    """What was wanted, what is there instead, and what to do."""
    seen = "; ".join(one.words for one in looked) or "no port: there is none"
    others = sorted((one for one in looked if one.imei or one.iccid), key=lambda one: one.port.rank)
    todo = (
        f"{wanted.mend(others[0].imei, others[0].iccid)}; or plug in the one that is named" if others else "Plug it in"
    )
    return f"no modem with {wanted} is plugged in; looked at {seen}. {todo}"


def _only_one(looked: Sequence[Looked]) -> list[Looked]:
    """The answering ports, if all belong to one modem."""
    modems: dict[str, list[Looked]] = {}
    for one in looked:
        if one.answers or one.held:
            modems.setdefault(one.modem, []).append(one)
    if len(modems) > 1:
        best = [min(each, key=lambda one: (not one.answers, one.port.rank)) for each in modems.values()]
        raise SendRefused(
            f"{len(modems)} modems are plugged in: {'; '.join(one.words for one in best)}. Say which it is by a "
            "`port`, an `imei` or an `iccid` of this device",
            Refusal.LINE,
        )
    answering = [one for each in modems.values() for one in each if one.answers]
    if not answering:
        seen = "; ".join(one.words for one in looked)
        raise DeviceLost(
            f"no modem that can be used is plugged in{f': {seen}' if seen else ''}; one behind a serial adapter needs "
            "its `port` in the configuration: `sms-bridge devices` shows what is there"
        )
    return answering


def look(port: UsbPort, baudrate: int = 115200, sim: bool = False) -> Looked:
    """Query the modem on a port, and its SIM if requested."""
    wire = Transport(port.path, baudrate, patience=PATIENCE)
    try:
        wire.connect()
    except serial.SerialException as error:
        return Looked(port, held=error.errno in {errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK})
    except Silent:
        return Looked(port)
    else:
        with suppress(serial.SerialException, Failed, Silent):
            return Looked(port, identity.read_imei(wire), identity.read_iccid(wire) if sim else "", answers=True)
        return Looked(port, answers=True)
    finally:
        wire.close()


_USB = Path("/sys/bus/usb/devices")
#: names of ports, those that stay first; the USB socket's is for machines without our udev rules
LASTING = ("/dev/sms/*", "/dev/serial/by-path/*", *CANDIDATES)


def plugged_in() -> list[Found]:
    """Ports that may be modems, likely ones first; opens nothing, so some may be other devices."""
    described = sorted((ports.describe(path) for path in ports.matching(LASTING)), key=lambda port: port.rank)
    return [Found("gsm_modem", {"port": port.path}, _words(port)) for port in described]


def _words(port: ports.UsbPort) -> str:
    likely = "" if port.rank == 0 else " (its second AT port)" if port.rank < 4 else " (perhaps not the port for SMS)"
    now = Path(os.path.realpath(port.path)).name
    return f"{port.words or 'serial port'}{f', now {now}' if now != Path(port.path).name else ''}{likely}"


def not_modems(devices: Path = _USB) -> list[str]:
    """Plugged-in sticks that show up as something else, each with advice."""
    return [
        f"{device.product or 'a stick'}, USB {device.ids}: {remedy}"
        for device in ports.usb_devices(devices)
        if (remedy := usb.STORAGE_FIRST.get(device.ids) or usb.NETWORK_ONLY.get(device.ids))
    ]
