"""Checks that modem and SIM are the configured ones.

A port's name says nothing of what is behind it after a replug, and a SIM may move to another modem. So the IMEI
(3GPP TS 23.003 §6) and the ICCID (ITU-T E.118) are compared before a PIN is tried, and the SIM is looked at again with
every look at the line's health, and before what is sent. By which name a SIM is known is remembered with its IMSI.
"""

import re
from collections.abc import Awaitable, Callable, Sequence

from bridge.dataclass import dataclass
from bridge.errors import DeviceLost, Refusal, SendRefused
from bridge.model.line import Line
from bridge.ports.driver import Memory
from device_drivers.gsm_modem.answers import Failed
from device_drivers.gsm_modem.bringup import Wire, attempt

#: how the words begin that say what to do when another modem or SIM is there
MEND = "To use the one that is there,"

_ICCID = re.compile(r"\b(89\d{14,18})")
_ICCID_COMMANDS = ("AT+CCID", "AT+ICCID", "AT^ICCID?", "AT+QCCID", "AT+ZGETICCID")
#: the same as it lies on the SIM: the digits of each octet exchanged, filled up with F (TS 31.102 §4.2.2, EF_ICCID)
_ICCID_AS_STORED = re.compile(r"\b98[0-9A-F]{14,18}\b", re.IGNORECASE)
#: what is remembered of a SIM: by which `Line.sim` it was known first
KNOWN_AS = "known_as"
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

    def mend(self, imei: str, iccid: str) -> str:
        """What to write into the configuration for a modem and a SIM that are there instead."""
        told = {"imei": imei, "iccid": iccid}
        keys = [key for key, _ in self._differences(imei, iccid)]
        steps = [f'write {key} = "{told[key]}"' if told[key] else f"take {key} out" for key in keys]
        return f"{MEND} {' and '.join(steps)}"

    def recognise(self, wire: Wire, port: str) -> None:
        """Check before a PIN is tried. Raises SendRefused for a modem or SIM that is certainly another, Silent,
        PortLost.
        """
        imei = read_imei(wire) if self.imei else ""
        iccid = read_iccid(wire) if self.iccid else ""
        Wanted(imei and self.imei, iccid and self.iccid).require(imei, iccid, port)

    def require(self, imei: str, iccid: str, port: str) -> None:
        """Check when all is known. Raises SendRefused when modem or SIM do not match or are unknown."""
        if differences := self._differences(imei, iccid):
            words = " and ".join(said for _, said in differences)
            raise SendRefused(
                f"{port} is not what the configuration names: {words}. {self.mend(imei, iccid)}; or plug in the one "
                "that is named, which is looked for on every port where `port` is left out",
                Refusal.LINE,
            )

    def _differences(self, imei: str, iccid: str) -> list[tuple[str, str]]:
        """The setting and what is the matter with it, for each that does not fit."""
        found = []
        if self.imei and self.imei[:_IMEI_DIGITS] != imei[:_IMEI_DIGITS]:
            found.append(("imei", f"its modem has IMEI {imei or '(not told)'}, `imei` is {self.imei}"))
        if self.iccid and not same_iccid(self.iccid, iccid):
            found.append(("iccid", f"its SIM has ICCID {iccid or '(not told)'}, `iccid` is {self.iccid}"))
        return found


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
        if found := _iccid_in(" ".join(attempt(wire, command) or [])):
            return found
    return ""


def _iccid_in(answer: str) -> str:
    if match := _ICCID_AS_STORED.search(answer):
        octets = re.findall("..", match[0])
        answer = "".join(octet[::-1] for octet in octets)
    match = _ICCID.search(answer)
    return match[1] if match else ""


def same_iccid(one: str, other: str) -> bool:
    """Whether both can be of one SIM: some modems leave the check digit out.

    All that both have must be the same: the SIMs of one box differ in the last digits alone.
    """
    shorter, longer = sorted((one, other), key=len)
    return bool(shorter) and longer.startswith(shorter)


async def known_as(memory_of: Callable[[str], Awaitable[Memory]] | None, imsi: str, iccid: str) -> str:
    """By which `Line.sim` the SIM of this IMSI was known first; "" where that is what the modem tells of it.

    One modem tells the ICCID, another one does not or leaves digits out; the IMSI is told by nearly all of them.
    """
    if memory_of is None or not imsi:
        return ""
    memory = await memory_of(f"sim {imsi}")
    first = memory.get(KNOWN_AS)
    if first is None or (iccid and first != imsi and not same_iccid(first, iccid)):  # new, or another card for it
        first = iccid or imsi
        await memory.put(KNOWN_AS, first)
    return "" if first == (iccid or imsi) else first


def read_imsi(wire: Wire) -> str:
    """Read AT+CIMI (3GPP TS 27.007 §5.6); "" when the SIM cannot be read now. Raises Silent, PortLost."""
    try:
        match = re.search(r"\b\d{6,15}\b", " ".join(wire.ask("AT+CIMI")))
    except Failed:
        return ""
    return match[0] if match else ""


class OtherSim(DeviceLost):
    """The SIM is another one than when the line was opened."""

    def __init__(self) -> None:
        super().__init__("another SIM is in the modem: the line begins anew with it")


def require_same_sim(wire: Wire, line: Line) -> None:
    """Raises OtherSim unless the SIM is the line's original one or is unknown; Silent, PortLost."""
    known, read = (line.imsi, read_imsi) if line.imsi else (line.iccid, read_iccid)
    if not known:
        return
    for _ in range(2):  # a digit may get lost on the wire
        now = read(wire)
        if now in {"", known}:
            return
    raise OtherSim
