"""Options of a `[devices.x]` table for this driver."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from bridge.dataclass import dataclass
from device_drivers._options import problems_of
from device_drivers.gsm_modem.identity import Wanted

OPTIONS: Mapping[str, tuple[type, str]] = {
    "port": (str, "serial port, best a stable name: /dev/sms/office; may be left out when one modem is plugged in"),
    "imei": (str, "the modem with this IMEI, on whatever port it enumerates; with a port, both must fit"),
    "iccid": (str, "the modem with this SIM (the 18 to 20 digits on it), so that the line follows it; as `imei`"),
    "candidates": (list, "patterns of ports to look for a modem on; default /dev/sms/*, /dev/ttyUSB*, /dev/ttyACM*"),
    "baudrate": (int, "bits per second; only real serial lines care (default 115200)"),
    "rtscts": (bool, "hardware flow control, for serial lines wired for it (default false)"),
    "pin": (str, "PIN of the SIM; tried once, never again when it was wrong"),
    "number": (str, "the line's own number, where the SIM does not know it"),
    "smsc": (str, "service centre number, where the SIM has none or a wrong one"),
    "send_timeout": (float, "seconds the network may take to accept a message (default 120)"),
    "command_timeout": (float, "seconds any other command may take (default 10)"),
    "poll_interval": (float, "seconds between looks into the SMS memories, beside notifications (default 45)"),
    "watchdog": (float, "seconds of silence before the modem is asked for a sign of life (default 30)"),
    "recovery_command": (list, "program and arguments to run when nothing else makes a silent modem answer; no shell"),
    "init": (list, "AT commands to send when the modem is ready; refused ones are ignored"),
}

CANDIDATES = ("/dev/sms/*", "/dev/ttyUSB*", "/dev/ttyACM*")


@dataclass(frozen=True, slots=True)
class Options:
    """A device's options with their defaults."""

    port: str = ""
    imei: str = ""
    iccid: str = ""
    candidates: tuple[str, ...] = CANDIDATES
    baudrate: int = 115200
    rtscts: bool = False
    pin: str = ""
    number: str = ""
    smsc: str = ""
    send_timeout: float = 120.0
    command_timeout: float = 10.0
    poll_interval: float = 45.0
    watchdog: float = 30.0
    recovery_command: tuple[str, ...] = ()
    init: tuple[str, ...] = ()

    @property
    def wanted(self) -> Wanted:
        """The configured modem and SIM."""
        return Wanted(self.imei, self.iccid)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Options":
        """Build from the validated configuration."""
        known = {field.name for field in fields(cls)}
        given: dict[str, Any] = {name: value for name, value in options.items() if name in known}
        given.update((name, tuple(given[name])) for name in ("candidates", "init", "recovery_command") if name in given)
        return cls(**given)


def problems(options: Mapping[str, Any]) -> Sequence[str]:
    """All problems, each as `key: message`."""
    return problems_of(options, OPTIONS) or _contents(Options.of(options))


def _contents(options: Options) -> list[str]:
    found = []
    if options.imei and not (options.imei.isdecimal() and len(options.imei) in {14, 15, 16}):
        found.append("imei: must be the 15 digits that AT+CGSN or the label says")
    if options.iccid and not (options.iccid.isdecimal() and len(options.iccid) in {18, 19, 20}):
        found.append("iccid: must be the 18 to 20 digits that are printed on the SIM")
    if options.pin and not (options.pin.isdecimal() and 4 <= len(options.pin) <= 8):
        found.append("pin: must be 4 to 8 digits")
    for name in ("send_timeout", "command_timeout", "poll_interval", "watchdog", "baudrate"):
        if getattr(options, name) <= 0:
            found.append(f"{name}: must be more than 0")
    if any(not isinstance(command, str) or not command.upper().startswith("AT") for command in options.init):
        found.append("init: must be a list of commands that begin with AT")
    return found
