"""SMS and reports that a modem hands over in text mode, because another program switched it on (TS 27.005 §3.4.1)."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from bridge.model.radio import InboundPart, InboundReport
from device_drivers.gsm_modem.pdu.status import outcome

_STAMP = re.compile(r"(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)?")


def read(line: str, slot: str, news: Sequence[str]) -> InboundPart | InboundReport:
    """What this says. Where a text is one part of several is not told in text mode, so each part stands by itself."""
    name, _, rest = news[0].partition(":")
    fields = _fields(rest.strip())
    raw = "\n".join(news)
    if name.upper() == "+CDS":
        return _report(line, slot, fields, raw)
    stamps = [moment for field in fields if (moment := moment_of(field))]
    text = readable("\n".join(news[1:]))
    return InboundPart(line, slot, readable(fields[0]) if fields else "", text, (stamps or [0])[0], raw=raw)


def _report(line: str, slot: str, fields: Sequence[str], raw: str) -> InboundPart | InboundReport:
    """`<fo>,<mr>,[<ra>],[<tora>],<scts>,<dt>,<st>`; as it is when it is not like that."""
    if len(fields) < 7 or not (fields[1].isdecimal() and fields[6].isdecimal()):
        return InboundPart(line, slot, "", "", data=raw.encode("latin-1", "replace").hex(), error="a report", raw=raw)
    state, detail = outcome(int(fields[6]))
    return InboundReport(
        line, slot, readable(fields[2]), int(fields[1]), state, detail, moment_of(fields[5]), raw, moment_of(fields[4])
    )


def _fields(text: str) -> list[str]:
    """Parameters with commas between them; those in quotes may have commas too."""
    fields, quoted = [""], False
    for char in text:
        if char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            fields.append("")
        else:
            fields[-1] += char
    return [field.strip() for field in fields]


def moment_of(stamp: str) -> int:
    """Unix ms of `26/11/20,10:11:12+04`, whose zone is in quarters of an hour; 0 for what is none."""
    match = _STAMP.fullmatch(stamp)
    if match is None:
        return 0
    year, month, day, hour, minute, second = (int(each) for each in match.groups()[:6])
    with suppress(ValueError):
        local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
        return int((local - timedelta(minutes=15 * int(match[7] or 0))).timestamp()) * 1000
    return 0


def readable(text: str) -> str:
    """A text as it was meant: some modems give UCS-2 in hex, others octets of UTF-8."""
    if len(text) >= 8 and len(text) % 4 == 0 and (text.startswith("00") or not text.isdecimal()):
        with suppress(ValueError):
            return bytes.fromhex(text).decode("utf-16-be")
    with suppress(ValueError):
        return text.encode("latin-1").decode()
    return text
