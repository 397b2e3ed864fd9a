"""Findings about an open modem, for `doctor`. Pure."""

from collections.abc import Iterator, Mapping

from bridge.model.finding import Finding
from bridge.model.line import Line, LineState

#: below this, messages fail now and then
WEAK_DBM = -105
#: received level in dBm from which it is called so (GSM RSSI, 3GPP TS 27.007 §8.5 in steps of 2 dB)
_LEVELS = ((-75, "very good"), (-85, "good"), (-95, "fair"), (WEAK_DBM, "poor, and enough"))
#: a memory with so much of it used is worth a word
NEARLY_FULL = 0.8

#: of what the driver says after it entered a PIN, or before it takes the last try
_PIN_WAS_WRONG = ("refused the pin", "refused this pin", "one try left")

_UNREGISTERED: Mapping[str, str] = {
    "searching": "wait a minute, then move the antenna, or try the SIM in a phone at the same place",
    "denied": "ask the operator whether the SIM is active and allowed on this network; a new one takes a day sometimes",
    "none": "take the modem out and put it in again; then try the SIM in a phone",
}


def of_line(subject: str, line: Line) -> Iterator[Finding]:
    """Findings from a line's own state."""
    yield Finding("ok", subject, f"answers AT: {line.model or 'a modem'}, IMEI {line.imei or 'not told'}")
    if line.state is LineState.PARKED:
        yield Finding("fail", subject, line.reason, sim_remedy(line.reason))
        return
    yield Finding("ok", subject, f"the SIM is ready: {line.number or 'its number is not stored on it'}")
    yield _registration(subject, line)
    yield _signal(subject, line)


def _registration(subject: str, line: Line) -> Finding:
    where = " ".join(word for word in (line.registration, line.operator) if word)
    if line.state is not LineState.READY:
        remedy = _UNREGISTERED.get(line.registration, "check the antenna, then ask the operator about the SIM")
        return Finding("fail", subject, line.reason or f"not registered: {where or 'nothing is known'}", remedy)
    if line.registration == "roaming":
        words = f"registered: {where}, so messages may cost more and some networks refuse them"
        return Finding(
            "warn", subject, words, "nothing, when the SIM is meant to roam; else use one of a local operator"
        )
    return Finding("ok", subject, f"registered: {where or 'by its signal'}")


def _signal(subject: str, line: Line) -> Finding:
    level = line.signal_dbm
    if level is None:
        return Finding("warn", subject, "the signal level is not known", "check the antenna")
    if level < WEAK_DBM:
        remedy = "move the modem to a window on a USB extension cable, or use an outside antenna"
        return Finding("warn", subject, f"the signal is weak: {level} dBm, so messages will fail now and then", remedy)
    return Finding("ok", subject, f"signal {level} dBm, {next(word for least, word in _LEVELS if level >= least)}")


def service_centre(subject: str, number: str) -> Finding:
    """The service centre, the first hop of every message (3GPP TS 27.005 §3.3.1)."""
    if number:
        return Finding("ok", subject, f"service centre {number}")
    remedy = 'ask the operator for it and set it for this device: smsc = "+…"'
    return Finding("fail", subject, "the SIM has no service centre number, without which nothing can be sent", remedy)


def memory(subject: str, name: str, used: int, total: int) -> Finding:
    """One memory in which received SMS lie until committed."""
    message = f"SMS memory {name}: {used} of {total} places used"
    if not total or used < total * NEARLY_FULL:
        return Finding("ok", subject, message)
    remedy = "start the bridge, which empties it; what then stays are drafts and copies, to be deleted in a phone"
    if used < total:
        return Finding("warn", subject, f"{message}, nearly full", remedy)
    return Finding("warn", subject, f"{message}, full: nothing more can be received", remedy)


def sim_remedy(reason: str) -> str:
    """How to fix a SIM, by its reported state."""
    words = reason.lower()
    if "no try is left" not in words and any(each in words for each in _PIN_WAS_WRONG):
        return "put the SIM into a phone, enter the right PIN once, then correct `pin` for this device"
    if "puk" in words or "blocked" in words:
        return "put the SIM into a phone and enter its PUK, which is in the operator's letter"
    if "pin" in words:
        return 'set pin = "…" for this device, or switch the SIM\'s PIN off in a phone'
    if "not inserted" in words or "put a sim in" in words:
        return "put a SIM in, the right way round, then plug the modem in again"
    return "try the SIM in a phone"
