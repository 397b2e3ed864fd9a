"""Commands about the line itself (ITU-T V.250 §6): echo, reset, error detail."""

from typing import TYPE_CHECKING

from device_drivers.virtual.modem.answers import Reply, cme
from device_drivers.virtual.modem.registry import COMMANDS, command
from device_drivers.virtual.modem.settings import Settings
from device_drivers.virtual.modem.syntax import Command, Kind

if TYPE_CHECKING:
    from device_drivers.virtual.modem.state import Stick


@command("Z", "&F")
def restore(stick: "Stick", _command: Command) -> Reply:
    """ATZ: the settings of power-up, though where messages are kept stays, as most modems have it."""
    memories = stick.settings.memories
    stick.settings = Settings.of(stick.profile)
    stick.settings.memories = memories
    stick.terminal.echo = True
    return []


@command("E")
def echo(stick: "Stick", given: Command) -> Reply:
    """ATE0 and ATE1."""
    stick.terminal.echo = bool(given.number(0, 0))
    return []


@command("V", "Q", "X", "S0", "S3", "S4", "S5", "S7", "&C", "&D", "&K", "&W", "+IFC", "+ICF")
def accept(_stick: "Stick", given: Command) -> Reply:
    """What a line without a real wire need not care about."""
    return ["000"] if given.kind is Kind.READ else []


@command("+CMEE")
def error_detail(stick: "Stick", given: Command) -> Reply:
    """0 bare ERROR, 1 codes, 2 words (TS 27.007 §9.1)."""
    if given.kind is Kind.TEST:
        return ["+CMEE: (0,1,2)"]
    if given.kind is Kind.READ:
        return [f"+CMEE: {stick.settings.detail}"]
    detail = given.number(0, 0)
    if detail not in (0, 1, 2):
        raise cme(50)
    stick.settings.detail = detail
    return []


@command("+CLAC")
def list_commands(stick: "Stick", _command: Command) -> Reply:
    """Every command, one a line (TS 27.007 §8.37)."""
    known = {name for name in COMMANDS if stick.profile.supports(name)} | stick.profile.extra
    return sorted(known)
