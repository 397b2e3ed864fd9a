"""The site's lines as lines of this bridge. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bridge.model.history import Ongoing
from bridge.model.line import Line, LineState
from device_drivers.bridge_remote import told
from device_drivers.bridge_remote.told import moment

#: drivers whose lines cannot be used from here: what they carry is not any SMS, and no site is reached through another
_ELSEWHERE = frozenset({"whatsapp_cloud", "tencent", "aliyun", "bridge_remote"})
#: what a line is called and has, and what is said of it
_NAMES = ("device", "driver", "number", "iccid", "imsi", "imei", "registration", "seen_at")
_WORDS = ("model", "operator", "reason", "calls_reason")
#: its figures, with their bounds
_NUMBERS = (
    ("slot", 1, 99), ("signal_dbm", -999, 999), ("battery", 0, 100), ("most_parts", 1, 255), ("fewest_digits", 1, 20),
)  # fmt: skip
Shape = Mapping[str, Any]


def read_line(line: object) -> Shape:
    """A line as the site tells of it, bounded and legible. Raises ValueError for what is none."""
    found = told.shape(line)
    read: dict[str, Any] = {key: told.name(found[key]) for key in _NAMES if found.get(key) is not None}
    read |= {key: told.words(found[key]) for key in _WORDS if found.get(key) is not None}
    read |= {key: found[key] for key in ("reports", "calls", "charging") if isinstance(found.get(key), bool)}
    for key, least, most in _NUMBERS:
        if found.get(key) is not None:
            read[key] = told.integer(found[key], least, most)
    return read | {"name": told.identifier(found.get("name")), "state": LineState(told.name(found.get("state"))).value}


def read_alarm(alarm: object) -> Shape:
    """The same for an alarm."""
    found = told.shape(alarm)
    read = {key: told.words(found.get(key)) for key in ("title", "reason")}
    read |= {key: told.name(found.get(key)) for key in ("line", "began_at")}
    return read | {"id": told.identifier(found.get("id"))}


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
        most_parts=int(line.get("most_parts") or 255),
        fewest_digits=int(line.get("fewest_digits") or 1),
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
