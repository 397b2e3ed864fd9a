"""Health of a phone: battery, signal, network."""

import re
from collections.abc import Mapping, Sequence

from bridge.dataclass import dataclass
from device_drivers.android_adb import batch, subscriptions
from device_drivers.android_adb.shell import Shell
from device_drivers.android_adb.subscriptions import Sim

#: percent; below this a phone that does not charge will not last the night
LOW_BATTERY = 20

_COMMANDS = {
    "battery": "dumpsys battery",
    "registry": "dumpsys telephony.registry",
    "subscriptions": "dumpsys isub",
    "properties": "getprop",
    "airplane": "settings get global airplane_mode_on",
}
_FIELD = re.compile(r"^\s*([\w ]+): (\S+)\s*$", re.MULTILINE)
_PHONE = re.compile(r"^\s*(?:Phone Id|mPhoneId)\s*=\s*(\d+)", re.MULTILINE)
_SERVICE = re.compile(r"mServiceState=(?:\{.*?m(?:Voice)?RegState=)?(\d)")
_DATA = re.compile(r"mDataRegState=(\d)")
#: 5G and LTE tell the power of the reference signal, WCDMA and GSM that of the carrier; 2147483647 for none
_LEVELS = re.compile(r"\b(rsrp|ssRsrp|rssi|ss|rscp|dbm)\s*=\s*(-\d{2,3})\b", re.IGNORECASE)
#: LTE has both, and the carrier's is mostly noise of the neighbours
_BEST_FIRST = ("ssrsrp", "rsrp", "rscp", "ss", "dbm", "rssi")
_PROPERTY = re.compile(r"^\[(.+?)\]: \[(.*)\]$", re.MULTILINE)

#: `ServiceState.STATE_…`
_IN_SERVICE, _OUT, _EMERGENCY, _OFF = range(4)
_SENTENCES = {
    _OUT: ("searching", "There is no network: check coverage, and the SIM."),
    _EMERGENCY: ("denied", "Only emergency calls are possible: the SIM may be barred."),
    _OFF: ("none", "The phone's radio is off."),
}
#: `BatteryManager.BATTERY_STATUS_…`
_CHARGING, _FULL = "2", "5"


@dataclass(frozen=True, slots=True)
class Battery:
    """The battery, from `dumpsys battery`."""

    level: int | None = None
    charging: bool | None = None
    #: it hangs on a charger or a USB port
    powered: bool = False

    @property
    def reason(self) -> str:
        """What is wrong with the battery; "" if nothing."""
        if self.level is None or self.charging is not False or self.level >= 100:
            return ""
        if self.powered:
            return f"The USB port gives too little power: the battery is at {self.level} % and falls."
        return f"The battery is at {self.level} % and does not charge." if self.level < LOW_BATTERY else ""


@dataclass(frozen=True, slots=True)
class Radio:
    """One slot's network."""

    registration: str = ""
    operator: str = ""
    signal_dbm: int | None = None
    #: why nothing can be sent; "" for nothing
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """A phone's health at one moment."""

    battery: Battery
    #: by slot, 1-based
    radios: Mapping[int, Radio]
    #: None when the phone would not say
    sims: Sequence[Sim] | None


async def ask(shell: Shell, slots: Sequence[int]) -> Health:
    """Query the phone's health. Raises Unheard."""
    said = await batch.run(shell, _COMMANDS)
    airplane = said["airplane"].strip() == "1"
    listed = subscriptions.is_dump(said["subscriptions"])
    return Health(
        battery(said["battery"]),
        {slot: radio(said["registry"], said["properties"], slot, airplane) for slot in slots},
        subscriptions.parse(said["subscriptions"]) if listed else None,
    )


def battery(dump: str) -> Battery:
    """Parse `dumpsys battery`."""
    fields = dict(_FIELD.findall(dump))
    level, status = fields.get("level", ""), fields.get("status", "")
    powered = any(fields.get(f"{kind} powered") == "true" for kind in ("AC", "USB", "Wireless", "Dock"))
    return Battery(
        int(level) if level.isdecimal() else None, status in {_CHARGING, _FULL} if status.isdecimal() else None, powered
    )


def radio(registry: str, properties: str, slot: int, airplane: bool) -> Radio:
    """Parse `dumpsys telephony.registry` and `getprop` for one slot."""
    block = _block(registry, slot)
    props = dict(_PROPERTY.findall(properties))
    operator = _of_slot(props.get("gsm.operator.alpha", ""), slot)
    if airplane:
        return Radio("none", reason="Airplane mode is on: switch it off.")
    states = [int(match[1]) for pattern in (_SERVICE, _DATA) if (match := pattern.search(block))]
    if states and _IN_SERVICE not in states:
        return Radio(*_SENTENCES.get(states[0], _SENTENCES[_OUT])[:1], reason=_SENTENCES.get(states[0], ("", ""))[1])
    roaming = _of_slot(props.get("gsm.operator.isroaming", ""), slot) == "true"
    return Radio(("roaming" if roaming else "home") if states else "", operator, _level(block))


def _block(registry: str, slot: int) -> str:
    """The registry's section about one slot; the whole registry when it has no sections."""
    starts = [(int(match[1]), match.start()) for match in _PHONE.finditer(registry)]
    for place, (phone, start) in enumerate(starts):
        if phone == slot - 1:
            return registry[start : starts[place + 1][1] if place + 1 < len(starts) else None]
    return registry


def _level(block: str) -> int | None:
    for line in block.split("\n"):
        if "mSignalStrength=" in line:
            told = {name.lower(): int(level) for name, level in _LEVELS.findall(line)}
            levels = (told[name] for name in _BEST_FIRST if name in told)
            return next((level for level in levels if -140 <= level <= -40), None)
    return None


def _of_slot(value: str, slot: int) -> str:
    values = value.split(",")
    return values[slot - 1].strip() if slot <= len(values) else ""
