"""What the phone's radio log says of a message that failed: a hint, for many makers leave these lines out.

The lines are those of AOSP's SMSDispatcher, the same from Android 6 to 14; from 11 on they bear the message's number.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.errors import DeviceLost, Refusal, SendRefused
from device_drivers.android_adb.shell import Shell

#: lines that are looked through
LINES = 400

#: prints what is said from now on, for ever
FOLLOW = ("logcat", "-b", "radio", "-v", "epoch", "-T", "1")
#: after these the store is about to change (InboundSmsHandler, SMSDispatcher)
_NEWS = ("Delivering SMS to", "Persist SMS into")

_HEADING = re.compile(r"-+ (?:beginning of|switch to) ")
_ABOUT = re.compile(r"x-message-id: ?(-?\d+)")
_CODED = re.compile(r"SMS failed with error (\S+?),? errorCode (-?\d+)")
_PERMANENT, _TEMPORARY, _NETWORK = Refusal.PERMANENT, Refusal.TEMPORARY, Refusal.NETWORK
#: beginning of what a line says → in people's words
_LINES = {
    "SS=3": ("the radio is off", _NETWORK),
    "SMS send failed": ("the phone could not send it", _TEMPORARY),
    "Persist SMS into FAILED": ("the phone could not send it", _TEMPORARY),
    "getSubmitPdu() returned null": ("the phone could not encode it", _PERMANENT),
    "Denied because queue limit reached": ("too many messages wait on the phone", _NETWORK),
    "sending LIMIT_EXCEEDED error code": ("too many messages wait on the phone", _NETWORK),
}
#: the network's cause (3GPP TS 24.011 annex E-2)
_CAUSES = {
    8: ("operator determined barring, often no credit left", Refusal.CREDIT),
    **dict.fromkeys((17, 38), ("the network is out of order", _NETWORK)),
    **dict.fromkeys((1, 28, 30), ("unknown number", _PERMANENT)),
    **dict.fromkeys((10, 21, 29, 50, 69), ("rejected by the network", _PERMANENT)),
    **dict.fromkeys((81, 95, 96, 97, 98, 99, 111), ("not understood by the network", _PERMANENT)),
}
#: Android's own (`SmsManager.RESULT_…`)
_RESULTS = {
    2: ("the radio is off", _NETWORK),
    3: ("the phone could not encode it", _PERMANENT),
    4: ("there is no network", _NETWORK),
    6: ("the SIM allows fixed numbers only", _PERMANENT),
    7: ("short codes are not allowed", _PERMANENT),
    8: ("short codes are never allowed", _PERMANENT),
    9: ("the radio is not available", _NETWORK),
    11: ("invalid arguments", _PERMANENT),
    14: ("invalid format", _PERMANENT),
    18: ("the phone could not encode it", _PERMANENT),
    19: ("the service centre's number is wrong", Refusal.LINE),
    29: ("an emergency call goes first", _NETWORK),
    100: ("the radio is not available", _NETWORK),
    104: ("invalid arguments", _PERMANENT),
    107: ("invalid format", _PERMANENT),
    110: ("the service centre's number is wrong", Refusal.LINE),
    115: ("the radio is not ready", _NETWORK),
    116: ("the network is not ready", _NETWORK),
    120: ("there is no SIM", Refusal.LINE),
    122: ("access is barred", Refusal.LINE),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in the log: its last line then; "" for an empty log."""

    last: str


#: no line is this one, so nothing comes after it
NEVER = Moment("\0")


async def now(shell: Shell) -> Moment:
    """Where the log ends; NEVER when it cannot be read."""
    try:
        listed = _lines((await shell.run(_logcat(1))).out)
    except DeviceLost:
        return NEVER
    return Moment(listed[-1] if listed else "")


async def failure(shell: Shell, since: Moment, message: int) -> SendRefused | None:
    """Why the message failed, if the log says so since then; None also when the log cannot be read."""
    try:
        answer = await shell.run(_logcat(LINES))
    except DeviceLost:
        return None
    return understand(after(answer.out, since), message)


def is_news(line: str) -> bool:
    """Is it worth a look into the store? The row itself comes a moment later."""
    return any(words in line for words in _NEWS)


def after(out: str, since: Moment) -> list[str]:
    """The lines after a moment, by place and not by time: the phone's clock may jump. None when it is not found."""
    listed = _lines(out)
    if not since.last:
        return listed
    places = [place for place, line in enumerate(listed) if line == since.last]
    return listed[places[-1] + 1 :] if places else []


def understand(listed: Iterable[str], message: int) -> SendRefused | None:
    """The failure that these lines speak of: the one with a code, if any."""
    found: SendRefused | None = None
    for line in listed:
        about = _ABOUT.search(line)
        if about and int(about[1]) not in {0, message}:
            continue
        if coded := _CODED.search(line):
            return _refusal(coded[1], int(coded[2]))
        for words, (meaning, refusal) in _LINES.items():
            if words in line:
                found = found or SendRefused(f"{meaning} (radio log: {words})", refusal)
    return found


def _refusal(result: str, cause: int) -> SendRefused:
    digits = re.search(r"\d+", result)
    known = _CAUSES.get(cause) or _RESULTS.get(int(digits[0]) if digits else 0)
    words, refusal = known or ("the phone could not send it", _TEMPORARY)
    return SendRefused(f"{words} (Android result {result}, error {cause})", refusal)


def _logcat(lines: int) -> list[str]:
    return ["logcat", "-b", "radio", "-d", "-v", "epoch", "-t", str(int(lines))]


def _lines(out: str) -> list[str]:
    return [line for line in out.split("\n") if line and not _HEADING.match(line)]
