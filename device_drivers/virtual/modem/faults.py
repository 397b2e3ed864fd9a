"""What can be wrong with a modem on purpose, so that a driver can be seen to cope."""

from dataclasses import dataclass, field
from enum import Enum


class Place(Enum):
    """Where in an answer something breaks in."""

    BEFORE = "before the information lines"
    INSIDE = "between the information lines and the final line"
    AFTER = "behind the final line"


@dataclass(frozen=True, slots=True)
class Intrusion:
    """An unsolicited line that comes with the next answer to a command."""

    command: str
    line: str
    place: Place = Place.BEFORE


@dataclass(slots=True)
class Faults:
    """Set fields at any time; lists are used up from the front, tables stay until emptied."""

    #: each used up by the next answer to its command
    intrusions: list[Intrusion] = field(default_factory=list)
    #: command → final lines to give instead of doing it, one each time: `{"+CMGS": ["+CMS ERROR: SIM busy"]}`
    answers: dict[str, list[str]] = field(default_factory=dict)
    #: command → seconds from having done it to saying so; what is typed meanwhile waits
    delays: dict[str, float] = field(default_factory=dict)
    #: command → how many of the next ones are done without ever saying so
    silences: dict[str, int] = field(default_factory=dict)
    #: the prompt for text in place of the profile's
    prompt: bytes | None = None
    #: an unsolicited line right behind each prompt
    after_prompt: str = ""
    #: the port hands over so many bytes at a time, 0 for no such limit
    chunk: int = 0
    #: seconds between two chunks
    chunk_delay: float = 0.0

    def intrude(self, command: str, place: Place) -> list[str]:
        """The lines that break in here, which are thereby used up."""
        if not self.intrusions:
            return []
        hits = [one for one in self.intrusions if one.command == command and one.place is place]
        for one in hits:
            self.intrusions.remove(one)
        return [one.line for one in hits]

    def answer(self, command: str) -> str | None:
        """The final line to give instead of doing the command, if any."""
        lines = self.answers.get(command)
        return lines.pop(0) if lines else None

    def silence(self, command: str) -> bool:
        """Whether the answer to this command gets lost."""
        left = self.silences.get(command, 0)
        if left:
            self.silences[command] = left - 1
        return left > 0
