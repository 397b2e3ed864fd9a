"""Examines a configured modem, from this machine to the SIM."""

import asyncio
import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

from bridge.errors import DeviceLost, SendRefused
from bridge.model.finding import Finding
from bridge.ports.driver import Device, Examining, Link, VolatileMemory
from device_drivers.gsm_modem import checkup, identity, options
from device_drivers.gsm_modem.options import Options
from device_drivers.gsm_modem.survey import survey

#: how what to do begins where the error says it itself
_SAID_WITH_IT = (identity.MEND, "Say which it is", "Plug it in")


class Opener(Protocol):
    """The part of the driver that examination uses."""

    async def open(self, device: Device) -> Link:
        """As `Driver.open`."""
        ...


async def look(device: Device, ours: Collection[int] = ()) -> Sequence[Finding]:
    """Examine the machine's side only; opens nothing."""
    subject = f"devices.{device.name}"
    if wrong := options.problems(device.options):
        return [Finding("fail", subject, problem, "correct the configuration") for problem in wrong]
    return await asyncio.to_thread(lambda: list(survey(subject, Options.of(device.options), ours)))


async def examine(driver: Opener, device: Device) -> Sequence[Finding]:
    """Examine everything. Never raises for a bad device. The PIN is tried only where a refusal can be remembered."""
    subject = f"devices.{device.name}"
    found = list(await look(device))
    if any(finding.level == "fail" for finding in found):
        return found
    try:
        link = await driver.open(_careful(device))
    except (DeviceLost, SendRefused) as error:
        return [*found, _unopened(subject, device, error)]
    try:
        return [*found, *(await link.examine() if isinstance(link, Examining) else ())]
    except DeviceLost as lost:
        return [*found, Finding("fail", subject, lost.message, "look at the cable and at the power supply")]
    finally:
        await link.close()


def _careful(device: Device) -> Device:
    """The device without its PIN where a refusal would be forgotten: three examinations must not block a SIM."""
    if not isinstance(device.memory, VolatileMemory) or "pin" not in device.options:
        return device
    return replace(device, options={name: value for name, value in device.options.items() if name != "pin"})


def _unopened(subject: str, device: Device, error: DeviceLost | SendRefused) -> Finding:
    for todo in _SAID_WITH_IT:
        words, found, rest = error.message.partition(f". {todo}")
        if found:
            return Finding("fail", subject, words, f"{todo[0].lower()}{todo[1:]}{rest}")
    if isinstance(error, DeviceLost):
        return Finding("fail", subject, error.message, _remedy(device, error.message))
    if _careful(device) is not device and "wants its PIN" in error.message:
        words = "the SIM wants its PIN; the configured one is tried, once, when the bridge starts"
        return Finding("warn", subject, words, "start the bridge, then look again")
    words = error.message.partition(": set `pin`")[0]  # the remedy says so too
    return Finding("fail", subject, words, checkup.sim_remedy(error.message))


def _remedy(device: Device, message: str) -> str:
    port = str(device.options.get("port", ""))
    if "held by another program" in message:
        return f"sudo fuser -v {os.path.realpath(port)} shows which; end it" if port else "end it"
    if "answers AT" in message:
        return "take another of the modem's ports: sms-bridge devices shows the likely ones first"
    return "plug it in, and see what is there: sms-bridge devices"
