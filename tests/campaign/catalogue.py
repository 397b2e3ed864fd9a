"""Troubles made of what the emulators say they can do: a new fault or event of theirs joins by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

Request = dict[str, Any]
Catalogue = Mapping[str, Any]

#: commands that the driver uses while it works; any other of the modem's is drawn too, more rarely
BUSY_COMMANDS = ("+CMGS", "+CMGL", "+CMGR", "+CMGD", "+CPMS", "+CNMI", "+CREG", "+CSQ", "+CMGF", "+CPIN", "+COPS")
#: final lines in place of the right one
ANSWERS = (
    "ERROR", "OK", "NO CARRIER", "BUSY", "NO DIALTONE", "+CMS ERROR: 500", "+CMS ERROR: 332", "+CMS ERROR: 331",
    "+CMS ERROR: 38", "+CMS ERROR: 42", "+CMS ERROR: 304", "+CMS ERROR: 310", "+CMS ERROR: 322", "+CME ERROR: 100",
    "+CME ERROR: 14", "COMMAND NOT SUPPORT",
)  # fmt: skip
#: unsolicited lines, some of them the kind that ends an answer
LINES = ("RING", "NO CARRIER", "BUSY", "OK", "ERROR", "^RSSI:17", "+CREG: 2", '+CMTI: "SM",3', "+CUSD: 4", "RDY")
#: what another program types at another port of a modem, and before which commands of ours
TYPED = ('AT+CPMS="SM"', 'AT+CPMS="ME"')
MEMORY_COMMANDS = ("+CMGL", "+CMGR", "+CMGD")
#: +CMS ERRORs of the network (TS 24.011 annex E-2, TS 27.005 §3.2.5)
REFUSALS = (1, 21, 27, 38, 41, 42, 47, 69, 96, 111, 127)
#: commands of a phone's shell that may hang
SHELL = ("content", "service", "dumpsys", "getprop", "logcat")
#: what a modem is made like and does not become while it works: the wire tests have it from the start
MADE_LIKE = frozenset({"one_memory", "deletes_all", "deletes_beside"})
#: what the books cannot tell from the bridge's own work: another app's SMS with the same text to the same number
NOT_OURS = frozenset({"rival_sends_next"})
#: events after which a phone without one of its two dates of an SMS (`network_dates`, `no_network_dates`) shows what
#: looks like one more
LIKE_ONE_MORE = frozenset({"copy_store", "spoil"})


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong for a while."""

    at: float  # s from the beginning of the round
    lasts: float  # s
    name: str
    #: requests to the virtual network; empty for what happens to the bridge's process or its surroundings
    begin: tuple[Request, ...] = ()
    end: tuple[Request, ...] = ()

    def written(self) -> Mapping[str, Any]:
        """For the evidence."""
        return asdict(self)


def device_trouble(chance: Random, catalogue: Catalogue, modems: int, phones: int, at: float, lasts: float) -> Trouble:
    """One of everything that may be wrong with a device or with the network."""
    kinds = ["rules"] + ["modem"] * 4 * bool(modems) + ["phone"] * 2 * bool(phones)
    kind = chance.choice(kinds)
    if kind == "rules":
        return _fault(chance, {"command": "rules"}, "rules", catalogue["rules"], (), at, lasts)
    number = chance.randrange(modems if kind == "modem" else phones)
    told, where = catalogue[kind], {kind: number}
    if chance.random() < 0.5:
        return _event(chance, kind, where, told["events"], at, lasts)
    target = {"command": "faults" if kind == "modem" else "phone", **where}
    return _fault(chance, target, f"{kind} {number}", told["faults"], told.get("commands", ()), at, lasts)


def _event(
    chance: Random, kind: str, where: Request, events: Mapping[str, Mapping[str, Any]], at: float, lasts: float
) -> Trouble:
    name = chance.choice(sorted(events.keys() - LIKE_ONE_MORE))
    event = events[name]
    given = event["example"] | ({"line": chance.choice(LINES)} if "line" in event["example"] else {})
    many = chance.choice((1, 1, 3, 20)) if not event["undo"] and "line" in given else 1  # a storm of them

    def asked(what: str, how: Mapping[str, Any]) -> Request:
        return {"command": what, **where, **how} if kind == "modem" else {"command": kind, **where, "do": what, **how}

    end = (asked(event["undo"], event["undo_with"]),) if event["undo"] else ()
    return Trouble(at, lasts, f"{kind} {where[kind]} {name}", (asked(name, given),) * many, end)


def _fault(
    chance: Random,
    target: Request,
    place: str,
    fields: Mapping[str, Sequence[Any]],
    commands: Sequence[str],
    at: float,
    lasts: float,
) -> Trouble:
    name = chance.choice(sorted(fields))
    kind, fresh = fields[name]
    if name == "typed_elsewhere":
        value = {chance.choice(MEMORY_COMMANDS): [chance.choice(TYPED)] * chance.randint(1, 3)}
    else:
        value = fresh if name in MADE_LIKE | NOT_OURS else _value(chance, kind, fresh, commands)
    return Trouble(at, lasts, f"{place} {name}={value}", ({**target, name: value},), ({**target, name: fresh},))


def _value(chance: Random, kind: str, fresh: Any, commands: Sequence[str]) -> Any:
    """Another value than the one of a device in good health."""
    word = kind.removesuffix(" | None")
    match word:
        case "bool":
            return not fresh if word == kind else chance.choice((True, False))
        case "int":
            return chance.choice((1, 2, 3)) if not fresh else chance.randrange(fresh + 1)
        case "float":
            return round(chance.uniform(0.05, 0.5) if not fresh else chance.uniform(0, 2 * fresh), 3)
        case "str":
            return chance.choice(LINES)
        case "list[int]":
            return [chance.choice(REFUSALS) for _ in range(chance.randint(1, 3))]
        case "list[str]" | "set[str]":
            return [chance.choice(SHELL)]
        case _:
            return _table(chance, word, commands)


def _table(chance: Random, kind: str, commands: Sequence[str]) -> dict[str, Any]:
    """Command → value where it is about commands, else nothing that anybody would know: an empty table."""
    if not commands:
        return {}
    command = chance.choice(BUSY_COMMANDS if chance.random() < 0.7 else commands)
    values: dict[str, Any] = {
        "dict[str, list[str]]": [chance.choice(ANSWERS) for _ in range(chance.randint(1, 3))],
        "dict[str, int]": chance.randint(1, 3),
        "dict[str, float]": round(chance.uniform(0.1, 3.0), 3),
        "dict[str, str]": chance.choice(ANSWERS),
    }
    return {command: values[kind]} if kind in values else {}


def remedies(catalogue: Catalogue, modems: int, phones: int) -> list[Request]:
    """What puts every device and the network right, whatever was done to them."""
    found: list[Request] = [{"command": "rules", **_fresh(catalogue["rules"])}]
    for number in range(modems):
        found.append({"command": "faults", "modem": number, **_fresh(catalogue["modem"]["faults"])})
        for event in catalogue["modem"]["events"].values():
            if event["undo"]:
                found.append({"command": event["undo"], "modem": number, **event["undo_with"]})
    for number in range(phones):
        found.append({"command": "phone", "phone": number, **_fresh(catalogue["phone"]["faults"])})
        for event in catalogue["phone"]["events"].values():
            if event["undo"]:
                found.append({"command": "phone", "phone": number, "do": event["undo"], **event["undo_with"]})
    return found


def _fresh(fields: Mapping[str, Sequence[Any]]) -> Request:
    return {name: fresh for name, (_, fresh) in fields.items()}
