"""Faults of an emulated modem, to be switched on by tests."""

from dataclasses import field

from bridge.dataclass import dataclass


@dataclass(slots=True)
class Faults:
    """Set fields at any time; lists and counts are used up from the front, everything else stays until it is emptied.

    Keys are commands as `+CMGS`. In a line of several commands each is looked at by itself.
    """

    # -- what breaks in: a call that ends, news of the radio, an answer to nothing --------------------
    #: command → unsolicited lines, one with each of its answers, before the information lines
    before: dict[str, list[str]] = field(default_factory=dict)
    #: the same within the information lines: before the last entry of a list
    amid: dict[str, list[str]] = field(default_factory=dict)
    #: the same between the information lines and what follows: the next command's, or the final line
    inside: dict[str, list[str]] = field(default_factory=dict)
    #: the same behind the final line
    behind: dict[str, list[str]] = field(default_factory=dict)
    #: unsolicited lines, one before each of the next prompts for text
    before_prompt: list[str] = field(default_factory=list)
    #: unsolicited lines, one as soon as each of the next texts was typed
    after_text: list[str] = field(default_factory=list)
    #: an unsolicited line right behind each prompt
    after_prompt: str = ""

    # -- how it answers -------------------------------------------------------------------------------
    #: command → final lines to give instead of doing it, one each time: `{"+CMGS": ["+CMS ERROR: SIM busy"]}`
    answers: dict[str, list[str]] = field(default_factory=dict)
    #: command → the final line to give instead of doing it, each time
    refusals: dict[str, str] = field(default_factory=dict)
    #: command → final lines to give after having done it, in place of its result: what is told is not what happened
    results: dict[str, list[str]] = field(default_factory=dict)
    #: command → an information line to give in place of its own, one each time
    misread: dict[str, list[str]] = field(default_factory=dict)
    #: command → seconds from having done it to saying so; what is typed meanwhile waits
    delays: dict[str, float] = field(default_factory=dict)
    #: command → seconds to the result of each of the next ones, while the modem goes on with what is typed
    late: dict[str, list[float]] = field(default_factory=dict)
    #: command → how many of the next ones are done without ever saying so
    silences: dict[str, int] = field(default_factory=dict)
    #: command → what another program types at another port of the modem right before each of the next ones
    typed_elsewhere: dict[str, list[str]] = field(default_factory=dict)
    #: a line with several commands, an extended one (+…) among them, is an ERROR
    no_chaining: bool = False
    #: +CMGS only works alone on its line
    sends_alone: bool = False
    #: ATE0 is answered with OK and changes nothing
    echo_stays: bool = False
    #: while it hangs it still restarts when it is told to (AT+CFUN=1,1)
    restarts_while_hung: bool = False
    #: the prompt for text in place of the profile's
    prompt: bytes | None = None
    #: the reference that every message gets; None for one after the other
    reference: int | None = None

    # -- the memories ---------------------------------------------------------------------------------
    #: so many of the next deletions are answered with OK and delete nothing
    undeleted: int = 0
    #: a deletion empties the whole memory, whatever it names
    deletes_all: bool = False
    #: a deletion empties the place so many further on than it names
    deletes_beside: int = 0
    #: what lies behind a place that is emptied moves up by one
    renumbers: bool = False
    #: SM and ME are two names of one memory
    one_memory: bool = False
    #: how many names AT+CPMS takes, no more and no fewer; 0 for one, two or three
    memory_names: int = 0
    #: memories whose list is empty whatever they hold; a place is read all the same
    unlisted: list[str] = field(default_factory=list)
    #: memories whose list is empty and whose places seem so whatever they hold
    unreadable: list[str] = field(default_factory=list)
    #: memory → how many SMS +CPMS counts, whatever it holds
    counts: dict[str, int] = field(default_factory=dict)
    #: so many of the next lists and SMS that are read lose an octet on the line
    garbled: int = 0

    # -- the SIM --------------------------------------------------------------------------------------
    #: how many digits of the ICCID it tells, 0 for none; None for all
    iccid_digits: int | None = None

    # -- the radio ------------------------------------------------------------------------------------
    #: what +CREG, +CGREG, +CEREG or +C5GREG tells, whatever is the case elsewhere: `{"+CREG": 2}`
    registrations: dict[str, int] = field(default_factory=dict)

    # -- the wire -------------------------------------------------------------------------------------
    #: the port hands over so many bytes at a time, 0 for no such limit
    chunk: int = 0
    #: seconds between two chunks
    chunk_delay: float = 0.0

    def broken_in(self, lines: list[str], command: str) -> list[list[str]]:
        """The information lines of a command in the pieces that they come in, with what breaks in."""
        pieces = [_next(self.before, command), lines, _next(self.inside, command)]
        if news := _next(self.amid, command):
            last = max((place for place, line in enumerate(lines) if line.startswith(command)), default=0)
            pieces[1:2] = [lines[:last], news, lines[last:]]
        return [piece for piece in pieces if piece]

    def behind_final(self, command: str) -> list[str]:
        """The lines that come behind the final line, which are thereby used up."""
        return _next(self.behind, command)

    def answer(self, command: str) -> str | None:
        """The final line to give instead of doing the command, if any."""
        lines = self.answers.get(command)
        return lines.pop(0) if lines else self.refusals.get(command)

    def information(self, command: str, lines: list[str]) -> list[str]:
        """The information lines to give, of which something may have got lost."""
        return _next(self.misread, command) or lines

    def result(self, command: str) -> str | None:
        """The final line to give in place of the command's result, if any."""
        lines = self.results.get(command)
        return lines.pop(0) if lines else None

    def lateness(self, command: str) -> float:
        """Seconds by which the result of this command comes late."""
        left = self.late.get(command)
        return left.pop(0) if left else 0.0

    def keeps(self) -> bool:
        """Whether what is to be deleted now stays."""
        if self.undeleted <= 0:
            return False
        self.undeleted -= 1
        return True

    def garble(self, lines: list[str]) -> list[str]:
        """An SMS as it comes over a bad line; the header says how long it was."""
        if self.garbled <= 0 or not lines:
            return lines
        self.garbled -= 1
        lost = 2 * (7 * self.garbled % max(len(lines[-1]) // 2, 1))  # another one each time, as on a line
        return [*lines[:-1], lines[-1][:lost] + lines[-1][lost + 2 :]]

    def silence(self, command: str) -> bool:
        """Whether the answer to this command gets lost."""
        left = self.silences.get(command, 0)
        if left:
            self.silences[command] = left - 1
        return left > 0


def _next(lines: dict[str, list[str]], command: str) -> list[str]:
    waiting = lines.get(command)
    return [waiting.pop(0)] if waiting else []
