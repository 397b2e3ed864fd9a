"""The driver for GSM modems on a serial port: USB sticks, HATs, modules."""

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence

import serial

from bridge.errors import DeviceLost
from bridge.model.finding import Finding
from bridge.ports.driver import Device, Found
from device_drivers.gsm_modem import examination, options, ports, seeking
from device_drivers.gsm_modem.answers import Failed, Silent
from device_drivers.gsm_modem.link import ModemLink
from device_drivers.gsm_modem.options import OPTIONS, Options
from device_drivers.gsm_modem.session import GsmModemException

#: what a device's memory holds of a PIN that its SIM refused
REFUSED_PIN = "refused_pin"


def _fingerprint(pin: str) -> str:
    """Enough to know it again, and made slow, for a PIN has only four digits."""
    return hashlib.scrypt(pin.encode(), salt=b"sms-bridge refused pin", n=2**14, r=8, p=1).hex()


class GsmModemDriver:
    """Obeys `bridge.ports.Driver` and `Surveying`."""

    name = "gsm_modem"
    options: Mapping[str, tuple[type, str]] = OPTIONS

    def validate(self, device: Device) -> Sequence[str]:
        """What is wrong with the options."""
        return options.problems(device.options)

    async def open(self, device: Device) -> ModemLink:
        """Connect; on any failure nothing stays open. Raises DeviceLost, SendRefused(LINE)."""
        chosen = Options.of(device.options)
        # remembered across restarts: each wrong try is one step nearer to a blocked SIM
        known = device.memory.get(REFUSED_PIN)
        refused = bool(chosen.pin and known) and known == await asyncio.to_thread(_fingerprint, chosen.pin)
        port = chosen.port or await seeking.find(chosen.wanted, chosen.candidates, chosen.baudrate)
        link = ModemLink(device.name, chosen, port, refused)
        try:
            await self._start(link, port)
        except BaseException:
            if link.pin_was_refused:
                await device.memory.put(REFUSED_PIN, await asyncio.to_thread(_fingerprint, chosen.pin))
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

    async def survey(self, device: Device, ours: Collection[int] = ()) -> Sequence[Finding]:
        """Port, permission and holder alone, with nothing opened."""
        return await examination.look(device, ours)


DRIVER = GsmModemDriver()
