"""Commands about the line itself (ITU-T V.250 §6): echo, reset, error detail."""

from device_drivers.virtual.modem.answers import Reply, cme
from device_drivers.virtual.modem.registry import COMMANDS, command
from device_drivers.virtual.modem.state import ModemState
from device_drivers.virtual.modem.syntax import Command, Kind


@command("Z", "&F")
def restore(state: ModemState, _command: Command) -> Reply:
    """ATZ: the settings of power-up, though where messages are kept stays, as most modems have it."""
    memories = state.settings.memories
    state.settings.restore(state.profile)
    state.settings.memories = memories
    state.terminal.restore()
    return []


@command("E")
def echo(state: ModemState, given: Command) -> Reply:
    """ATE0 and ATE1."""
    state.terminal.echo = bool(given.number(0, 0)) or state.faults.echo_stays
    return []


@command("V")
def words(state: ModemState, given: Command) -> Reply:
    """ATV1 for final lines in words, ATV0 for numbers (V.250 §6.2.6)."""
    state.terminal.verbose = bool(given.number(0, 0))
    return []


@command("Q")
def mute(state: ModemState, given: Command) -> Reply:
    """ATQ1: no final lines (V.250 §6.2.5)."""
    state.terminal.mute = bool(given.number(0, 0))
    return []


@command("X", "S0", "S3", "S4", "S5", "S7", "&C", "&D", "&K", "&W", "+IFC", "+ICF")
def accept(_state: ModemState, given: Command) -> Reply:
    """What a line without a real wire need not care about."""
    return ["000"] if given.kind is Kind.READ else []


@command("+CMEE")
def error_detail(state: ModemState, given: Command) -> Reply:
    """0 bare ERROR, 1 codes, 2 words (TS 27.007 §9.1)."""
    if given.kind is Kind.TEST:
        return ["+CMEE: (0,1,2)"]
    if given.kind is Kind.READ:
        return [f"+CMEE: {state.settings.detail}"]
    detail = given.number(0, 0)
    if detail not in (0, 1, 2):
        raise cme(50)
    state.settings.detail = detail
    return []


@command("+CLAC")
def list_commands(state: ModemState, _command: Command) -> Reply:
    """Every command, one a line (TS 27.007 §8.37)."""
    known = {name for name in COMMANDS if state.profile.supports(name)} | state.profile.extra
    return sorted(known)
