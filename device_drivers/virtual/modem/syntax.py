"""A command line of a modem as data (ITU-T V.250 §5.2 to §5.4): `+CMEE=1;+CREG=2` is two commands."""

from collections.abc import Iterator
from enum import Enum

from bridge.dataclass import dataclass

#: what an extended command's name may begin with; everything but `+` is some maker's own
EXTENDED = "+^$%*#_"
#: parameters of these run to the end of the line (V.250 §6.3.1)
_DIAL = "D"


class Kind(Enum):
    """The four forms of a command."""

    RUN = ""
    READ = "?"
    TEST = "=?"
    SET = "="


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `AT+CPMS="ME","SM"` is `Command("+CPMS", SET, ("ME", "SM"))`."""

    #: upper case, with its first sign: `+CMGS`, `E`, `&F`, `S3`
    name: str
    kind: Kind = Kind.RUN
    #: without their quotes; a parameter left out is ""
    args: tuple[str, ...] = ()

    def text(self, position: int, default: str = "") -> str:
        """A parameter, or `default` when it was left out."""
        value = self.args[position] if position < len(self.args) else ""
        return value or default

    def number(self, position: int, default: int) -> int:
        """A parameter as a number. Raises ValueError when it is not one."""
        return int(self.text(position, str(default)))


def parse(line: str) -> list[Command]:
    """The commands of a line that follows its AT. Raises ValueError for what is no command."""
    return list(_commands(line))


def _commands(line: str) -> Iterator[Command]:
    position = 0
    while position < len(line):
        char = line[position].upper()
        if char in " ;":
            position += 1
        elif char in EXTENDED:
            end = _end_of_extended(line, position)
            yield _extended(line[position:end].strip())
            position = end
        else:
            end = _end_of_basic(line, position)
            yield _basic(line[position:end])
            position = end


def _end_of_extended(line: str, start: int) -> int:
    quoted = False
    for position in range(start, len(line)):
        if line[position] == '"':
            quoted = not quoted
        elif line[position] == ";" and not quoted:
            return position
    return len(line)


def _extended(text: str) -> Command:
    stop = min((text.find(sign) for sign in "=?" if sign in text), default=len(text))
    name, rest = text[:stop].strip().upper(), text[stop:].strip()
    form = "".join(rest.split())
    if form in ("", "?", "=?"):
        return Command(name, Kind(form))
    if rest[0] == "?":
        raise ValueError(text)
    return Command(name, Kind.SET, tuple(_arguments(rest[1:])))


def _arguments(text: str) -> Iterator[str]:
    """Split at commas outside quotes."""
    part, quoted = "", False
    for char in text:
        if char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            yield part.strip()
            part = ""
        else:
            part += char
    yield part if quoted else part.strip()


def _end_of_basic(line: str, start: int) -> int:
    position = start + (2 if line[start] == "&" else 1)
    letter = line[start].upper()
    if letter == _DIAL:
        return len(line)
    while position < len(line) and (line[position].isdecimal() or line[position] in " =?"):
        position += 1
    return position


def _basic(text: str) -> Command:
    letters = 2 if text[0] == "&" else 1
    name, value = text[:letters].upper(), text[letters:].strip()
    if not name.strip("&").isalpha():
        raise ValueError(text)
    if name == "S":
        return _register(value)
    return Command(name, Kind.SET if value else Kind.RUN, (value,) if value else ())


def _register(value: str) -> Command:
    """S-registers: `S3?`, `S3=13` (V.250 §5.3.2)."""
    number, sign, setting = value.partition("=")
    if sign:
        return Command(f"S{number}", Kind.SET, (setting,))
    return Command(f"S{number.rstrip('?')}", Kind.READ)
