"""Queries a line's identity and health, on the worker thread."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from gsmmodem.exceptions import CommandError, TimeoutException

from bridge.dataclass import dataclass
from bridge.errors import SendRefused
from bridge.model.line import LineState
from device_drivers.gsm_modem.identity import imei_in, read_iccid
from device_drivers.gsm_modem.session import Session
from device_drivers.gsm_modem.tries import Tries

#: seconds without a question that was not answered and that no message needs; twice as many each time, to an hour
REST = 300.0

#: +CREG <stat> (3GPP TS 27.007 §7.2): word for `Line.registration`, sentence when nothing can be sent
REGISTRATION: dict[int, tuple[str, str]] = {
    0: ("none", "The modem is not looking for a network: check the SIM and that the radio is on."),
    1: ("home", ""),
    2: ("searching", "The modem is searching for a network: check antenna and coverage."),
    3: ("denied", "The network denied the registration: the SIM may be blocked, expired or not allowed here."),
    4: ("", "The modem does not know its registration: out of coverage?"),
    5: ("roaming", ""),
    6: ("home", ""),
    7: ("roaming", ""),
    8: ("denied", "Only emergency calls are allowed here: the SIM may be barred."),
    # calls would not go through LTE; SMS do
    9: ("home", ""),
    10: ("roaming", ""),
}
_ON_AIR = frozenset({1, 5, 6, 7, 9, 10})
#: registered for calls, LTE, GPRS or 5G: SMS go through each of them, and some modems are in one alone
DOMAINS = ("+CREG", "+CEREG", "+CGREG", "+C5GREG")

_CREG = re.compile(r"\+C(?:E|G|5G)?REG:\s*(?:\d\s*,\s*)?(\d+)\b")
_NUMBER = re.compile(r'\+CNUM:\s*(?:"[^"]*")?\s*,\s*"(\+?\d+)"')


@dataclass(frozen=True, slots=True)
class Identity:
    """What does not change while the SIM is in."""

    number: str = ""
    iccid: str = ""
    imsi: str = ""
    imei: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """What changes."""

    state: LineState
    registration: str
    signal_dbm: int | None
    operator: str
    reason: str


def identify(session: Session, number: str = "") -> Identity:
    """Query the identity. Raises Silent for a modem that fell silent, PortLost."""
    maker, model = _said(session, lambda: session.manufacturer), _said(session, lambda: session.model)
    return Identity(
        number=number or _own_number(session),
        iccid=read_iccid(session),
        imsi=_digits(_said(session, lambda: session.imsi)),
        imei=imei_in([_said(session, lambda: session.imei)]),
        model=model if maker.lower() in model.lower() else f"{maker} {model}".strip(),
    )


def ask(session: Session) -> Health:
    """Query the health. Raises Silent for a modem that fell silent, PortLost."""
    registered = registration(session)
    # without a registration the signal decides whether it can send, so it is always asked for
    look = _aside if registered is not None else _said
    signal = look(session, lambda: session.signalStrength, "AT+CSQ")
    level = int(signal) if signal.lstrip("-").isdecimal() else -1
    word, reason = REGISTRATION.get(registered, ("", "")) if registered is not None else ("", "")
    # a modem without +CREG still tells by its signal whether there is a network
    on_air = registered in _ON_AIR or (registered is None and level > 0)
    trouble = "" if on_air else _sim_trouble(session)
    if not on_air and not reason:
        reason = "There is no signal: check antenna and coverage."
    return Health(
        LineState.PARKED if trouble else LineState.READY if on_air else LineState.OUT_OF_SERVICE,
        word,
        -113 + 2 * level if 0 <= level <= 31 else None,
        _aside(session, lambda: session.networkName, "AT+COPS?"),
        "" if on_air else trouble or reason,
    )


def _sim_trouble(session: Session) -> str:
    """What to do about the SIM; "" when it is fine."""
    try:
        state = _answered(session, session.sim_state) or ""
    except SendRefused as refused:
        return refused.cause
    except CommandError:
        return ""
    return "" if state in {"READY", ""} else f"The SIM wants {state}: take the device out and in, or unlock the SIM."


def registration(session: Session) -> int | None:
    """<stat> of the first domain the modem is registered in, else of the first it reports; None without one."""
    stats = []
    for domain in DOMAINS:
        stat = _stat(_lines(session, f"AT{domain}?"))
        if stat in _ON_AIR:
            return stat
        stats.append(stat)
    return next((stat for stat in stats if stat is not None), None)


def _lines(session: Session, command: str) -> list[str]:
    answer = _answered(session, lambda: session.write(command, parseError=False)) or []
    return answer[:-1] if answer and answer[-1] == "OK" else []


def _stat(lines: Sequence[str]) -> int | None:
    # the answer has two numbers; news that slipped in has one
    for line in sorted(lines, key=lambda line: -line.count(",")):
        if match := _CREG.match(line):
            return int(match[1])
    return None


def _own_number(session: Session) -> str:
    match = _NUMBER.search("\n".join(_lines(session, "AT+CNUM")))
    return match[1] if match else ""


def _answered(session: Session, ask: Callable[[], Any], question: str = "") -> Any:
    """What a question gives; None for one that alone is not answered. Raises Silent when nothing is any more.

    The silences in a row of a `question` that has a name are counted.
    """
    try:
        value = ask()
    except TimeoutException:
        session.come_into_step()
        if question:
            session.unanswered.setdefault(question, Tries(first=REST)).fail()
        return None
    session.unanswered.pop(question, None)
    return value


def _aside(session: Session, ask: Callable[[], Any], question: str) -> str:
    """`_said` for what no message needs: each silence holds up what waits, so it is asked more and more rarely."""
    tries = session.unanswered.get(question)
    return _said(session, ask, question) if tries is None or tries.are_due else ""


def _said(session: Session, ask: Callable[[], Any], question: str = "") -> str:
    """A property of the library as text; "" when the modem does not support it, is silent or answers otherwise."""
    try:
        value = _answered(session, ask, question)
    except (CommandError, IndexError, AttributeError, ValueError):
        return ""
    text = "" if value is None else str(value).strip()
    return "" if text in {"OK", "ERROR"} else text


def _digits(text: str) -> str:
    match = re.search(r"\d{6,}", text)
    return match[0] if match else ""
