"""Commands about the modem and its SIM: who they are, power, PIN (3GPP TS 27.007 §5, §8)."""

from device_drivers.virtual.modem.answers import Refused, Reply, cme
from device_drivers.virtual.modem.registry import command
from device_drivers.virtual.modem.state import ModemState
from device_drivers.virtual.modem.syntax import Command, Kind
from device_drivers.virtual.modem.textmode import spell, type_of


@command("+CGMI", "+GMI")
def manufacturer(state: ModemState, given: Command) -> Reply:
    """Who made it."""
    return [] if given.kind is Kind.TEST else [state.profile.manufacturer]


@command("+CGMM", "+GMM")
def model(state: ModemState, given: Command) -> Reply:
    """What it is called."""
    return [] if given.kind is Kind.TEST else [state.profile.model]


@command("+CGMR", "+GMR")
def revision(state: ModemState, given: Command) -> Reply:
    """Its firmware."""
    return [] if given.kind is Kind.TEST else [state.profile.revision]


@command("+CGSN", "+GSN")
def imei(state: ModemState, given: Command) -> Reply:
    """The number of this very modem."""
    return [] if given.kind is Kind.TEST else [state.imei]


@command("I")
def information(state: ModemState, _command: Command) -> Reply:
    """ATI: all of that together."""
    about = state.profile
    return [f"Manufacturer: {about.manufacturer}", f"Model: {about.model}", f"Revision: {about.revision}"]


@command("+CIMI", sim=True)
def imsi(state: ModemState, given: Command) -> Reply:
    """The SIM's number in the network."""
    return [] if given.kind is Kind.TEST else [state.sim.imsi]


@command("+CCID", "^ICCID", "+ICCID", "+QCCID")
def iccid(state: ModemState, given: Command) -> Reply:
    """The number printed on the SIM; readable before its PIN."""
    if not state.sim.present:
        raise cme(10)
    if state.faults.iccid_digits == 0:
        raise Refused()
    return [] if given.kind is Kind.TEST else [f"{given.name}: {state.sim.iccid[: state.faults.iccid_digits]}"]


@command("+CNUM", sim=True)
def own_number(state: ModemState, given: Command) -> Reply:
    """The subscriber's own number, as the SIM has it."""
    number = state.sim.number
    if given.kind is Kind.TEST or not number:
        return []
    return [f'+CNUM: "","{spell(number, state.settings.charset)}",{type_of(number)}']


@command("+CPIN")
def pin(state: ModemState, given: Command) -> Reply:
    """Which secret is wanted, and giving it."""
    if given.kind is Kind.READ:
        return [f"+CPIN: {state.sim.state}"]
    if given.kind is Kind.SET:
        state.sim.enter(given.text(0), given.text(1))
        state.recover()
    return []


@command("+CPINR")
def tries_left(state: ModemState, given: Command) -> Reply:
    """How often PIN and PUK may still be tried wrongly (TS 27.007 §8.65)."""
    left = {"SIM PIN": state.sim.pin_tries, "SIM PUK": state.sim.puk_tries}
    wanted = given.text(0) if given.kind is Kind.SET else ""
    return [f"+CPINR: {name},{tries}" for name, tries in left.items() if wanted in ("", name)]


@command("+CFUN")
def functionality(state: ModemState, given: Command) -> Reply:
    """Radio on (1) or off (0, 4); with `,1` the modem restarts (TS 27.007 §8.2)."""
    if given.kind is Kind.TEST:
        return ["+CFUN: (0,1,4),(0,1)"]
    if given.kind is Kind.READ:
        return [f"+CFUN: {state.functionality}"]
    level = given.number(0, 1)
    if level not in (0, 1, 4):
        raise cme(50)
    if given.number(1, 0) == 1:
        state.timers.after(0, state.reset)
        return []
    state.functionality = level
    state.recover()
    return []


@command("^RESET")
def restart(state: ModemState, _command: Command) -> Reply:
    """Restart."""
    state.timers.after(0, state.reset)
    return []


@command("+CBC")
def battery(_state: ModemState, given: Command) -> Reply:
    """Powered by the port: full."""
    return ["+CBC: (0,1),(0-100)"] if given.kind is Kind.TEST else ["+CBC: 0,100,4100"]


@command("+CPAS")
def activity(_state: ModemState, _command: Command) -> Reply:
    """Ready."""
    return ["+CPAS: 0"]
