"""Commands about calls (3GPP TS 27.007 §6, §7): a call in can be seen and hung up, a call out finds nobody."""

from device_drivers.virtual.modem.answers import Refused, Reply
from device_drivers.virtual.modem.registry import command
from device_drivers.virtual.modem.state import ModemState
from device_drivers.virtual.modem.syntax import Command, Kind


@command("+CLIP")
def caller_id(state: ModemState, given: Command) -> Reply:
    """Tell who calls."""
    if given.kind is Kind.READ:
        return [f"+CLIP: {int(state.settings.caller_id)},1"]
    if given.kind is Kind.SET:
        state.settings.caller_id = bool(given.number(0, 0))
    return ["+CLIP: (0,1)"] if given.kind is Kind.TEST else []


@command("+CRC")
def extended_ring(state: ModemState, given: Command) -> Reply:
    """Say +CRING: VOICE in place of RING."""
    if given.kind is Kind.READ:
        return [f"+CRC: {int(state.settings.extended_ring)}"]
    if given.kind is Kind.SET:
        state.settings.extended_ring = bool(given.number(0, 0))
    return ["+CRC: (0,1)"] if given.kind is Kind.TEST else []


@command("+CVHU")
def hang_up_mode(_state: ModemState, given: Command) -> Reply:
    """ATH always hangs up here."""
    return ["+CVHU: 0"] if given.kind is Kind.READ else []


@command("H", "A", "+CHUP")
def end_call(state: ModemState, _command: Command) -> Reply:
    """The ringing ends."""
    state.settings.other.pop("ring", None)
    return []


@command("D")
def dial(_state: ModemState, _command: Command) -> Reply:
    """Nobody is there."""
    raise Refused(text="NO CARRIER")


@command("+CLCC")
def current_calls(state: ModemState, _command: Command) -> Reply:
    """The call that rings, if any."""
    caller = state.settings.other.get("ring")
    return [f'+CLCC: 1,1,4,0,0,"{caller}",145'] if caller else []
