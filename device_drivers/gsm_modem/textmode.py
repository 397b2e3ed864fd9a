"""Parses SMS and reports in text mode, which another program may have switched on (TS 27.005 §3.4.1)."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from bridge.model.radio import InboundPart, InboundReport
from device_drivers.gsm_modem.pdu.status import outcome

_STAMP = re.compile(r"(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)?")


def read(line: str, slot: str, news: Sequence[str]) -> InboundPart | InboundReport:
    """Parse an SMS or report. Text mode does not show concatenation, so each part stands alone."""
    name, _, rest = news[0].partition(":")
    fields = _fields(rest.strip())
    raw = "\n".join(news)
    if name.upper() == "+CDS":
        return _report(line, slot, fields, raw)
    stamps = [moment for field in fields if (moment := moment_of(field))]
    text = readable("\n".join(news[1:]))
    return InboundPart(line, slot, readable(fields[0]) if fields else "", text, (stamps or [0])[0], raw=raw)


def _report(line: str, slot: str, fields: Sequence[str], raw: str) -> InboundPart | InboundReport:
    """Parse `<fo>,<mr>,[<ra>],[<tora>],<scts>,<dt>,<st>`; anything else is passed on as it is."""
    if len(fields) < 7 or not (fields[1].isdecimal() and fields[6].isdecimal()):
        return InboundPart(line, slot, "", "", data=raw.encode("latin-1", "replace").hex(), error="a report", raw=raw)
    state, detail = outcome(int(fields[6]))
    return InboundReport(
        line, slot, readable(fields[2]), int(fields[1]), state, detail, moment_of(fields[5]), raw, moment_of(fields[4])
    )


def _fields(text: str) -> list[str]:
    """Split parameters at commas outside quotes."""
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
    """Parse `26/11/20,10:11:12+04` (zone in quarters of an hour) to Unix ms; 0 when invalid."""
    match = _STAMP.fullmatch(stamp)
    if match is None:
        return 0
    year, month, day, hour, minute, second = (int(each) for each in match.groups()[:6])
    with suppress(ValueError):
        local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
        return int((local - timedelta(minutes=15 * int(match[7] or 0))).timestamp()) * 1000
    return 0


def readable(text: str) -> str:
    """Decode a text: some modems give UCS-2 in hex, others UTF-8."""
    if len(text) >= 8 and len(text) % 4 == 0 and (text.startswith("00") or not text.isdecimal()):
        with suppress(ValueError):
            return bytes.fromhex(text).decode("utf-16-be")
    with suppress(ValueError):
        return text.encode("latin-1").decode()
    return text
