"""Decides which line carries which message. Pure.

A message carries a route, a line's name or what a caller may say instead; a line serves a few routes.
Lines that serve the same route share its queue, so a line that is lost leaves nothing behind.
"""

from collections.abc import Sequence

from bridge.errors import UnknownLine
from bridge.model.line import Line

#: any line
ANY = ""


def route(line: str, slot: int, lines: Sequence[Line]) -> str:
    """The route for a caller's wish: a line, a device, its number, a SIM slot, or none.

    Raises UnknownLine naming the known ones when no configured line serves it.
    """
    if not line and not slot:
        return ANY
    wanted = [each for each in lines if not line or _is_named(each, line)]
    if slot:
        wanted = [each for each in wanted if each.slot == slot]
    if not wanted:
        known = ", ".join(sorted({each.name for each in lines})) or "none is configured"
        asked = repr(line) if line else "any device"
        raise UnknownLine(f"there is no line {asked}{f' with SIM slot {slot}' if slot else ''}; known lines: {known}")
    if not line:
        return f":{slot}"
    first = wanted[0]
    if slot or line.lower() != first.device.lower():
        return first.name
    return first.device


def routes(line: Line) -> tuple[str, ...]:
    """All routes that this line serves."""
    return tuple(dict.fromkeys((ANY, line.name, line.device, f":{line.slot}")))


def _is_named(line: Line, name: str) -> bool:
    wanted = name.strip().lower()
    return wanted in (
        line.name.lower(),
        line.device.lower(),
        line.number.lower(),
        line.imei.lower(),
        line.whole_iccid.lower(),
    )
