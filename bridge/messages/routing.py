"""Decides which line carries which message. Pure.

A message carries a route, a line's name or what a caller may say instead; a line serves a few routes.
Lines that serve the same route share its queue, so a line that is lost leaves nothing behind. No route is served by
lines of two channels, so an SMS never goes out as anything else.
"""

import zlib
from collections.abc import Sequence

from bridge.errors import BadRequest, InvalidNumber, InvalidText, UnknownLine
from bridge.model.forms import Form
from bridge.model.line import Channel, Line, LineState
from bridge.model.message import SIM_ROUTE, WHATSAPP_ROUTE

#: any line
ANY = ""


def route(line: str, slot: int, lines: Sequence[Line], channel: Channel = Channel.SMS) -> str:
    """The route for a caller's wish: a line, a device, its number, a SIM slot, or none.

    A line that is named decides the channel. Raises UnknownLine naming the known ones when no configured line serves
    it.
    """
    if not line and not slot and channel is Channel.SMS:
        return ANY
    named = [each for each in lines if line and _is_named(each, line)]
    if channel is Channel.WHATSAPP or (named and all(each.channel is Channel.WHATSAPP for each in named)):
        return _by_whatsapp(line, [each for each in lines if each.channel is Channel.WHATSAPP])
    return _by_sms(line, slot, lines)


def within(route: str, allowed: Sequence[str], lines: Sequence[Line], recipient: str, parts: int = 1) -> str:
    """The route, or that of one line that serves it: where an account is limited to some, or some cannot carry it.

    It is one line's, whatever else is configured later: a ready one if there is one, the same for a recipient as long
    as the lines are the same. Raises UnknownLine for an account that may send by none of them, and InvalidText or
    InvalidNumber for what none of them can carry.
    """
    if not allowed and all(each.carries(recipient, parts) for each in lines):
        return route
    mine = [each for each in lines if route in routes(each)]
    if allowed:
        named = {name.casefold() for name in allowed}
        mine = [each for each in mine if named & {each.name.casefold(), each.device.casefold()}]
        if not mine:
            wish = (
                f"by {route.removeprefix(WHATSAPP_ROUTE)}" if route not in ("", WHATSAPP_ROUTE) else "by any line now"
            )
            raise UnknownLine(f"this account cannot send {wish}; it may send by: {', '.join(allowed)}")
    able = [each for each in mine if each.carries(recipient, parts)]
    if not allowed and len(able) == len(mine):
        return route
    if not able:
        raise _too_much(mine, recipient, parts)
    ready = [each for each in able if each.state is LineState.READY] or able
    chosen = ready[zlib.crc32(recipient.encode()) % len(ready)]
    return f"{WHATSAPP_ROUTE}{chosen.name}" if route.startswith(WHATSAPP_ROUTE) else chosen.name


def _too_much(lines: Sequence[Line], recipient: str, parts: int) -> BadRequest:
    """Why none of the lines can carry it."""
    names = ", ".join(sorted(each.name for each in lines))
    most = max(each.most_parts for each in lines)
    if parts > most:
        return InvalidText(f"the text needs {parts} SMS parts; the most by {names} is {most}")
    return InvalidNumber(
        f"{recipient} is a short code, which {names} may not send to: write it with + and its country code, "
        "or set allow_short_codes for the phone"
    )


def _by_whatsapp(line: str, lines: Sequence[Line]) -> str:
    wanted = [each for each in lines if not line or _is_named(each, line)]
    if not wanted:
        known = ", ".join(sorted(each.name for each in lines)) or "none is configured"
        raise UnknownLine(f"there is no WhatsApp line{f' {line!r}' if line else ''}; known ones: {known}")
    return f"{WHATSAPP_ROUTE}{wanted[0].name}" if line else WHATSAPP_ROUTE


def _by_sms(line: str, slot: int, lines: Sequence[Line]) -> str:
    by_sms = [each for each in lines if each.channel is Channel.SMS]
    wanted = [each for each in by_sms if not line or _is_named(each, line)]
    if slot:
        wanted = [each for each in wanted if each.slot == slot and (line or each.forms is None)]
    if not wanted:  # any line that is named decides the channel; only those for SMS have slots
        known = ", ".join(sorted({each.name for each in (by_sms if slot else lines)})) or "none is configured"
        if not line:
            raise UnknownLine(f"no line has SIM slot {slot}; known lines: {known}")
        raise UnknownLine(f"there is no line {line!r}{f' with SIM slot {slot}' if slot else ''}; known lines: {known}")
    if not line:
        return f":{slot}"
    first = wanted[0]
    if slot or line.lower() != first.device.lower():
        return first.name
    return first.device


def routes(line: Line) -> tuple[str, ...]:
    """All routes that this line serves; its SIM's is for messages of which it sent a part."""
    if line.channel is Channel.WHATSAPP:
        return tuple(dict.fromkeys((WHATSAPP_ROUTE, f"{WHATSAPP_ROUTE}{line.name}")))
    if line.forms is not None:  # what it does not carry must not wait for it
        return tuple(dict.fromkeys((line.name, line.device)))
    by_sim = (f"{SIM_ROUTE}{each}" for each in (line.sim, line.name) if each)
    return tuple(dict.fromkeys((ANY, line.name, line.device, f":{line.slot}", *by_sim)))


def forms_of(route: str, lines: Sequence[Line]) -> tuple[Form, ...] | None:
    """The only texts that a route carries; None for any text."""
    if route in (ANY, WHATSAPP_ROUTE) or route.startswith(":"):
        return None
    found = [each.forms for each in lines if route in (each.name, each.device)]
    known = [forms for forms in found if forms is not None]
    return tuple(form for forms in known for form in forms) if known and len(known) == len(found) else None


def _is_named(line: Line, name: str) -> bool:
    wanted = name.strip().lower()
    return wanted in (
        line.name.lower(),
        line.device.lower(),
        line.number.lower(),
        line.imei.lower(),
        line.whole_iccid.lower(),
    )
