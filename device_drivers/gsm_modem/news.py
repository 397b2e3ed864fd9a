"""Interprets unsolicited results. Pure."""

import re
from enum import Enum

from bridge.dataclass import dataclass
from device_drivers.gsm_modem import framing, quirks
from device_drivers.gsm_modem.answers import News

_PLACE = re.compile(r'\+(?:CMTI|CDSI): ?"?(\w*)"?(?:, ?(\d+))?')
_RESULT = re.compile(r"\+CMGS: ?(\d+)")


class Meaning(Enum):
    """What an unsolicited result requires."""

    #: something is stored; `memory` says where
    ARRIVED = "arrived"
    #: an SMS or a report came without being stored; `pdu` has it
    DIRECT = "direct"
    #: the same in text mode, in which it must not be; `text` has its lines
    TEXT = "text"
    #: the same, and its PDU did not come
    BROKEN = "broken"
    #: nothing can be stored any more
    FULL = "full"
    #: the modem lost what was set up
    RESTARTED = "restarted"
    REGISTRATION = "registration"
    SIM_GONE = "sim gone"
    #: the result of a `+CMGS` that was given up: `reference`, or `final` for a no
    LATE_RESULT = "late result"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Told:
    """One piece of news."""

    meaning: Meaning
    memory: str = ""
    #: of the place where it is stored; -1 when that was not told
    place: int = -1
    pdu: str = ""
    text: tuple[str, ...] = ()
    reference: int | None = None
    final: str = ""


def understand(news: News) -> Told:
    """Interpret an unsolicited result; NOTHING for noise."""
    line = news[0]
    name = framing.name_of(line)
    if place := _PLACE.match(line):
        return Told(Meaning.ARRIVED, memory=place[1], place=int(place[2] or -1))
    if name in {"+CMT", "+CDS"}:
        return _direct(name[1:], news)
    if result := _RESULT.match(line):
        return Told(Meaning.LATE_RESULT, reference=int(result[1]))
    if line.upper().startswith("+CMS ERROR"):
        return Told(Meaning.LATE_RESULT, final=line)
    return Told(_meaning(line, name))


def _direct(memory: str, news: News) -> Told:
    if framing.is_text_mode(news[0]):
        return Told(Meaning.TEXT, memory, text=news)
    return Told(Meaning.DIRECT, memory, pdu=news[1]) if len(news) > 1 else Told(Meaning.BROKEN, memory, text=news)


def _meaning(line: str, name: str) -> Meaning:
    if quirks.MEMORY_FULL.match(line):
        return Meaning.FULL
    if quirks.SIM_GONE.match(line):
        return Meaning.SIM_GONE
    if quirks.RESTARTED.match(line):
        return Meaning.RESTARTED
    return Meaning.REGISTRATION if name in quirks.REGISTRATION else Meaning.NOTHING
