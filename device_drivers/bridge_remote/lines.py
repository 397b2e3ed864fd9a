"""The site's lines as lines of this bridge. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bridge.model.history import Ongoing
from bridge.model.line import Line, LineState

#: drivers whose lines cannot be used from here: what they carry is not any SMS, and no site is reached through another
_ELSEWHERE = frozenset({"whatsapp_cloud", "tencent", "aliyun", "bridge_remote"})
Shape = Mapping[str, Any]


def moment(written: object) -> int:
    """Unix ms of an RFC 3339 time; 0 for none."""
    try:
        return round(datetime.fromisoformat(str(written)).timestamp() * 1000) if written else 0
    except ValueError:
        return 0


def shared(lines: Sequence[Shape], allowed: Collection[str], chosen: Collection[str]) -> list[Shape]:
    """Those that the account may send by and that are wanted here; no names for all."""
    return [
        each
        for each in lines
        if each.get("driver") not in _ELSEWHERE and _is_named(each, allowed) and _is_named(each, chosen)
    ]


def _is_named(line: Shape, names: Collection[str]) -> bool:
    named = {name.casefold() for name in names}
    return not named or bool(named & {str(line.get(key, "")).casefold() for key in ("name", "device")})


def name_here(device: str, theirs: str) -> str:
    """What a line of the site is called here."""
    return f"{device}:{theirs.replace(':', '.')}"


def mirrored(device: str, driver: str, line: Shape, ahead: int) -> Line:
    """The line as the site tells of it; `ahead`: ms that the site's clock is ahead of ours."""
    seen_at = moment(line.get("seen_at"))
    return Line(
        name_here(device, line["name"]), device, driver, LineState(line["state"]),
        slot=int(line.get("slot") or 1),
        number=str(line.get("number", "")),
        iccid=str(line.get("iccid", "")),
        imsi=str(line.get("imsi", "")),
        imei=str(line.get("imei", "")),
        model=str(line.get("model", "")),
        operator=str(line.get("operator", "")),
        registration=str(line.get("registration", "")),
        signal_dbm=line.get("signal_dbm"),
        battery=line.get("battery"),
        charging=line.get("charging"),
        reason=str(line.get("reason", "")),
        seen_at=seen_at - ahead if seen_at else 0,
        reports=bool(line.get("reports", True)),
        calls=line.get("calls"),
        calls_reason=str(line.get("calls_reason", "")),
    )  # fmt: skip


def mirrored_alarms(told: Sequence[Shape], names: Mapping[str, str], ahead: int) -> tuple[Ongoing, ...]:
    """The site's alarms about these lines (their names there → here), but for those that a line is not in service:
    this bridge raises them itself for the lines that it sees.
    """
    return tuple(
        Ongoing(
            str(each["id"]), str(each["title"]), str(each["reason"]), names[each["line"]],
            moment(each["began_at"]) - ahead,
        )
        for each in told
        if each.get("line") in names and not str(each["id"]).startswith("line:")
    )  # fmt: skip


def changed(line: Line, state: str, reason: str) -> Line:
    """The line after the site told of a change."""
    return replace(line, state=LineState(state), reason=reason)
