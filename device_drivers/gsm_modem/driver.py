"""The driver for GSM modems on a serial port: USB sticks, HATs, modules."""

import asyncio
import hashlib
import logging
import os
from collections.abc import Collection, Mapping, Sequence
from weakref import WeakSet

import serial

from bridge.errors import DeviceLost
from bridge.model.finding import Finding
from bridge.model.line import Line, LineState
from bridge.ports.driver import Device, Found
from device_drivers.gsm_modem import options, ports, remedies, seeking
from device_drivers.gsm_modem.answers import Failed, Silent
from device_drivers.gsm_modem.link import ModemLink
from device_drivers.gsm_modem.options import OPTIONS, Options
from device_drivers.gsm_modem.ports import UsbPort
from device_drivers.gsm_modem.recovery import Recovery, Stage
from device_drivers.gsm_modem.session import GsmModemException

log = logging.getLogger(__name__)

#: what a device's memory holds of a PIN that its SIM refused
REFUSED_PIN = "refused_pin"


def _fingerprint(pin: str) -> str:
    """A slow hash of the PIN, since a PIN has only four digits."""
    return hashlib.scrypt(pin.encode(), salt=b"sms-bridge refused pin", n=2**14, r=8, p=1).hex()


class GsmModemDriver:
    """Implements `bridge.ports.Driver` and `Surveying`."""

    name = "gsm_modem"
    options: Mapping[str, tuple[type, str]] = OPTIONS

    def __init__(self) -> None:
        #: device → what is done when it falls silent, which outlasts its links
        self._recoveries: dict[str, Recovery] = {}
        #: device → the port that it answered at last
        self._answered: dict[str, UsbPort] = {}
        self._links: WeakSet[ModemLink] = WeakSet()

    def validate(self, device: Device) -> Sequence[str]:
        """Problems of the options."""
        return options.problems(device.options)

    async def open(self, device: Device) -> ModemLink:
        """Connect; on failure nothing stays open. Raises DeviceLost, SendRefused(LINE)."""
        chosen = Options.of(device.options)
        # remembered across restarts: each wrong try is one step nearer to a blocked SIM
        known = device.memory.get(REFUSED_PIN)
        refused = bool(chosen.pin and known) and known == await asyncio.to_thread(_fingerprint, chosen.pin)
        recovery = self._recoveries.setdefault(device.name, Recovery(device.name, device.recovering))
        recovery.count_for(device.recovering)
        try:
            port = chosen.port or await seeking.find(chosen.wanted, chosen.candidates, chosen.baudrate)
            link = ModemLink(device.name, chosen, port, recovery, refused, self._open_lines)
            self._links.add(link)
            try:
                await self._start(link, port, device)
            except BaseException:
                if link.pin_was_refused:
                    await device.memory.put(REFUSED_PIN, await asyncio.to_thread(_fingerprint, chosen.pin))
                await link.close()
                raise
        except DeviceLost as lost:
            await self._recover(device, chosen, isinstance(lost.__cause__, Silent))
            raise
        recovery.answered()
        self._answered[device.name] = await asyncio.to_thread(ports.describe, port)
        return link

    def _open_lines(self) -> list[Line]:
        return [line for link in self._links for line in link.lines if line.state is not LineState.ABSENT]

    async def _recover(self, device: Device, chosen: Options, silent: bool) -> None:
        """Take the next recovery stage for a device that cannot be opened; nothing for one that never answered here."""
        port = self._answered.get(device.name)
        if port is None:
            return
        recovery = self._recoveries[device.name]
        now, is_there = await asyncio.to_thread(lambda: (ports.describe(port.path), os.path.exists(port.path)))
        # without a `port` the modem was looked for, and what is silent behind its last port is it
        silent = silent or (not chosen.port and is_there and now.device == port.device)
        stage = recovery.failed_to_open(silent)
        if stage is Stage.USB_RESET:
            why_not = await asyncio.to_thread(remedies.reset_usb, now)
            recovery.tried.add(stage)
            if why_not:
                log.info("%s: USB was not reset: %s", device.name, why_not)
            else:
                recovery.take(stage)
        elif stage is Stage.COMMAND and chosen.recovery_command:
            recovery.take(stage)
            await remedies.run_command(chosen.recovery_command, device.name, port, [chosen.pin])

    async def _start(self, link: ModemLink, port: str, device: Device) -> None:
        try:
            await link.start(device.memory_of, device.slots_of)
        except serial.SerialException as error:
            raise DeviceLost(ports.why_not_open(port, error)) from error
        except Silent as silent:
            raise DeviceLost(
                f"nothing on {port} answers AT ({silent}): is it the right one of the modem's ports, and the baud rate?"
            ) from silent
        except (Failed, GsmModemException) as error:
            raise DeviceLost(f"the modem on {port} could not be set up: {error.__cause__ or error}") from error

    async def discover(self) -> Sequence[Found]:
        """Ports of known modems first; opens nothing."""
        return await asyncio.to_thread(seeking.plugged_in)

    async def examine(self, device: Device) -> Sequence[Finding]:
        """Findings: port, permission, holder, AT, SIM, registration, service centre, signal, memories."""
        from device_drivers.gsm_modem import examination

        return await examination.examine(self, device)

    async def survey(self, device: Device, ours: Collection[int] = ()) -> Sequence[Finding]:
        """Findings about port, permission and holder; opens nothing."""
        from device_drivers.gsm_modem import examination

        return await examination.look(device, ours)


DRIVER = GsmModemDriver()
