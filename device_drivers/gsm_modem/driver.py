"""The driver for GSM modems on a serial port: USB sticks, HATs, modules."""

import asyncio
from collections.abc import Mapping, Sequence

import serial

from bridge.errors import DeviceLost
from bridge.ports import Device, Finding, Found
from device_drivers.gsm_modem import examination, options, ports, seeking
from device_drivers.gsm_modem.answers import Failed, Silent
from device_drivers.gsm_modem.link import ModemLink
from device_drivers.gsm_modem.options import OPTIONS, Options
from device_drivers.gsm_modem.session import GsmModemException


class GsmModemDriver:
    """Obeys `bridge.ports.Driver`."""

    name = "gsm_modem"
    options: Mapping[str, tuple[type, str]] = OPTIONS

    def __init__(self) -> None:
        #: device → PIN that its SIM refused; a second wrong try is one step nearer to a blocked SIM
        self._refused_pins: dict[str, str] = {}

    def validate(self, device: Device) -> Sequence[str]:
        """What is wrong with the options."""
        return options.problems(device.options)

    async def open(self, device: Device) -> ModemLink:
        """Connect; on any failure nothing stays open. Raises DeviceLost, SendRefused(LINE)."""
        chosen = Options.of(device.options)
        refused = bool(chosen.pin) and self._refused_pins.get(device.name) == chosen.pin
        port = chosen.port or await seeking.by_imei(chosen.imei, chosen.candidates, chosen.baudrate)
        link = ModemLink(device.name, chosen, port, refused)
        try:
            await self._start(link, port)
        except BaseException:
            if link.pin_was_refused:
                self._refused_pins[device.name] = chosen.pin
            await link.close()
            raise
        return link

    async def _start(self, link: ModemLink, port: str) -> None:
        try:
            await link.start()
        except serial.SerialException as error:
            raise DeviceLost(ports.why_not_open(port, error)) from error
        except Silent as silent:
            raise DeviceLost(
                f"nothing on {port} answers AT ({silent}): is it the right one of the modem's ports, and the baud rate?"
            ) from silent
        except (Failed, GsmModemException) as error:
            raise DeviceLost(f"the modem on {port} could not be set up: {error}") from error

    async def discover(self) -> Sequence[Found]:
        """Ports of known modems first; nothing is opened."""
        return await asyncio.to_thread(seeking.plugged_in)

    async def examine(self, device: Device) -> Sequence[Finding]:
        """Port, permission, holder, AT, SIM, registration, service centre, signal, memories."""
        return await examination.examine(self, device)


DRIVER = GsmModemDriver()
