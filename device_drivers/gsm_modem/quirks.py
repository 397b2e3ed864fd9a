"""Differences of real modems from the standards, as data."""

import re

from bridge.dataclass import dataclass
from device_drivers.gsm_modem import usb

#: results whose name is not that of the command
ANSWERS_TO: dict[str, frozenset[str]] = {
    "ATI": frozenset({"+GCAP"}),
    "+CCID": frozenset({"+ICCID", "^ICCID", "+QCCID"}),
    "+CGSN": frozenset({"+GSN"}),
    "+CMSS": frozenset({"+CMGS"}),
    "+CPBR": frozenset({"+CPBF"}),
}

#: news without a name; some have no colon at all
UNNAMED_NEWS = re.compile(
    r"RING$|RDY$|READY$|CALL READY$|SMS READY$|SMS DONE$|PB DONE$|DST: \d|MODEM:STARTUP|NORMAL POWER DOWN$"
    r"|(UNDER|OVER)[- ]VOLTAGE|\+SMS FULL|\+PBREADY$|\^SYSSTART|\^SHUTDOWN|\+ZUSIMR|PROTOCOL_|HANGUP:|CONNECT$",
    re.IGNORECASE,
)

#: said once at power-up: whatever was asked before will never be answered
POWERED_UP = re.compile(r"RDY$|\^SYSSTART|MODEM:STARTUP", re.IGNORECASE)

#: the modem started anew or found its SIM: everything set up before is gone
RESTARTED = re.compile(
    r"RDY$|CALL READY$|SMS READY$|\^SIMST: ?1|\^SYSSTART|MODEM:STARTUP|\+PBREADY$|\+QIND: ?SMS DONE", re.IGNORECASE
)

#: the memory for SMS is full, and no `+CMTI` will come any more
MEMORY_FULL = re.compile(r"\^SMMEMFULL|\+SMS FULL|\+CIEV: ?\"?SMSFULL|\+CIEV: ?8,1$|\+QIND: ?\"?SMSFULL", re.IGNORECASE)

#: the SIM was pulled out
SIM_GONE = re.compile(
    r"\+CPIN: ?NOT (INSERTED|READY)|\^SIMST: ?(0|255)\b|\+CME ERROR: ?(10|SIM not inserted)$", re.IGNORECASE
)

#: something about the registration or the signal changed
REGISTRATION = frozenset({"+CREG", "+CEREG", "+CGREG", "+C5GREG"})


@dataclass(frozen=True, slots=True)
class Vendor:
    """How a maker's modems differ from TS 27.005 and TS 27.007."""

    name: str
    #: part of the answer to AT+CGMI, lower case
    says: tuple[str, ...]
    #: sent after the library's own steps; errors are ignored
    setup: tuple[str, ...] = ()
    #: instead of AT+CFUN=1,1
    reset: str = "AT+CFUN=1,1"


GENERIC = Vendor("generic", ())

VENDORS = (
    # ^CURC=0 stops the ^RSSI, ^HCSQ … noise; +CMTI still comes
    Vendor("Huawei", ("huawei",), ("AT^CURC=0",), "AT^RESET"),
    Vendor("ZTE", ("zte",), ("AT+ZOPRT=5",)),
    # URCs go to one port only; this makes it ours whichever it is
    Vendor("Quectel", ("quectel",), ('AT+QURCCFG="urcport","usbat"',)),
    Vendor("SIMCom", ("simcom", "sim800", "sim900")),
    Vendor("Sierra", ("sierra",)),
    Vendor("Telit", ("telit",)),
    Vendor("Cinterion", ("cinterion", "siemens", "gemalto", "thales")),
    Vendor("u-blox", ("u-blox", "ublox")),
    Vendor("Fibocom", ("fibocom",)),
    Vendor("Option", ("option",)),
    Vendor("Novatel", ("novatel",)),
    Vendor("Longcheer", ("longcheer", "alcatel")),
    Vendor("Qualcomm", ("qualcomm",)),
)

#: USB to serial adapters that modem boards sit behind; there may be anything else behind them too
ADAPTERS = {"1a86": "CH340", "10c4": "CP210x", "0403": "FTDI", "067b": "PL2303"}


def vendor_of(manufacturer: str) -> Vendor:
    """The maker from the answer to AT+CGMI."""
    words = manufacturer.lower()
    return next((vendor for vendor in VENDORS if any(part in words for part in vendor.says)), GENERIC)


def vendor_of_usb(vendor_id: str) -> Vendor | None:
    """The maker from the USB vendor id; None for a maker that needs no special treatment, or of no modems."""
    maker = vendor_of(usb.MAKERS.get(vendor_id.lower(), ""))
    return None if maker is GENERIC else maker
