"""What is right with a configured phone and what to change: the lines of `check`."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from bridge.errors import DeviceLost, SendRefused
from bridge.model import Line, LineState
from bridge.ports import Device, Finding
from device_drivers.android_adb import options
from device_drivers.android_adb.conditions import Stops
from device_drivers.android_adb.link import PhoneLink

#: below this, messages fail now and then
WEAK_DBM = -110


class Opener(Protocol):
    """The one thing needed of the driver."""

    async def open(self, device: Device) -> PhoneLink:
        """As `Driver.open`."""
        ...


async def examine(driver: Opener, device: Device) -> Sequence[Finding]:
    """Never raises for a bad device."""
    subject = f"devices.{device.name}"
    if wrong := options.problems(device.options):
        return [Finding("fail", subject, problem, "correct the configuration") for problem in wrong]
    try:
        link = await driver.open(device)
    except (DeviceLost, SendRefused) as error:
        sentence, _, remedy = error.message.partition(": ")
        return [Finding("fail", subject, sentence, remedy or "see that adb is installed and the phone plugged in")]
    try:
        return [*_of_phone(subject, link), *(finding for line in link.lines for finding in _of_line(subject, line))]
    finally:
        await link.close()


def _of_phone(subject: str, link: PhoneLink) -> Iterator[Finding]:
    yield Finding("ok", subject, f"adb reaches {link.lines[0].model or 'the phone'}")
    for condition in link.conditions:
        level = "warn" if condition.stops is Stops.NOTHING else "fail"
        yield Finding(level, subject, condition.sentence, condition.remedy)


def _of_line(subject: str, line: Line) -> Iterator[Finding]:
    """From what the line says of itself."""
    yield Finding("ok", subject, f"SIM {line.slot}: {line.number or 'its number is not known'}")
    if line.state is not LineState.READY:
        yield Finding("fail", subject, line.reason, "see to it on the phone")
    else:
        where = " ".join(word for word in (line.registration, line.operator) if word)
        yield Finding("ok", subject, f"registered: {where or 'as far as the phone tells'}")
        if line.reason:
            yield Finding("warn", subject, line.reason, "use a stronger charger or a powered USB hub")
    if line.signal_dbm is not None and line.signal_dbm < WEAK_DBM:
        yield Finding("warn", subject, f"the signal is weak: {line.signal_dbm} dBm", "move the phone")
    if line.battery is not None:
        charging = "charges" if line.charging else "does not charge"
        yield Finding("ok", subject, f"the battery is at {line.battery} % and {charging}")
