"""Options of a `[devices.x]` table for this driver."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from bridge.dataclass import dataclass
from device_drivers._options import problems_of

OPTIONS: Mapping[str, tuple[type, str]] = {
    "serial": (str, "the phone's serial, as `sms-bridge devices` shows it; may be left out for the only phone"),
    "adb_host": (str, "where the adb server listens (default 127.0.0.1)"),
    "adb_port": (int, "the adb server's port (default 5037)"),
    "numbers": (list, "the SIMs' own numbers, slot 1 first, where the phone does not know them"),
    "poll_interval": (float, "seconds between looks for new messages (default 3)"),
    "idle_interval": (float, "the same once the radio log has told of an SMS before it was there (default 30)"),
    "command_timeout": (float, "seconds that a single command may take on the phone (default 30)"),
    "send_timeout": (float, "seconds to wait for a trace of a message that the phone took (default 90)"),
    "settle": (float, "seconds that such a trace must last to be believed (default 2)"),
    "segments_per_minute": (int, "SMS parts a minute and phone; Android itself stops at 30 (default 20)"),
    "allow_short_codes": (bool, "send to numbers of 3 to 8 digits too, for which Android may ask on its screen"),
    "allow_unknown_sdk": (bool, "send on a version of Android that this driver does not know for sure"),
    "radio_log": (bool, "listen to the phone's radio log and look for news at once (default true)"),
    "import_existing": (bool, "take in what the phone already holds when it is first opened (default false)"),
}

#: Android asks on its screen from the 31st part in a minute on (AOSP SmsUsageMonitor)
MOST_SEGMENTS = 30
_SERIAL = re.compile(r"[\w.:\-\[\]%]+", re.ASCII)
_NUMBER = re.compile(r"\+?[0-9]{3,20}")


@dataclass(frozen=True, slots=True)
class Options:
    """A device's options with their defaults."""

    serial: str = ""
    adb_host: str = ""
    adb_port: int = 0
    numbers: tuple[str, ...] = ()
    poll_interval: float = 3.0
    idle_interval: float = 30.0
    command_timeout: float = 30.0
    send_timeout: float = 90.0
    settle: float = 2.0
    segments_per_minute: int = 20
    allow_short_codes: bool = False
    allow_unknown_sdk: bool = False
    radio_log: bool = True
    import_existing: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Options":
        """Build from the validated configuration."""
        known = {field.name for field in fields(cls)}
        given: dict[str, Any] = {name: value for name, value in options.items() if name in known}
        if "numbers" in given:
            given["numbers"] = tuple(given["numbers"])
        return cls(**given)


def problems(options: Mapping[str, Any]) -> Sequence[str]:
    """All problems, each as `key: message`."""
    return problems_of(options, OPTIONS) or _contents(Options.of(options))


def _contents(options: Options) -> list[str]:
    found = [
        f"{name}: must be more than 0"
        for name in ("poll_interval", "idle_interval", "command_timeout", "send_timeout", "settle")
        if getattr(options, name) <= 0
    ]
    if options.serial and not _SERIAL.fullmatch(options.serial):
        found.append("serial: is not one that adb would show")
    if not 0 <= options.adb_port <= 65535:
        found.append("adb_port: must be a port number")
    if not 1 <= options.segments_per_minute <= MOST_SEGMENTS:
        found.append(f"segments_per_minute: must be 1 to {MOST_SEGMENTS}; beyond that the phone asks on its screen")
    if any(number and not _NUMBER.fullmatch(number) for number in options.numbers):
        found.append('numbers: must be phone numbers like "+15550100"')
    return found
