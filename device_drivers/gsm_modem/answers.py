"""Parses the dialogue with a modem: questions, answers, and news in between. No I/O."""

import re
from collections.abc import Iterator

from bridge.dataclass import dataclass
from device_drivers.gsm_modem import causes, framing, quirks
from device_drivers.gsm_modem.framing import OK, PROMPT, Asked, Framer, Kind

#: lines that may come between the two of a `+CMT`, `+CDS` or `+CBM` before its PDU counts as lost
PATIENCE = 8
#: lines of one USSD text (a +CUSD string may hold line ends)
USSD_LINES = 30

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}")


class Failed(Exception):
    """The modem refused the command."""

    def __init__(self, command: str, final: str, answer: tuple[str, ...] = ()) -> None:
        super().__init__(f"{final} to {command}")
        self.command = command
        #: the final result code as it came
        self.final = final
        self.answer = answer


class Silent(Exception):
    """The modem gave no final answer in time."""

    def __init__(self, command: str, seconds: float, answer: tuple[str, ...] = ()) -> None:
        super().__init__(f"no answer to {command} within {seconds:g} s")
        self.command = command
        self.seconds = seconds
        #: what had come by then
        self.answer = answer


class Misshapen(Silent):
    """OK came without the required information: the modem is out of step, or the OK belonged to something else.

    What was asked counts as not answered.
    """


class Unresponsive(Silent):
    """The modem answers nothing any more: it was brought back into step, with results in words, in vain."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a command."""

    lines: tuple[str, ...]
    final: str

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.final in {OK, PROMPT}


#: an unsolicited result: one line, or a header and its PDU, or the lines of a USSD text
News = tuple[str, ...]


class Dialogue:
    """Separates answers from news, line by line.

    One question at a time. News is whatever the question did not ask for; it never ends up in an answer, and a
    result that belongs to an earlier question that was given up never ends this one.
    """

    def __init__(self) -> None:
        self._framer = Framer()
        self._question: Asked | None = None
        self._prompt = False
        self._result = ""
        self._named_only = self._terse = False
        self._lines: list[str] = []
        self._header: str = ""
        self._patience = 0
        self._quoted: list[str] = []
        self._text: list[str] = []
        self._skip_ok = False
        #: how many final results have come that ended nothing, since the last PDU was answered, or went out
        self.finals_to_nothing = 0
        #: the question was told OK without what it must be told
        self.came_short = False
        #: the result that was asked for has come, and its OK has not
        self.has_result = False
        #: lines of a list that nobody asked for any more: its OK was not its own
        self.stragglers = 0
        #: how often a command came back: a modem does not echo once it was told not to
        self.echoes = 0
        #: something was asked since the last PDU went out
        self._asked_since = True
        #: a `+CMGS` was given up after its PDU went out: its result may still come
        self.expects_late_result = False
        #: the answer to the last question, once it is complete
        self.answer: Answer | None = None

    def begin(
        self, command: str, *, result: str = "", prompt: bool = False, named_only: bool = False, terse: bool = False
    ) -> None:
        """Begin a question. `prompt`: the answer is `>`. `named_only`: only OK after a line of its name ends it.

        `terse`: this modem says OK without the information that others give.
        """
        self.answer = None
        self.came_short = False
        self._lines = []
        self._question = framing.asked(command, result)
        self._result = result
        self._asked_since = not result
        self.finals_to_nothing = 0 if result else self.finals_to_nothing
        self.has_result = False
        self._terse = terse
        self._prompt = self._framer.expect_prompt = prompt
        self._named_only = named_only

    def abandon(self) -> tuple[str, ...]:
        """Abandon the question; returns what had come."""
        self._question = None
        self._framer.expect_prompt = False
        return tuple(self._lines)

    @property
    def is_nearly_answered(self) -> bool:
        """Whether only the OK or only the information is missing: the rest comes at once or never."""
        return self.came_short or self.has_result

    @property
    def progress(self) -> int:
        """The number of lines of the answer so far."""
        return len(self._lines)

    @property
    def at_prompt(self) -> bool:
        """Whether a prompt is open that nobody waits for."""
        return self._question is None and self._framer.at_prompt

    def forget_prompt(self) -> None:
        """The open prompt was left."""
        if self.at_prompt:
            self._framer.clear()

    def clear(self) -> None:
        """Forget all incomplete input: the port was reopened or is being drained."""
        self._framer.clear()
        self._header, self._quoted, self._text, self._skip_ok = "", [], [], False

    def feed(self, data: bytes) -> list[News]:
        """Process received bytes; returns the news. `answer` is set when the question was answered."""
        news: list[News] = []
        for line in self._framer.feed(data):
            news.extend(self._hear(line))
        if len(self._text) > 1:  # it comes in one go, and nothing says where it ends
            news.append(tuple(self._text))
            self._text = []
        return news

    def _hear(self, line: str) -> Iterator[News]:
        if self._text and not self._is_behind_text(line):
            self._text.append(line)
            return
        if self._text:
            yield tuple(self._text)
            self._text = []
        if self._header and (pair := self._second_half(line)):
            yield pair
            if len(pair) > 1:
                return
        if self._quoted:
            yield from self._continue_ussd(line)
        else:
            yield from self._sort(line)

    def _is_behind_text(self, line: str) -> bool:
        """Whether this line ends an SMS in text mode whose header came; during a question it has one line only."""
        if len(self._text) < 2:
            return False
        return self._question is not None or framing.name_of(line) in framing.PAIRED | framing.ARRIVALS

    def _sort(self, line: str) -> Iterator[News]:
        kind = framing.classify(line, self._question)
        skip_ok, self._skip_ok = self._skip_ok, False
        if kind is Kind.ECHO:
            self.echoes += 1
        elif kind is Kind.HEADER:
            yield from self._begin_pair(line)
        elif kind is Kind.PROMPT:
            self._end(PROMPT)
        elif self._is_late(line, kind):
            self._skip_ok = not framing.is_final(line)
            yield (line,)
        elif kind is Kind.URC:
            self.stragglers += framing.name_of(line) in framing.NEVER_NEWS
            yield from self._news(line)
        elif kind is Kind.FINAL:
            if not (skip_ok and line == OK):
                self._end(line)
        elif kind is Kind.ANSWER and self._question is not None:
            self._lines.append(line)
            self.has_result = self.has_result or (bool(self._result) and framing.name_of(line) == self._result)

    def _begin_pair(self, line: str) -> Iterator[News]:
        """Process a header whose PDU or text follows; a report in text mode is complete."""
        if self._header:  # the PDU of the one before does not come any more
            yield (self._header,)
            self._header = ""
        if not framing.is_text_mode(line):
            self._header, self._patience = line, PATIENCE
        elif framing.name_of(line) == "+CDS":
            yield (line,)
        else:
            self._text = [line]

    def _is_late(self, line: str, kind: Kind) -> bool:
        """Whether this `+CMGS` result belongs to an earlier message that nobody waits for."""
        if framing.name_of(line) == "+CMGS":
            return kind is Kind.URC or self._prompt
        if not (self.expects_late_result and kind is Kind.FINAL and line.upper().startswith("+CMS ERROR")):
            return False
        if not self._asked_since:
            return self._question is None
        # what the modem itself refuses may end any command about SMS, one out of step too; what the network refuses is
        # a message, for neither a list nor a prompt is answered so
        return not self._result and causes.is_of_the_network(line)

    def _news(self, line: str) -> Iterator[News]:
        if self._question is not None and quirks.POWERED_UP.match(line):
            self._finish(line)
        if framing.name_of(line) == "+CUSD" and line.count('"') % 2:
            self._quoted = [line]
        else:
            yield (line,)

    def _continue_ussd(self, line: str) -> Iterator[News]:
        self._quoted.append(line)
        if '"' in line or len(self._quoted) >= USSD_LINES:
            yield tuple(self._quoted)
            self._quoted = []

    def _second_half(self, line: str) -> News | None:
        """Pair a PDU with its header; noise may come in between.

        The header alone when its PDU does not come any more.
        """
        at_once = self._patience == PATIENCE  # else an answer could be taken for it, so its length must fit
        if _HEX.fullmatch(line) and (at_once or _fits(self._header, line)):
            pair = (self._header, line)
            self._header = ""
            return pair
        self._patience -= 1
        if self._patience > 0:
            return None
        alone = (self._header,)
        self._header = ""
        return alone

    def _end(self, final: str) -> None:
        if self._question is not None and self._may_end(self._question, final):
            self._finish(final)
        else:
            self.finals_to_nothing += 1

    def _finish(self, final: str) -> None:
        self.answer = Answer(tuple(self._lines), final)
        self.finals_to_nothing = 0 if self._result else self.finals_to_nothing
        self._question = None
        self._framer.expect_prompt = False

    def _may_end(self, question: Asked, final: str) -> bool:
        if final == PROMPT or (self._prompt and final == OK):
            return self._prompt and final == PROMPT  # the OK is of a command before: `AT+CMGS` is answered by `>`
        if self._terse or (final != OK and not self._named_only):
            return True
        told = {framing.name_of(line) for line in self._lines}
        complete = all(told & names if names else told for names in question.wanted)
        self.came_short = self.came_short or not complete
        return complete


def _fits(header: str, pdu: str) -> bool:
    """Whether the length fits: `+CMT: ,23` announces 23 octets after the SMSC address (TS 27.005 §3.4.1)."""
    announced = header.rsplit(",", 1)[-1].rsplit(":", 1)[-1].strip()
    if not announced.isdecimal():
        return True
    return len(pdu) // 2 == 1 + int(pdu[:2], 16) + int(announced) or len(pdu) >= 28


def is_silence(error: Failed | Silent) -> bool:
    """Whether not even AT was answered."""
    return isinstance(error, Silent) and error.command == "AT"
