"""Examines a configured phone, from this machine to the SIM."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from bridge.errors import DeviceLost, SendRefused
from bridge.model.finding import Finding
from bridge.model.line import Line, LineState
from bridge.ports.driver import Device, Examining, Link
from device_drivers.android_adb import options
from device_drivers.android_adb.conditions import Condition, Stops
from device_drivers.android_adb.facts import Messaging
from device_drivers.android_adb.options import Options
from device_drivers.android_adb.survey import survey

#: below this, messages fail now and then
WEAK_DBM = -110
#: received level in dBm from which it is called so (LTE RSRP, 3GPP TS 36.133 §9.1.4, of which GSM's lie higher)
_LEVELS = ((-85, "very good"), (-95, "good"), (-105, "fair"), (WEAK_DBM, "poor, and enough"))
GOOGLE_MESSAGES = "com.google.android.apps.messaging"


class Opener(Protocol):
    """The part of the driver that examination uses."""

    async def open(self, device: Device) -> Link:
        """As `Driver.open`."""
        ...


async def look(device: Device) -> Sequence[Finding]:
    """Examine the machine's side only, without touching the phone."""
    subject = f"devices.{device.name}"
    if wrong := options.problems(device.options):
        return [Finding("fail", subject, problem, "correct the configuration") for problem in wrong]
    return await survey(subject, Options.of(device.options))


async def examine(driver: Opener, device: Device) -> Sequence[Finding]:
    """Examine everything. Never raises for a bad device."""
    subject = f"devices.{device.name}"
    found = list(await look(device))
    if any(finding.level == "fail" for finding in found):
        return found
    try:
        link = await driver.open(device)
    except (DeviceLost, SendRefused) as error:
        sentence, _, remedy = error.message.partition(": ")
        return [
            *found,
            Finding("fail", subject, sentence, remedy or "see that adb is installed and the phone plugged in"),
        ]
    try:
        return [*found, *(await link.examine() if isinstance(link, Examining) else ())]
    except DeviceLost as lost:
        return [*found, Finding("fail", subject, lost.message, "look at the cable, and unlock the phone once")]
    finally:
        await link.close()


def of_phone(
    subject: str, model: str, release: str, messaging: Messaging, conditions: Iterable[Condition]
) -> Iterator[Finding]:
    """Findings about the phone and its permissions."""
    android = f" with Android {release}" if release else ""
    yield Finding("ok", subject, f"adb reaches {model or 'the phone'}{android}, and it trusts this computer")
    yield Finding("ok", subject, "it was unlocked since it was switched on, so its messages can be read")
    for condition in conditions:
        level = "warn" if condition.stops is Stops.NOTHING else "fail"
        yield Finding(level, subject, condition.sentence, condition.remedy)
    if messaging.app and messaging.app != GOOGLE_MESSAGES and not messaging.app_disabled:
        yield Finding("ok", subject, f"SMS come to {messaging.app}, and no RCS chat keeps them away")


def of_line(subject: str, line: Line) -> Iterator[Finding]:
    """Findings from a line's own state."""
    yield Finding("ok", subject, f"SIM {line.slot}: {line.number or 'its number is not known'}")
    if line.state is not LineState.READY:
        yield Finding("fail", subject, line.reason, _remedy(line))
    else:
        yield _registered(subject, line)
        if line.reason:
            yield Finding("warn", subject, line.reason, "use a stronger charger or a powered USB hub")
    if line.signal_dbm is not None:
        yield _signal(subject, line.signal_dbm)
    if line.battery is not None:
        charging = "charges" if line.charging else "does not charge"
        yield Finding("ok", subject, f"the battery is at {line.battery} % and {charging}")


def _registered(subject: str, line: Line) -> Finding:
    where = " ".join(word for word in (line.registration, line.operator) if word)
    if line.registration == "roaming":
        words = f"registered: {where}, so messages may cost more and some networks refuse them"
        return Finding(
            "warn", subject, words, "nothing, when the SIM is meant to roam; else use one of a local operator"
        )
    return Finding("ok", subject, f"registered: {where or 'as far as the phone tells'}")


def _remedy(line: Line) -> str:
    if "irplane" in line.reason:
        return "adb shell cmd connectivity airplane-mode disable; before Android 11 on the phone itself"
    return {
        "searching": "put the phone where its own display shows bars, then look again",
        "denied": "ask the operator whether the SIM is active and allowed on this network",
    }.get(line.registration, "see to it on the phone")


def _signal(subject: str, level: int) -> Finding:
    if level < WEAK_DBM:
        words = f"the signal is weak: {level} dBm, so messages will fail now and then"
        return Finding("warn", subject, words, "move the phone to a window")
    return Finding("ok", subject, f"signal {level} dBm, {next(word for least, word in _LEVELS if level >= least)}")
