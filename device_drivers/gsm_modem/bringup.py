"""Sets a connected modem up to store SMS and announce them, within what it supports."""

import logging
import re
from collections.abc import Collection, Sequence
from typing import Protocol

from bridge.dataclass import dataclass
from device_drivers.gsm_modem.answers import Failed, Silent
from device_drivers.gsm_modem.quirks import Vendor

log = logging.getLogger(__name__)

#: memories that SMS can be in (TS 27.005 §3.1); MT is SM and ME together
MEMORIES = ("SM", "ME", "SR")

#: AT+CNMI when the modem does not tell what it takes: stored reports, direct reports, none, Cinterion's
CNMI_GUESSES = ("2,1,0,2,0", "2,1,0,1,0", "2,1,0,0,0", "2,1,0,2", "1,1,0,1,1", "2,1")

_GROUP = re.compile(r"\(([^()]*)\)")


class Wire(Protocol):
    """The part of `Transport` used here."""

    def ask(self, command: str, timeout: float | None = None) -> list[str]:
        """Raises Failed, Silent, PortLost."""
        ...


@dataclass(frozen=True, slots=True)
class Setup:
    """The result of setting up."""

    #: where SMS and reports may lie; empty when the modem has no say in it
    memories: tuple[str, ...] = ()
    #: where it writes and receives
    kept_in: tuple[str, ...] = ()
    #: how many names AT+CPMS wants when it only has to choose where to read
    names: int = 1
    #: what AT+CNMI was set to; "" when the modem tells nothing and must be asked
    cnmi: str = ""
    #: AT+CSMS=1 could not be left: what comes directly must be acknowledged (AT+CNMA)
    must_acknowledge: bool = False

    def selection(self, memory: str) -> str:
        """The command that selects the memory to read; "" for a modem without a choice."""
        names = (memory, *self.kept_in)[: self.names]
        return f"+CPMS={_quoted(names)}" if memory else ""


def bring_up(wire: Wire, vendor: Vendor, extra: Sequence[str] = (), avoid: Collection[str] = ()) -> Setup:
    """Set up after the library's own connect, and again when the modem restarted.

    `avoid` names memories that nothing should be received into. Only PDU mode is indispensable: raises Failed for
    that, and PortLost.
    """
    for command in ("ATE0", "AT+CMEE=1", *vendor.setup):
        attempt(wire, command)
    phase_two = attempt(wire, "AT+CSMS=0") is None or any("+CSMS" in command.upper() for command in extra)
    wire.ask("AT+CMGF=0")
    memories, kept_in, names = choose_memories(wire, avoid)
    cnmi = choose_cnmi(wire, "SR" in memories)
    for command in ("AT+CREG=1", "AT+CEREG=1", "AT+C5GREG=1", *extra):
        attempt(wire, command)
    return Setup(memories, kept_in, names, cnmi, must_acknowledge=phase_two and _csms(wire) == "1")


def attempt(wire: Wire, command: str, timeout: float | None = None) -> list[str] | None:
    """Try an optional command; None when the modem refuses."""
    try:
        return wire.ask(command, timeout)
    except (Failed, Silent) as refused:
        log.debug("%s", refused)
        return None


def _csms(wire: Wire) -> str:
    answer = attempt(wire, "AT+CSMS?") or [""]
    return answer[0].partition(":")[2].strip()[:1]


# -- memories (TS 27.005 §3.2.3) ------------------------------------------------------------------
def choose_memories(wire: Wire, avoid: Collection[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Choose where received SMS are stored; returns the memories to read, those chosen, and the number of names for
    reading.

    How many names AT+CPMS takes is not told by its test command: some modems take three or nothing, some two.
    """
    offered = [re.findall(r"[A-Z]{2}", group) for group in parse_groups(attempt(wire, "AT+CPMS=?") or [])]
    groups = [group for group in offered[:3] if group]
    if not groups:
        return (), (), 1
    chosen = [_preferred(group, avoid) for group in groups]
    taken = next((count for count in (3, 2, 1) if count <= len(chosen) and _chose(wire, chosen[:count])), 0)
    if not taken:
        return (), (), 1
    known = tuple(memory for memory in MEMORIES if memory in groups[0]) or tuple(groups[0][:1])
    fewest = next((count for count in range(1, taken) if _chose(wire, chosen[:count])), taken)
    return known, tuple(chosen[1:]), fewest


def _chose(wire: Wire, names: Sequence[str]) -> bool:
    return attempt(wire, f"AT+CPMS={_quoted(names)}") is not None


def _quoted(names: Sequence[str]) -> str:
    return ",".join(f'"{name}"' for name in names)


def _preferred(group: Sequence[str], avoid: Collection[str]) -> str:
    """Prefer the modem's own memory, which is larger than a SIM's: a burst must fit."""
    wished = [memory for memory in ("ME", "SM", "MT") if memory in group]
    return next((memory for memory in wished if memory not in avoid), (wished or group)[0])


def parse_groups(answer: Sequence[str]) -> list[str]:
    """The contents of the parentheses of a test command's answer, in order."""
    return _GROUP.findall(" ".join(answer))


# -- notifications (TS 27.005 §3.4.1) -------------------------------------------------------------
def choose_cnmi(wire: Wire, stores_reports: bool) -> str:
    """Enable notifications of arrivals; SMS are stored rather than passed through, so that they survive us."""
    offered = [numbers(group) for group in parse_groups(attempt(wire, "AT+CNMI=?") or [])]
    best = preferred_cnmi(offered, stores_reports)
    for setting in (best, *CNMI_GUESSES) if best else CNMI_GUESSES:
        if attempt(wire, f"AT+CNMI={setting}") is not None:
            return setting
    return ""


def preferred_cnmi(offered: Sequence[frozenset[int]], stores_reports: bool) -> str:
    """The best combination that `AT+CNMI=?` offers: mode, mt, bm, ds, bfr; "" if insufficient."""
    if len(offered) < 2 or not all(offered[:2]):
        return ""
    reports = (2, 1, 0) if stores_reports or (len(offered) > 3 and 1 not in offered[3]) else (1, 2, 0)
    wishes = ((2, 1, 3, 0), (1, 2, 0), (0,), reports, (0, 1))
    return ",".join(str(_first(wish, offer)) for wish, offer in zip(wishes, offered, strict=False) if offer)


def _first(wish: Sequence[int], offer: frozenset[int]) -> int:
    return next((value for value in wish if value in offer), min(offer))


def numbers(group: str) -> frozenset[int]:
    """Parse `0-2,5` into numbers."""
    found: set[int] = set()
    for low, high in re.findall(r"(\d+)(?:-(\d+))?", group):
        found.update(range(int(low), int(high or low) + 1))
    return frozenset(found)
