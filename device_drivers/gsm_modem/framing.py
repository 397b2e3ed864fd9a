"""Frames and classifies lines from a modem. No I/O.

Sources: ITU-T V.250 §5.7 (result codes), 3GPP TS 27.005 §3.4 and TS 27.007 §7 (unsolicited results).
"""

import re
from collections.abc import Iterator
from enum import Enum

from bridge.dataclass import dataclass
from device_drivers.gsm_modem import quirks

#: a line that never ends is noise (a wrong baud rate, a binary diagnostics port)
LONGEST_LINE = 16_384

#: what the framer gives for the prompt of `AT+CMGS`, and the final result of an exchange that waits for it
PROMPT = ">"

OK = "OK"
#: V.250 §5.7.1 and what Huawei firmware says instead of ERROR
FINALS = frozenset(
    {
        OK,
        "ERROR",
        "ABORTED",
        "COMMAND NOT SUPPORT",
        "COMMAND NOT SUPPORTED",
        "TOO MANY PARAMETERS",
    }
)
#: how calls end (V.250 §5.7.1): the answer to ATD, ATA or ATH, and at any other time the news that somebody hung up
CALL_RESULTS = frozenset({"NO CARRIER", "NO ANSWER", "NO DIALTONE", "NO DIAL TONE", "BUSY"})
_CALLS = ("ATD", "ATA", "ATH")
#: with a code (AT+CMEE=1) or with words (AT+CMEE=2), TS 27.005 §3.2.5 and TS 27.007 §9
_ERROR = re.compile(r"\+CM[ES] ERROR\b", re.IGNORECASE)
_NAMED = re.compile(r"([+^*%#$&!][A-Z][A-Z0-9_]*) ?:", re.IGNORECASE)
_NAME_IN_COMMAND = re.compile(r"[+^*%#$&!][A-Z][A-Z0-9_]*")
_READ = re.compile(r"([+^*%#$&!][A-Z][A-Z0-9_]*)\?")
#: commands without a `?` that give an information line all the same
_TELLING = frozenset({"+CSQ"})
#: the same, where the line has no name
_TELLING_UNNAMED = frozenset({"+CGMI", "+CGMM", "+CGMR", "+CGSN", "+CIMI"})
_QUOTED = re.compile(r'"[^"]*"?')
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

#: <n> and <stat>: the answer to AT+CREG?; news of it has no <n> (TS 27.007 §7.2)
_REGISTERED = re.compile(r"\+C\w+: ?\d ?, ?\d+ ?(,|$)")
#: only ever said when asked for
NEVER_NEWS = frozenset({"+CMGL", "+CMGR", "+CPMS", "+CMGF", "+CNMI"})

#: a header and a PDU in the next line (TS 27.005 §3.4.1)
PAIRED = frozenset({"+CMT", "+CDS", "+CBM"})
#: something was stored
ARRIVALS = frozenset({"+CMTI", "+CDSI"})
#: <scts>, which headers have in text mode only
_STAMPED = re.compile(r'"\d\d/\d\d/\d\d,\d\d:\d\d:\d\d')


class Kind(Enum):
    """Kinds of lines."""

    ECHO = "echo"
    PROMPT = "prompt"
    FINAL = "final"
    #: unsolicited, complete in itself
    URC = "urc"
    #: unsolicited, its PDU comes in the next line
    HEADER = "header"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Asked:
    """The command that a line may answer."""

    text: str
    #: `+CREG` for `AT+CREG?`: results that would be unsolicited otherwise
    names: frozenset[str]
    #: the results without which an OK is not the answer; each by the names that it may have, none for any line
    wanted: tuple[frozenset[str], ...] = ()

    @property
    def is_call(self) -> bool:
        """Whether the command begins, accepts or ends a call."""
        return self.text.startswith(_CALLS)


def asked(command: str, result: str = "") -> Asked:
    """The possible answers of a command line, which may chain commands with `;`.

    `result` names the answer to what is no command: `+CMGS` for a PDU.
    """
    text = command.strip().upper()
    if result:
        return Asked(text, frozenset({result}), (frozenset({result}),))
    bare = _QUOTED.sub("", text)
    names = set(_NAME_IN_COMMAND.findall(bare)) | quirks.ANSWERS_TO.get(text, frozenset())
    for name in tuple(names):
        names |= quirks.ANSWERS_TO.get(name, frozenset())
    return Asked(text, frozenset(names), tuple(_wanted(bare)))


def _wanted(command: str) -> Iterator[frozenset[str]]:
    for part in command.removeprefix("AT").split(";"):
        read = _READ.fullmatch(part.strip())
        name = read[1] if read else part.strip()
        if read or name in _TELLING:
            yield frozenset({name}) | quirks.ANSWERS_TO.get(name, frozenset())
        elif name in _TELLING_UNNAMED:
            yield frozenset()


def name_of(line: str) -> str:
    """`+CREG` for `+CREG: 1`; "" for a line without a name."""
    match = _NAMED.match(line)
    return match[1].upper() if match else ""


def is_final(line: str) -> bool:
    """Whether this line ends an answer. It must match completely, not only at its start."""
    return line.upper() in FINALS or _ERROR.match(line) is not None


def is_text_mode(header: str) -> bool:
    """Whether this +CMT or +CDS carries its SMS as text rather than as a PDU."""
    return _STAMPED.search(header) is not None


def classify(line: str, question: Asked | None) -> Kind:
    """Classify a line while `question` is pending, or while nothing is."""
    if line == PROMPT:
        return Kind.PROMPT
    if question is not None and line.upper() == question.text:
        return Kind.ECHO
    if is_final(line):
        return Kind.FINAL
    if line.upper() in CALL_RESULTS:
        return Kind.FINAL if question is not None and question.is_call else Kind.URC
    name = name_of(line)
    if name:
        return _named(name, line, question)
    return Kind.URC if quirks.UNNAMED_NEWS.match(line) else Kind.ANSWER


def _named(name: str, line: str, question: Asked | None) -> Kind:
    if name in PAIRED:
        return Kind.HEADER
    if name in quirks.REGISTRATION and not _REGISTERED.match(line):
        return Kind.URC
    if question is not None and name in question.names:
        return Kind.ANSWER
    return Kind.URC


class Framer:
    """Splits bytes into lines, however they are chunked.

    A line ends at CR or LF; empty ones carry nothing and are dropped. Latin-1, so no byte is ever wrong.
    """

    def __init__(self) -> None:
        self._rest = ""
        #: a `>` at the start of a line is the prompt now, with or without a space, alone or with more behind it
        self.expect_prompt = False

    @property
    def at_prompt(self) -> bool:
        """Whether an unexpected prompt is open: what is written next would be taken for a text."""
        return self._rest.strip() == PROMPT

    def feed(self, data: bytes) -> Iterator[str]:
        """The lines completed by `data`. Setting `expect_prompt` affects what follows."""
        self._rest += _CONTROL.sub("", data.decode("latin-1"))
        while (line := self._next()) is not None:
            if line:
                yield line

    def clear(self) -> None:
        """Forget an incomplete line."""
        self._rest = ""

    def _next(self) -> str | None:
        self._rest = self._rest.lstrip("\r\n ")
        if self.expect_prompt and self._rest.startswith(PROMPT):
            self.expect_prompt = False
            self._rest = self._rest[1:]
            return PROMPT
        ends = [end for end in (self._rest.find("\r"), self._rest.find("\n")) if end >= 0]
        if not ends:
            if len(self._rest) > LONGEST_LINE:
                self._rest = ""
            return None
        line, self._rest = self._rest[: min(ends)], self._rest[min(ends) :]
        return _without_stray_prompt(line.rstrip())


def _without_stray_prompt(line: str) -> str:
    """Remove an unexpected (late) prompt that precedes a line, or stands alone."""
    bare = line.lstrip("> ")
    if line.startswith(PROMPT) and (not bare or bare[0] in "+^*" or is_final(bare)):
        return bare
    return line
