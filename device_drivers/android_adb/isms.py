"""Calls of the phone's SMS service (isms) and their replies. Pure: arguments in, arguments out.

`service call isms` hands a parcel to the service without any check; the order of the service's methods gives each a
number, which changed with the versions of Android (AOSP `ISms.aidl`). A parcel that is wrong by one word sends
nothing and says nothing, so the exact layouts are kept here as data.
"""

import re
import struct
from collections.abc import Sequence

from bridge.dataclass import dataclass
from bridge.errors import OutcomeUnknown, Refusal, SendRefused

#: the name under which the shell's user may send; another one is refused (`SmsPermissions.java`)
PACKAGE = "com.android.shell"
#: versions whose numbers are known: Android 6 to 16; 5.0 and 5.1 differ from maker to maker
FIRST_SDK, LAST_SDK = 23, 36
OLDEST_SDK = 21
#: more than this the driver does not ask of a phone at once; Android would take 255 (3GPP TS 23.040 §9.2.3.24.1)
MOST_PARTS = 10
#: the digits of a short code
SHORT_CODE = 8

_NUMBER = re.compile(r"\+[0-9]{4,15}|[0-9]{3,20}")
#: a `String` that is null, and a list that is null: length -1
_NULL = ("i32", "-1")
#: a null `PendingIntent`: the word that says whether one follows
_NO_INTENT = ("i32", "0")
#: up to four words, with an offset before them where there are more lines, and what they are as characters
_DUMPED = re.compile(r"^ *(?:0x[0-9a-f]{8}: )?((?:[0-9a-f]{8} +)+)'")
_MARK = "Result: Parcel("
_STATUS = re.compile(r"Error: 0x([0-9a-f]+)")
#: what the tool says that asked nobody (AOSP service.cpp); a warning of something else may stand beside a lost reply
_NO_SERVICE = "Service isms does not exist"
#: `UNKNOWN_TRANSACTION`, -74: the service has no such method, so nothing was done (AOSP utils/Errors.h)
_NO_METHOD = 0xFFFFFFB6

#: what may stand before a reply, with its size after it (AOSP Parcel.java): app ops that were noted on the way, and
#: violations of StrictMode, which come only where there was no exception
_NOTED_OPS, _STRICT_MODE = -127, -128
#: what `Parcel.writeException` puts into its first word
_EXCEPTIONS = {
    -1: "SecurityException",
    -2: "BadParcelableException",
    -3: "IllegalArgumentException",
    -4: "NullPointerException",
    -5: "IllegalStateException",
    -6: "NetworkOnMainThreadException",
    -7: "UnsupportedOperationException",
    -8: "ServiceSpecificException",
    -9: "ParcelableException",
}
#: these blame what was asked for; the others the phone or its permissions
_OUR_FAULT = frozenset({-3, -4})


@dataclass(frozen=True, slots=True)
class Codes:
    """The transaction codes and arguments of one Android version."""

    #: sendTextForSubscriber
    text: int
    #: sendMultipartTextForSubscriber
    parts: int
    #: getPreferredSmsSubscription; 0 where there is none
    preferred: int
    #: type of the subscription's number
    sub: str = "i32"
    #: the caller's attribution tag follows its package
    tag: bool = False
    #: it ends with `persistMessageForNonDefaultSmsApp`
    persist: bool = True
    #: and then with the message's number, "for logging and diagnostics purposes" (ISms.aidl)
    number: bool = False


_SIX = Codes(6, 9, 20)
_NINE = Codes(6, 10, 22)
_ELEVEN = Codes(5, 8, 20, tag=True, number=True)
_CODES = {
    21: Codes(10, 14, 0, sub="i64", persist=False),
    22: Codes(10, 13, 29, persist=False),
    **dict.fromkeys(range(23, 28), _SIX),
    **dict.fromkeys(range(28, 30), _NINE),
    **dict.fromkeys(range(30, 37), _ELEVEN),
}


#: makers that put methods of their own between Android's, and for which versions it is known where: the codes beside
#: the known ones may change settings, so none is called by way of a check
_MAKERS = {
    "huawei": {26: Codes(6, 9, 22), 27: Codes(6, 9, 22), 28: _NINE},
    "honor": {26: Codes(6, 9, 22), 27: Codes(6, 9, 22), 28: _NINE},
}


def is_known(sdk: int, maker: str = "") -> bool:
    """Whether this version's codes are known for this maker."""
    if (own := _MAKERS.get(maker.lower())) is not None:
        return sdk in own
    return FIRST_SDK <= sdk <= LAST_SDK


def may_check(sdk: int, maker: str, may_guess: bool) -> bool:
    """Whether a code may be called as a probe; an unknown code might change a setting."""
    return is_known(sdk, maker) or (may_guess and maker.lower() not in _MAKERS)


def codes(sdk: int, maker: str = "") -> Codes:
    """The codes for a version; the newest known for later ones. Raises LookupError before Android 5."""
    return _MAKERS.get(maker.lower(), {}).get(sdk) or _CODES[min(sdk, LAST_SDK)]


def checked(number: str, allow_short_codes: bool) -> str:
    """Validate a number as a command argument. Raises SendRefused(PERMANENT)."""
    if _NUMBER.fullmatch(number) is None:
        raise SendRefused("the recipient is not a phone number that Android would dial", Refusal.PERMANENT)
    if not number.startswith("+") and len(number) <= SHORT_CODE and not allow_short_codes:
        raise SendRefused(
            f"{number} is a short code, for which Android may wait for a tap on its screen: "
            "set allow_short_codes for this device",
            Refusal.PERMANENT,
        )
    return number


def sayable(text: str) -> str:
    """Validate a text as a command argument. Raises SendRefused(PERMANENT) for what no command line can carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SendRefused("the text has half of a surrogate pair", Refusal.PERMANENT) from None
    if not text or "\0" in text:
        raise SendRefused("the text is empty or has a NUL character", Refusal.PERMANENT)
    return text


def send(sdk: int, sub: int, recipient: str, parts: Sequence[str], message: int = 0, maker: str = "") -> list[str]:
    """The arguments of the command that sends a text in parts.

    `recipient` and `parts` come from `checked` and `sayable`. `message` is a number of ours, by which newer versions
    tell in their radio log whose failure they speak of.
    """
    known = codes(sdk, maker)
    code = known.text if len(parts) == 1 else known.parts
    argv = ["service", "call", "isms", str(int(code)), known.sub, str(int(sub)), "s16", PACKAGE]
    argv += _NULL if known.tag else ()
    argv += ("s16", recipient, *_NULL)
    argv += _one(parts[0]) if len(parts) == 1 else _several(parts)
    argv += ("i32", "1") if known.persist else ()
    argv += ("i64", str(int(message))) if known.number else ()
    return argv


def _one(text: str) -> list[str]:
    return ["s16", text, *_NO_INTENT, *_NO_INTENT]


def _several(parts: Sequence[str]) -> list[str]:
    listed = [word for part in parts for word in ("s16", part)]
    return ["i32", str(len(parts)), *listed, *_NULL, *_NULL]


def preferred(sdk: int, maker: str = "") -> list[str]:
    """The arguments of the command that queries the default SMS subscription; [] where that is impossible."""
    code = codes(sdk, maker).preferred
    return ["service", "call", "isms", str(int(code))] if code else []


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply parcel."""

    words: tuple[int, ...] = ()
    #: why it is none: the tool's own words
    error: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the service accepted the call; the later outcome is unknown."""
        return not self.error and bool(self.words) and self.words[0] == 0

    @property
    def is_no(self) -> bool:
        """Whether it is certain that nothing was done; a process that died while answering may have sent."""
        if not self.error:
            return self.exception in _EXCEPTIONS
        status = _STATUS.match(self.error)
        return _NO_SERVICE in self.error or bool(status and int(status[1], 16) & 0xFFFFFFFF == _NO_METHOD)

    @property
    def exception(self) -> int:
        """The exception code, negative; 0 without one."""
        return 0 if not self.words else _signed(self.words[0])

    @property
    def sentence(self) -> str:
        """The exception with its text, for people."""
        if self.error:
            return f"the phone's SMS service did not take it: {self.error}"
        name = _EXCEPTIONS.get(self.exception, f"exception {self.exception}")
        return f"the phone's SMS service refused: {name}: {_text(self.words[1:])}".rstrip(": ")

    @property
    def number(self) -> int | None:
        """The single whole number in the reply; None for anything else."""
        return _signed(self.words[1]) if self.accepted and len(self.words) == 2 else None

    def error_of_it(self) -> SendRefused | OutcomeUnknown:
        """The error to raise for a reply that did not accept."""
        if not self.is_no:
            said = self.error or f"a reply that begins with {self.exception}"
            return OutcomeUnknown(f"the phone was given the message, and its SMS service answered: {said}")
        blames_us = not self.error and self.exception in _OUR_FAULT
        return SendRefused(self.sentence, Refusal.PERMANENT if blames_us else Refusal.LINE)


def reply(out: str) -> Reply:
    """Parse the output of `service call`, which always exits with 0."""
    start = out.find(_MARK)
    if start < 0:
        return Reply(error=out.strip()[:200] or "nothing")
    body = out[start + len(_MARK) :]
    if body.startswith("Error:"):
        return Reply(error=body.split("\n", 1)[0].strip().rstrip(")"))
    words = _bare(_dumped(body))
    return Reply(words) if words else Reply(error="an empty parcel")


def _dumped(body: str) -> tuple[int, ...]:
    words: list[int] = []
    for line in body.removeprefix("\n").split("\n"):
        shown = _DUMPED.match(line)
        if shown is None:
            break
        words += (int(word, 16) for word in shown[1].split())
        if line.rstrip().endswith("')"):
            break
    return tuple(words)


def _bare(words: tuple[int, ...]) -> tuple[int, ...]:
    """The words without headers; a header's size is in bytes and includes itself."""
    while len(words) > 1 and _signed(words[0]) in {_NOTED_OPS, _STRICT_MODE}:
        if _signed(words[0]) == _STRICT_MODE:
            return (0,)
        words = words[1 + max(words[1], 4) // 4 :]
    return words


def _signed(word: int) -> int:
    return word - (1 << 32) if word >= 1 << 31 else word


def _text(words: Sequence[int]) -> str:
    """A `String` of a parcel: its length in UTF-16 units, then the units."""
    if not words or _signed(words[0]) <= 0:
        return ""
    raw = struct.pack(f"<{len(words) - 1}I", *words[1:])
    return raw[: words[0] * 2].decode("utf-16-le", "replace")
