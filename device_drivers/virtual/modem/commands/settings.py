"""Settings of the message service (3GPP TS 27.005 §3.1 to §3.4)."""

from device_drivers.virtual.modem.answers import Refused, Reply, cms
from device_drivers.virtual.modem.registry import command
from device_drivers.virtual.modem.state import ModemState
from device_drivers.virtual.modem.syntax import Command, Kind
from device_drivers.virtual.modem.textmode import type_of

CHARSETS = ("GSM", "IRA", "HEX", "UCS2", "8859-1")


def _among(names: tuple[str, ...]) -> str:
    return "(" + ",".join(f'"{name}"' for name in names) + ")"


@command("+CMGF", family="CMS")
def message_format(state: ModemState, given: Command) -> Reply:
    """PDUs (0) or text (1)."""
    if given.kind is Kind.TEST:
        return ["+CMGF: (0,1)"]
    if given.kind is Kind.READ:
        return [f"+CMGF: {int(state.settings.text_mode)}"]
    form = given.number(0, 0)
    if form not in (0, 1):
        raise cms(302)
    state.settings.text_mode = form == 1
    return []


@command("+CSCS")
def charset(state: ModemState, given: Command) -> Reply:
    """The alphabet of texts on the line."""
    if given.kind is Kind.TEST:
        return [f"+CSCS: {_among(CHARSETS)}"]
    if given.kind is Kind.READ:
        return [f'+CSCS: "{state.settings.charset}"']
    state.settings.charset = CHARSETS[CHARSETS.index(given.text(0).upper())]
    return []


@command("+CSCA", family="CMS", sim=True)
def service_centre(state: ModemState, given: Command) -> Reply:
    """The service centre's number."""
    if given.kind is Kind.READ:
        number = state.settings.service_centre
        return [f'+CSCA: "{number}",{type_of(number)}']
    if given.kind is Kind.SET:
        state.settings.service_centre = given.text(0)
    return []


@command("+CSMP", family="CMS")
def parameters(state: ModemState, given: Command) -> Reply:
    """First octet, validity, PID and DCS of messages sent in text mode."""
    if given.kind is Kind.READ:
        return [f"+CSMP: {','.join(state.settings.parameters)}"]
    if given.kind is Kind.SET:
        old = state.settings.parameters
        state.settings.parameters = tuple(given.text(place, old[place]) for place in range(len(old)))
    return []


@command("+CSMS", family="CMS")
def service(state: ModemState, given: Command) -> Reply:
    """With 1, what is handed over directly wants +CNMA."""
    if given.kind is Kind.TEST:
        return ["+CSMS: (0,1)"]
    if given.kind is Kind.READ:
        return [f"+CSMS: {state.settings.service},1,1,1"]
    value = given.number(0, 0)
    if value not in (0, 1):
        raise cms(302)
    state.settings.service = value
    return ["+CSMS: 1,1,1"]


@command("+CPMS", family="CMS", sim=True)
def memories(state: ModemState, given: Command) -> Reply:
    """Which memories to read from, write to and receive into: the first, two or all three of them."""
    chosen, known = state.settings.memories, state.profile.memories
    if given.kind is Kind.TEST:
        return [f"+CPMS: {','.join(_among(names) for names in known)}"]
    if given.kind is Kind.SET:
        if state.faults.memory_names not in (0, len(given.args)):
            raise Refused()
        wanted = [given.text(place, chosen[place]).upper() for place in range(len(known))]
        if any(name not in names for name, names in zip(wanted, known, strict=True)):
            raise cms(302)
        chosen[:] = wanted
    named = given.kind is Kind.READ
    return [f"+CPMS: {','.join(_usage(state, name, named) for name in chosen)}"]


def _usage(state: ModemState, name: str, named: bool) -> str:
    memory = state.storage[name]
    prefix = f'"{name}",' if named else ""
    used = state.faults.counts.get(name, memory.settled(state.profile.counter_lag))
    return f"{prefix}{used},{memory.size}"


@command("+CNMI", family="CMS")
def announcements(state: ModemState, given: Command) -> Reply:
    """What becomes of what arrives: mode, mt, bm, ds, bfr. One left out is the lowest that the modem allows."""
    allowed = state.profile.cnmi
    if given.kind is Kind.TEST:
        return ["+CNMI: " + ",".join(f"({','.join(map(str, values))})" for values in allowed)]
    if given.kind is Kind.READ:
        return [f"+CNMI: {','.join(map(str, state.settings.announce))}"]
    wanted = [given.number(place, min(values)) for place, values in enumerate(allowed)]
    if any(value not in values for value, values in zip(wanted, allowed, strict=True)):
        raise cms(302)
    state.settings.announce = wanted
    return []


@command("+CNMA", family="CMS")
def acknowledge(state: ModemState, given: Command) -> Reply:
    """What was handed over directly has arrived (TS 27.005 §3.4.4)."""
    if given.kind is Kind.TEST:
        return ["+CNMA: (0-2)"]
    if not state.incoming.acknowledge():
        raise cms(340)
    state.network.retry(state.number)
    return []


@command("+CMMS", "+CGSMS", "+CSDH", family="CMS")
def remembered(state: ModemState, given: Command) -> Reply:
    """Taken and told again, without effect here."""
    if given.kind is Kind.TEST:
        return [f"{given.name}: (0-2)"]
    if given.kind is Kind.READ:
        return [f"{given.name}: {state.settings.other.get(given.name, '0')}"]
    state.settings.other[given.name] = given.text(0, "0")
    return []
