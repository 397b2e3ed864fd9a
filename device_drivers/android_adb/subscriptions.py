"""Parses the SIMs of a phone from `dumpsys isub`, whose format changed with Android 14."""

import re
from collections.abc import Iterator

from bridge.dataclass import dataclass
from bridge.model.line import CUT

#: the headings of the list of active SIMs: SubscriptionController (to 13), SubscriptionManagerService (from 14)
_HEADINGS = ("ActiveSubInfoList:", "Active subscriptions:")
_RECORD = re.compile(r"[\[{](?:SubscriptionInfoInternal: )?id=(\d+)\b")
_SLOT = re.compile(r"\bsimSlotIndex=(-?\d+)")
_ICCID = re.compile(r"\biccId=(\d*)(?!\d)(?=( |,|$)?)")
#: digits of a whole one at least (ITU-T E.118)
_WHOLE_ICCID = 18
_NUMBER = re.compile(r"\bnumber=(\+?\d+)")
#: from Android 14 on; -10000 for nobody (AOSP SubscriptionInfoInternal)
_USER = re.compile(r" userId=(-?\d+)")
#: up to the next `name=`
_CARRIER = re.compile(r"\bcarrierName=(.*?)(?: \w+=|$)")


@dataclass(frozen=True, slots=True)
class Sim:
    """One active SIM."""

    #: Android's own number for it, the `subId` of every call
    sub: int
    #: 1-based
    slot: int
    #: whole, or its beginning and CUT: builds for customers print no more
    iccid: str = ""
    carrier: str = ""
    number: str = ""
    #: the only user of the phone who has it, by Android's number; 0 for the phone's owner, and for a SIM that all have
    user: int = 0

    @property
    def identity(self) -> tuple[int, int, str, int]:
        """What may not change while it is a line."""
        return self.sub, self.slot, self.iccid, self.user


def parse(dump: str) -> tuple[Sim, ...]:
    """The active SIMs by slot; the log that follows the list may name others."""
    found = {}
    for line in _listed(dump):
        record, slot = _RECORD.search(line), _SLOT.search(line)
        if record and slot and int(slot[1]) >= 0:
            carrier, number, user = _first(_CARRIER, line), _first(_NUMBER, line), _user(line)
            found[int(slot[1])] = Sim(int(record[1]), int(slot[1]) + 1, _iccid(line), carrier, number, user)
    return tuple(found[slot] for slot in sorted(found))


def is_dump(text: str) -> bool:
    """Whether it contains a list of active SIMs, if an empty one."""
    return any(heading in text for heading in _HEADINGS)


def _listed(dump: str) -> Iterator[str]:
    inside = False
    for line in dump.split("\n"):
        stripped = line.strip()
        if stripped.startswith(_HEADINGS):
            inside = True
        elif inside and _RECORD.match(stripped):
            yield stripped
        elif inside and stripped:
            return


def _iccid(line: str) -> str:
    match = _ICCID.search(line)
    if match is None or not match[1]:
        return ""
    return match[1] if len(match[1]) >= _WHOLE_ICCID and match[2] is not None else f"{match[1]}{CUT}"


def _user(line: str) -> int:
    users = _USER.findall(line)  # names, which people choose, stand before it
    return max(int(users[-1]), 0) if users else 0


def _first(pattern: re.Pattern[str], line: str) -> str:
    match = pattern.search(line)
    return match[1].strip() if match and match[1] != "null" else ""
