"""What is right with a configured modem and what to change: the lines of `check`."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from typing import Protocol

from bridge.errors import DeviceLost, SendRefused
from bridge.model import Line, LineState
from bridge.ports import Device, Finding
from device_drivers.gsm_modem import options, ports
from device_drivers.gsm_modem.link import ModemLink
from device_drivers.gsm_modem.options import Options

#: below this, messages fail now and then
WEAK_DBM = -105


class Opener(Protocol):
    """The one thing needed of the driver."""

    async def open(self, device: Device) -> ModemLink:
        """As `Driver.open`."""
        ...


async def examine(driver: Opener, device: Device) -> Sequence[Finding]:
    """Never raises for a bad device. A SIM's PIN is tried once, as by `open`."""
    subject = f"devices.{device.name}"
    if wrong := options.problems(device.options):
        return [Finding("fail", subject, problem, "correct the configuration") for problem in wrong]
    found = await asyncio.to_thread(lambda: list(_before(subject, Options.of(device.options))))
    if any(finding.level == "fail" for finding in found):
        return found
    try:
        link = await driver.open(device)
    except (DeviceLost, SendRefused) as error:
        return [*found, Finding("fail", subject, error.message, _remedy(error))]
    try:
        return [*found, *_inside(subject, link.lines[0]), *await _deeper(subject, link)]
    except DeviceLost as lost:
        return [*found, Finding("fail", subject, lost.message, "look at the cable and at the power supply")]
    finally:
        await link.close()


def _before(subject: str, chosen: Options) -> Iterator[Finding]:
    """Without opening anything."""
    if ports.running(["ModemManager"]):
        yield Finding(
            "warn",
            subject,
            "ModemManager is running and may talk to this modem too",
            "install the udev rules, which tell it to leave modems alone, or `systemctl disable --now ModemManager`",
        )
    if not chosen.port:
        return
    if not os.path.exists(chosen.port):
        there = ", ".join(ports.matching(options.CANDIDATES)) or "none"
        yield Finding(
            "fail", subject, f"there is no {chosen.port}; ports there: {there}", "plug it in, or correct `port`"
        )
    elif not os.access(chosen.port, os.R_OK | os.W_OK):
        yield Finding("fail", subject, f"no permission to open {chosen.port}", "add this user to the group dialout")
    else:
        usb = ports.describe(chosen.port)
        yield Finding("ok", subject, f"port {chosen.port} is there{f' (USB {usb.ids})' if usb.ids else ''}")


def _inside(subject: str, line: Line) -> Iterator[Finding]:
    """From what the line says of itself."""
    yield Finding("ok", subject, f"answers AT: {line.model or 'a modem'}, IMEI {line.imei or 'not told'}")
    yield Finding("ok", subject, f"the SIM is ready: {line.number or 'its number is not stored on it'}")
    if line.state is LineState.READY:
        where = " ".join(word for word in (line.registration, line.operator) if word)
        yield Finding("ok", subject, f"registered: {where or 'by its signal'}")
    else:
        yield Finding("fail", subject, line.reason, "move the antenna, or ask the operator about the SIM")
    if line.signal_dbm is None:
        yield Finding("warn", subject, "the signal level is not known", "check the antenna")
    elif line.signal_dbm < WEAK_DBM:
        yield Finding("warn", subject, f"the signal is weak: {line.signal_dbm} dBm", "move the antenna")
    else:
        yield Finding("ok", subject, f"signal {line.signal_dbm} dBm")


async def _deeper(subject: str, link: ModemLink) -> list[Finding]:
    """What has to be asked for: the service centre and the memories."""
    centre = await link.service_centre()
    told = (
        Finding("ok", subject, f"service centre {centre}")
        if centre
        else Finding("fail", subject, "the SIM has no service centre number", "set `smsc` for this device")
    )
    return [told, *(_memory(subject, name, used, total) for name, (used, total) in (await link.fill()).items())]


def _memory(subject: str, name: str, used: int, total: int) -> Finding:
    message = f"SMS memory {name}: {used} of {total} places used"
    if total and used >= total:
        return Finding("warn", subject, message, "start the bridge: it empties the memory as it commits the messages")
    return Finding("ok", subject, message)


def _remedy(error: DeviceLost | SendRefused) -> str:
    if isinstance(error, SendRefused):
        return "look after the SIM"
    return "see that it is plugged in, that this is its AT port, and that no other program uses it"
