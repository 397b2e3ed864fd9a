"""Commands about the network: registration, operator, signal, USSD (3GPP TS 27.007 §7, §8.5)."""

from device_drivers.virtual.modem import ussd
from device_drivers.virtual.modem.answers import Reply, cme
from device_drivers.virtual.modem.registry import command
from device_drivers.virtual.modem.state import ModemState
from device_drivers.virtual.modem.syntax import Command, Kind
from device_drivers.virtual.modem.textmode import spell

#: +COPS formats 0, 1 and 2; the number is the one that test networks have (ITU-T E.212)
OPERATOR = ("Virtual Network", "Virtual", "00101")
_CELL = '"00D5","0000F1A2",7'


@command("+CREG", "+CGREG", "+CEREG", "+C5GREG")
def registration(state: ModemState, given: Command) -> Reply:
    """Whether it is in a network, and with 2 where: for calls, GPRS, LTE or 5G."""
    if given.kind is Kind.TEST:
        return [f"{given.name}: (0-2)"]
    if given.kind is Kind.SET:
        detail = given.number(0, 0)
        if detail not in (0, 1, 2):
            raise cme(50)
        state.settings.registration[given.name] = detail
        return []
    detail = state.settings.registration.get(given.name, 0)
    stat = state.stat_in(given.name) if state.functionality == 1 and state.sim.ready else 0
    where = f",{_CELL}" if detail == 2 and state.reachable else ""
    return [f"{given.name}: {detail},{stat}{where}"]


@command("+COPS")
def operator(state: ModemState, given: Command) -> Reply:
    """The operator's name; the choice is automatic."""
    names = [spell(name, state.settings.charset) for name in OPERATOR[:2]]
    if given.kind is Kind.TEST:
        return [f'+COPS: (2,"{names[0]}","{names[1]}","{OPERATOR[2]}",7),,(0,1,3),(0,1,2)']
    if given.kind is Kind.SET:
        state.settings.operator_format = given.number(1, state.settings.operator_format)
        return []
    if not state.reachable:
        return ["+COPS: 0"]
    form = state.settings.operator_format
    return [f'+COPS: 0,{form},"{[*names, OPERATOR[2]][form]}",7']


@command("+CSQ")
def signal(state: ModemState, given: Command) -> Reply:
    """Received level, 0 to 31 for -113 to -51 dBm, 99 for none."""
    return ["+CSQ: (0-31,99),(0-7,99)"] if given.kind is Kind.TEST else [f"+CSQ: {state.signal},99"]


@command("+CGATT")
def attached(state: ModemState, given: Command) -> Reply:
    """Packet service."""
    return [f"+CGATT: {int(state.reachable)}"] if given.kind is Kind.READ else []


@command("+CUSD")
def service_code(state: ModemState, given: Command) -> Reply:
    """A USSD code; the network's answer comes by itself (TS 27.007 §7.15)."""
    if given.kind is Kind.TEST:
        return ["+CUSD: (0-2)"]
    if given.kind is Kind.READ:
        return ["+CUSD: 1"]
    mode, code = given.number(0, 0), given.text(1)
    if mode == 2:
        state.settings.other.pop("+CUSD", None)
    elif code:
        state.sim.require("CME")
        if not state.reachable:
            raise cme(30)
        ussd.dial(state, code)
    return []
