"""Checks that modem and SIM are the configured ones.

A port's name says nothing of what is behind it after a replug, and a SIM may move to another modem. So the IMEI
(3GPP TS 23.003 §6) and the ICCID (ITU-T E.118) are compared before a PIN is tried, and the SIM is looked at again with
every look at the line's health.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.errors import Refusal, SendRefused
from bridge.model.line import Line
from device_drivers.gsm_modem.answers import Failed
from device_drivers.gsm_modem.bringup import Wire, attempt

_ICCID = re.compile(r"\b(89\d{14,18})")
_ICCID_COMMANDS = ("AT+CCID", "AT+ICCID", "AT^ICCID?", "AT+QCCID", "AT+ZGETICCID")
#: digits of an ICCID without its check digit, which some modems leave out
_ICCID_DIGITS = 18
#: digits of an IMEI without what is behind them: some modems leave the check digit out or give the software version
_IMEI_DIGITS = 14


@dataclass(frozen=True, slots=True)
class Wanted:
    """The configured modem and SIM; "" for any."""

    imei: str = ""
    iccid: str = ""

    def __bool__(self) -> bool:
        return bool(self.imei or self.iccid)

    def __str__(self) -> str:
        named = ((f"IMEI {self.imei}", self.imei), (f"SIM {self.iccid}", self.iccid))
        return " and ".join(words for words, given in named if given)

    def fits(self, imei: str, iccid: str) -> bool:
        """Whether modem and SIM match."""
        return not self._differences(imei, iccid)

    def recognise(self, wire: Wire, port: str) -> None:
        """Check before a PIN is tried. Raises SendRefused for a modem or SIM that is certainly another, Silent,
        PortLost.
        """
        imei = read_imei(wire) if self.imei else ""
        iccid = read_iccid(wire) if self.iccid else ""
        _refuse(Wanted(imei and self.imei, iccid and self.iccid)._differences(imei, iccid), port)

    def require(self, imei: str, iccid: str, port: str) -> None:
        """Check when all is known. Raises SendRefused when modem or SIM do not match or are unknown."""
        _refuse(self._differences(imei, iccid), port)

    def _differences(self, imei: str, iccid: str) -> list[str]:
        found = []
        if self.imei and self.imei[:_IMEI_DIGITS] != imei[:_IMEI_DIGITS]:
            found.append(f"its modem has IMEI {imei or '(not told)'}, `imei` is {self.imei}")
        if self.iccid and self.iccid[:_ICCID_DIGITS] != iccid[:_ICCID_DIGITS]:
            found.append(f"its SIM has ICCID {iccid or '(not told)'}, `iccid` is {self.iccid}")
        return found


def _refuse(differences: Sequence[str], port: str) -> None:
    if differences:
        raise SendRefused(
            f"{port} is not what the configuration names: {' and '.join(differences)}. Correct `port`, or what it does "
            "not fit; without `port` the modem is looked for on every port.",
            Refusal.LINE,
        )


def read_imei(wire: Wire) -> str:
    """Read AT+CGSN (3GPP TS 27.007 §5.4); "" when unsupported. Raises Silent, PortLost."""
    try:
        return imei_in(wire.ask("AT+CGSN"))
    except Failed:
        return ""


def imei_in(lines: Sequence[str]) -> str:
    """The first 14 to 16 digits of an answer to AT+CGSN: an IMEI, with or without check digit or version."""
    match = re.search(r"\b\d{14,16}\b", " ".join(lines))
    return match[0] if match else ""


def read_iccid(wire: Wire) -> str:
    """Read the ICCID by this modem's command; "" when it has none. Raises PortLost."""
    for command in _ICCID_COMMANDS:
        if match := _ICCID.search(" ".join(attempt(wire, command) or [])):
            return match[1]
    return ""


def read_imsi(wire: Wire) -> str:
    """Read AT+CIMI (3GPP TS 27.007 §5.6); "" when the SIM cannot be read now. Raises Silent, PortLost."""
    try:
        match = re.search(r"\b\d{6,15}\b", " ".join(wire.ask("AT+CIMI")))
    except Failed:
        return ""
    return match[0] if match else ""


def other_sim(wire: Wire, line: Line) -> str:
    """A sentence when the SIM is not the line's original one; "" if it is or is unknown. Raises Silent, PortLost."""
    known, read = (line.imsi, read_imsi) if line.imsi else (line.iccid, read_iccid)
    if not known:
        return ""
    for _ in range(2):  # a digit may get lost on the wire
        now = read(wire)
        if not now or now[:_ICCID_DIGITS] == known[:_ICCID_DIGITS]:
            return ""
    return "another SIM is in the modem: the line begins anew with it"
