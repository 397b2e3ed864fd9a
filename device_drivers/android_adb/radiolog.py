"""Interprets the radio log: only lines with a message's number, or directly following such a line, count for it.

The lines are those of AOSP's RIL, SmsResponse, SMSDispatcher and GsmSMSDispatcher. From Android 11 on the framework
passes our number on to them (`{x-message-id:…}`). What other apps send has 0 there, and before Android 11 nothing
has a number: then a failure in the log may be anybody's, and proves nothing. "SMS send failed" is no end either, for
Android itself tries again (`SMS_FAIL_RETRY`).
"""

import re
from collections.abc import Iterable
from dataclasses import field

from bridge.dataclass import dataclass
from bridge.errors import Refusal, SendRefused

#: lines that are looked through
LINES = 400
#: prints what is said from now on, for ever
FOLLOW = ("logcat", "-b", "radio", "-v", "epoch", "-T", "1")
#: after this an SMS that came in is about to be stored (InboundSmsHandler)
_ARRIVAL = "Delivering SMS to"
#: and after these what somebody sends on the phone (SMSDispatcher, RIL)
_NEWS = ("Persist SMS into", "< SEND_SMS {")
#: and after these the call log may be
_CALLS = ("UNSOL_RESPONSE_CALL_STATE_CHANGED",)

_HEADING = re.compile(r"-+ (?:beginning of|switch to) ")
_LINE = re.compile(r"\s*\d+\.\d+ +(\d+ +\d+) [VDIWEF] ")
_ABOUT = re.compile(r"x-message-id: ?-?\d+")
_ANSWER = re.compile(r"< (?:RIL_REQUEST_)?SEND_SMS(?:_EXPECT_MORE)?\b")
_ERROR = re.compile(r"CommandException: (\w+)")
_CODE = re.compile(r"mErrorCode = (-?\d+)")
_CODED = re.compile(r"SMS failed with error (\S+?),? errorCode (-?\d+)")
#: how a part that never came to the radio begins: no coverage, not by IMS, the first try
_UNSERVED = re.compile(r"isIms\(\)=false mRetryCount=0 .*\bSS=([123])\b")
_FAILED = "Persist SMS into FAILED"
_UNENCODED = "getSubmitPdu() returned null"

_PERMANENT, _TEMPORARY, _NETWORK, _LINE_ITSELF = Refusal.PERMANENT, Refusal.TEMPORARY, Refusal.NETWORK, Refusal.LINE
#: the network's own word, or a modem's before it transmits (3GPP TS 24.011 annex E-2, 23.040 §9.2.3.22, 27.005 §3.2.5)
_CAUSES = {
    8: ("operator determined barring, often no credit left", Refusal.CREDIT),
    **dict.fromkeys((1, 28, 30), ("unknown number", _PERMANENT)),
    **dict.fromkeys((10, 21, 29, 50, 69), ("rejected by the network", _PERMANENT)),
    **dict.fromkeys((17, 38), ("the network is out of order", _NETWORK)),
    **dict.fromkeys((22, 27, 41, 42, 47, 127), ("the network cannot take it now", _TEMPORARY)),
    **dict.fromkeys((81, 95, 96, 97, 98, 99, 111), ("not understood by the network", _PERMANENT)),
    **dict.fromkeys((*range(128, 192), 195, 196, 198, 199), ("rejected by the service centre", _PERMANENT)),
    **dict.fromkeys((192, 194, *range(200, 256)), ("the service centre cannot take it now", _TEMPORARY)),
    193: ("no service centre subscription", _LINE_ITSELF),
    **dict.fromkeys((310, 311, 312, 313, 315, 316), ("the SIM cannot be used", _LINE_ITSELF)),
    330: ("the service centre's number is wrong", _LINE_ITSELF),
    331: ("there is no network", _NETWORK),
}
#: Android's own word before it transmits (`SmsManager.RESULT_…`); what is not here may have been on the air
_RESULTS = {
    2: ("the radio is off", _NETWORK),
    3: ("the phone could not encode it", _PERMANENT),
    4: ("there is no network", _NETWORK),
    5: ("too many messages wait on the phone", _NETWORK),
    6: ("the SIM allows fixed numbers only", _PERMANENT),
    7: ("short codes are not allowed", _PERMANENT),
    8: ("short codes are never allowed", _PERMANENT),
    10: ("rejected by the network", _TEMPORARY),
    11: ("invalid arguments", _PERMANENT),
    14: ("invalid format", _PERMANENT),
    18: ("the phone could not encode it", _PERMANENT),
    19: ("the service centre's number is wrong", _LINE_ITSELF),
    29: ("an emergency call goes first", _NETWORK),
    102: ("rejected by the network", _TEMPORARY),
    104: ("invalid arguments", _PERMANENT),
    106: ("the phone is asked too often", _NETWORK),
    107: ("invalid format", _PERMANENT),
    109: ("the phone could not encode it", _PERMANENT),
    110: ("the service centre's number is wrong", _LINE_ITSELF),
    114: ("the phone cannot send SMS", _LINE_ITSELF),
    115: ("the radio is not ready", _NETWORK),
    116: ("there is no network", _NETWORK),
    120: ("there is no SIM", _LINE_ITSELF),
    121: ("not during a call", _NETWORK),
    122: ("access is barred", _LINE_ITSELF),
    123: ("not during a call", _NETWORK),
}
#: `CommandException.Error` → Android's result
_NAMES = {
    "NETWORK_REJECT": 102, "INVALID_ARGUMENTS": 104, "REQUEST_RATE_LIMITED": 106, "INVALID_SMS_FORMAT": 107,
    "ENCODING_ERR": 109, "INVALID_SMSC_ADDRESS": 110, "REQUEST_NOT_SUPPORTED": 114, "INVALID_MODEM_STATE": 115,
    "NETWORK_NOT_READY": 116,
    "SIM_ABSENT": 120, "SIMULTANEOUS_SMS_AND_CALL_NOT_ALLOWED": 121, "ACCESS_BARRED": 122, "BLOCKED_DUE_TO_CALL": 123,
    "FDN_CHECK_FAILURE": 6,
}  # fmt: skip
#: the answer to which Android tries again, three times
_RETRY, _TRIES = "SMS_FAIL_RETRY", 4


@dataclass(slots=True)
class Told:
    """What the log says about one message."""

    #: the radio took every part
    sent: bool = False
    #: a definite no
    refusal: SendRefused | None = None
    #: why it may have failed, without being certain; "" for no sign of that
    doubt: str = ""
    #: the log speaks of this message by its number
    named: bool = False


@dataclass(slots=True)
class _Count:
    """Outcomes of the parts, counted by one kind of lines."""

    taken: int = 0
    #: None for an end that proves nothing
    refused: list[SendRefused | None] = field(default_factory=list)

    def over(self, parts: int) -> bool:
        return self.taken + len(self.refused) >= parts


def command(lines: int) -> list[str]:
    """The arguments that print the last lines."""
    return ["logcat", "-b", "radio", "-d", "-v", "epoch", "-t", str(int(lines))]


def last(out: str) -> str:
    """The last line of the output; "" for an empty log."""
    listed = _lines(out)
    return listed[-1] if listed else ""


def after(out: str, line: str) -> list[str]:
    """The lines after a given one, by position, as the phone's clock may jump; all if it is missing."""
    listed = _lines(out)
    places = [place for place, each in enumerate(listed) if each == line]
    return listed[places[-1] + 1 :] if places else listed


def is_arrival(line: str) -> bool:
    """Whether an SMS is arriving; its row follows shortly."""
    return _ARRIVAL in line


def is_news(line: str) -> bool:
    """Whether the store may have changed otherwise."""
    return any(words in line for words in _NEWS)


def is_call(line: str) -> bool:
    """Whether the call log may have changed."""
    return any(words in line for words in _CALLS)


def understand(listed: Iterable[str], number: int, parts: int) -> Told:
    """Interpret the lines about the message with this number (0 if the release logs none) and this many parts."""
    story = _Story(number)
    for line in listed:
        story.read(line)
    return story.told(parts)


class _Story:
    """Interprets the log line by line."""

    def __init__(self, number: int) -> None:
        self._number = re.compile(rf"(?<!\d){number}(?!\d)") if number else None
        self._told = Told()
        #: by the radio's answers, and by the framework's own lines
        self._radio, self._framework = _Count(), _Count()
        self._retries = 0
        #: it never came to the radio
        self._unserved: SendRefused | None = None
        #: thread → our line that it said last, as long as nothing else came after it
        self._ours: dict[str, str] = {}

    def read(self, line: str) -> None:
        place = _LINE.match(line)
        thread = place[1] if place else ""
        if self._number is not None and self._number.search(line):
            self._told.named = True
            self._ours[thread] = line
            self._about_us(line)
        elif thread in self._ours and not _ABOUT.search(line):
            self._follows_us(line, thread)
        else:
            self._ours.pop(thread, None)
            if _FAILED in line or _CODED.search(line) or _UNENCODED in line:
                self._told.doubt = "the phone could not send a message, and does not say which"

    def _about_us(self, line: str) -> None:
        if _ANSWER.search(line):
            self._answered(line)
        elif "SMS send complete" in line:
            self._framework.taken += 1
        elif _UNENCODED in line:
            self._told.refusal = SendRefused(f"the phone could not encode it ({_UNENCODED})", _PERMANENT)
        elif coded := _CODED.search(line):
            self._framework.refused.append(_judged(_digits(coded[1]), int(coded[2])))

    def _answered(self, line: str) -> None:
        error, code = _ERROR.search(line), _CODE.search(line)
        if error is None:
            self._radio.taken += 1
        elif error[1] == _RETRY and self._retries + 1 < _TRIES:
            self._retries += 1
        else:
            self._radio.refused.append(_judged(_NAMES.get(error[1], 0), int(code[1]) if code else -1))

    def _follows_us(self, line: str, thread: str) -> None:
        """Whether the same thread logged this right after a line about the message, as the framework does in one go."""
        before = self._ours[thread]
        if coded := _CODED.search(line):
            self._framework.refused.append(_judged(_digits(coded[1]), int(coded[2])))
        elif _FAILED in line and (unserved := _UNSERVED.search(before)):
            words = "the radio is off" if unserved[1] == "3" else "there is no network"
            self._unserved = SendRefused(f"{words} (radio log: {_FAILED})", _NETWORK)
        elif _FAILED not in line:
            del self._ours[thread]

    def told(self, parts: int) -> Told:
        if self._told.named:
            self._told.doubt = ""  # a failure without a number is another one's, for ours has one
        if self._told.refusal is not None:
            return self._told
        self._told.sent = max(self._radio.taken, self._framework.taken) >= parts
        if self._told.sent:
            return self._told
        if self._unserved is not None and not self._retries:
            self._told.refusal = self._unserved
            return self._told
        for count in (self._radio, self._framework):
            if count.refused and count.over(parts):
                self._told.refusal = next((each for each in count.refused if each), None)
                if None in count.refused:
                    self._told.refusal, self._told.doubt = None, "the phone could not send it, and does not say why"
                return self._told
        return self._told


def _judged(result: int, cause: int) -> SendRefused | None:
    """The refusal for an error; None when the message may have been sent anyway."""
    known = _CAUSES.get(cause) if cause > 0 else _RESULTS.get(result)
    if known is None:
        return None
    return SendRefused(f"{known[0]} (Android result {result}, error {cause})", known[1])


def _digits(result: str) -> int:
    """The code of a result, which some makers print as a name."""
    found = re.search(r"\d+", result)
    return int(found[0]) if found else 0


def _lines(out: str) -> list[str]:
    return [line for line in out.split("\n") if line and not _HEADING.match(line)]
