"""What a line from a modem is: framing and classification, without I/O.

Sources: ITU-T V.250 §5.7 (result codes), 3GPP TS 27.005 §3.4 and TS 27.007 §7 (unsolicited results).
"""

import re
from dataclasses import dataclass
from enum import Enum

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
        "NO CARRIER",
        "NO ANSWER",
        "NO DIALTONE",
        "NO DIAL TONE",
        "BUSY",
        "COMMAND NOT SUPPORT",
        "COMMAND NOT SUPPORTED",
        "TOO MANY PARAMETERS",
    }
)
#: with a code (AT+CMEE=1) or with words (AT+CMEE=2), TS 27.005 §3.2.5 and TS 27.007 §9
_ERROR = re.compile(r"\+CM[ES] ERROR\b", re.IGNORECASE)
_NAMED = re.compile(r"([+^*%#$&!][A-Z][A-Z0-9_]*) ?:", re.IGNORECASE)
_NAME_IN_COMMAND = re.compile(r"[+^*%#$&!][A-Z][A-Z0-9_]*")
_QUOTED = re.compile(r'"[^"]*"?')
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

#: commands that are refused with +CMS ERROR rather than +CME ERROR (TS 27.005 §3)
SMS_COMMANDS = frozenset(
    {
        "+CMGS",
        "+CMSS",
        "+CMGW",
        "+CMGC",
        "+CMGL",
        "+CMGR",
        "+CMGD",
        "+CPMS",
        "+CNMI",
        "+CNMA",
        "+CSMS",
        "+CSCA",
        "+CSMP",
    }
)

#: a header and a PDU in the next line (TS 27.005 §3.4.1)
PAIRED = frozenset({"+CMT", "+CDS", "+CBM"})


class Kind(Enum):
    """What a line is."""

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
    """The command that a line may be the answer to."""

    text: str
    #: `+CREG` for `AT+CREG?`: results that would be unsolicited otherwise
    names: frozenset[str]


def asked(command: str, result: str = "") -> Asked:
    """What answers a command line may have; `;` may chain several commands.

    `result` names the answer to what is no command: `+CMGS` for a PDU.
    """
    text = command.strip()
    names = {result} if result else set(_NAME_IN_COMMAND.findall(_QUOTED.sub("", text.upper())))
    names |= quirks.ANSWERS_TO.get(text.upper(), frozenset())
    for name in tuple(names):
        names |= quirks.ANSWERS_TO.get(name, frozenset())
    return Asked(text.upper(), frozenset(names))


def name_of(line: str) -> str:
    """`+CREG` for `+CREG: 1`; "" for a line without a name."""
    match = _NAMED.match(line)
    return match[1].upper() if match else ""


def is_final(line: str) -> bool:
    """Does this line end an answer? The whole line counts, never its beginning alone."""
    return line.upper() in FINALS or _ERROR.match(line) is not None


def classify(line: str, question: Asked | None) -> Kind:
    """What this line is while `question` waits for its answer, or while nothing does."""
    if line == PROMPT:
        return Kind.PROMPT
    if question is not None and line.upper() == question.text:
        return Kind.ECHO
    if is_final(line):
        return Kind.FINAL
    name = name_of(line)
    if name:
        return _named(name, question)
    return Kind.URC if quirks.UNNAMED_NEWS.match(line) else Kind.ANSWER


def _named(name: str, question: Asked | None) -> Kind:
    if name in PAIRED:
        return Kind.HEADER
    if question is not None and name in question.names:
        return Kind.ANSWER
    return Kind.URC


class Framer:
    """Bytes in, lines out, whatever way the bytes were cut.

    A line ends at CR or LF; empty ones carry nothing and are dropped. Latin-1, so no byte is ever wrong.
    """

    def __init__(self) -> None:
        self._rest = ""
        #: a `>` at the start of a line is the prompt now, with or without a space, alone or with more behind it
        self.expect_prompt = False

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        self._rest += _CONTROL.sub("", data.decode("latin-1"))
        lines = []
        while (line := self._next()) is not None:
            if line:
                lines.append(line)
        return lines

    def clear(self) -> None:
        """Forget a line that was begun."""
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
    """A prompt that nobody waited for (a late one) clings to what comes next on its line, or stands alone."""
    bare = line.lstrip("> ")
    if line.startswith(PROMPT) and (not bare or bare[0] in "+^*" or is_final(bare)):
        return bare
    return line
