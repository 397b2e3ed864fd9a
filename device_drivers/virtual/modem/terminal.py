"""Bytes in, command lines out, answers back: the part of a modem that ITU-T V.250 §5 describes.

No I/O here: bytes are fed, and what the modem says goes to the `write` it was given.
"""

from collections import deque
from collections.abc import Callable, Sequence

CR, LF, BACKSPACE, ESCAPE, CTRL_Z = 0x0D, 0x0A, 0x08, 0x1B, 0x1A
#: TS 27.005 §3.5.1: CR LF > space
PROMPT = b"\r\n> "
#: a longer command line is thrown away, as real modems do
MAX_LINE = 8192
#: final lines as numbers (V.250 §6.3); those of TS 27.005 and TS 27.007 have none
NUMBERS = {"OK": "0", "RING": "2", "NO CARRIER": "3", "ERROR": "4", "NO DIALTONE": "6", "BUSY": "7", "NO ANSWER": "8"}
#: command lines that are remembered
REMEMBERED = 10_000


class Terminal:
    """The talk on the line: echo, command lines, the prompt, and when it may be interrupted.

    Input that comes while a command runs waits for its turn. What the modem says unasked goes out at once,
    even inside an answer, but not into a prompt, where it would be taken for an echo of the text.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.echo = True
        #: ATV: final lines in words, else as numbers
        self.verbose = True
        #: ATQ1: no final lines at all
        self.mute = False
        #: a modem that hangs neither reads nor says a thing
        self.hung = False
        #: the command lines so far, newest last
        self.heard: deque[str] = deque(maxlen=REMEMBERED)
        self._write = write
        self._execute: Callable[[str], None] = lambda line: None
        self._input = bytearray()
        #: how much of the unfinished line was echoed already
        self._echoed = 0
        self._busy = False
        self._pumping = False
        self._entry: Callable[[str | None], None] | None = None
        self._held: deque[str] = deque()

    def obey(self, execute: Callable[[str], None]) -> None:
        """Hand command lines, without their AT, to `execute`, which ends each by `answer` or `lose_answer`."""
        self._execute = execute

    def reset(self) -> None:
        """Power lost: whatever was under way is forgotten."""
        self._input.clear()
        self._echoed = 0
        self._busy = False
        self._entry = None
        self._held.clear()

    def feed(self, data: bytes) -> None:
        """Bytes from the computer."""
        self._input += data
        self.pump()

    def pump(self) -> None:
        """Go through what has come in, as far as it may be read now."""
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._input and not self._busy and not self.hung and self._read():
                pass
        finally:
            self._pumping = False

    def _read(self) -> bool:
        """One line or text; False when it is not complete yet."""
        return self._read_line() if self._entry is None else self._read_entry()

    # -- command lines ----------------------------------------------------------------------------
    def _read_line(self) -> bool:
        end = self._input.find(CR)
        self._echo(len(self._input) if end < 0 else end + 1)
        if end < 0:
            if len(self._input) > MAX_LINE:
                self._consume(len(self._input))
            return False
        line = _typed(self._input[:end])
        self._consume(end + 1)
        start = line.upper().find("AT")
        if start >= 0:
            self._busy = True
            self.heard.append(line[start:])
            self._execute(line[start + 2 :])
        return True

    def _echo(self, upto: int) -> None:
        fresh = bytes(self._input[self._echoed : upto])
        self._echoed = upto
        fresh = fresh.replace(b"\x1b", b"").replace(b"\x1a", b"")
        if self.echo and fresh:
            self._write(fresh)

    def _consume(self, count: int) -> None:
        del self._input[:count]
        self._echoed = max(0, self._echoed - count)

    # -- the prompt -------------------------------------------------------------------------------
    def prompt(
        self,
        entry: Callable[[str | None], None],
        sign: bytes = PROMPT,
        said: Sequence[Sequence[str]] = (),
        intrusion: str = "",
    ) -> None:
        """Ask for text, after what the line's other commands said; `entry` gets it, or None when it was given up."""
        self._entry = entry
        self._busy = False
        before = "".join(self._information(piece) for piece in said)
        self._write(before.encode() + sign + (f"\r\n{intrusion}\r\n".encode() if intrusion else b""))

    def _read_entry(self) -> bool:
        ends = [end for end in (self._input.find(CTRL_Z), self._input.find(ESCAPE)) if end >= 0]
        end = min(ends, default=-1)
        self._echo(len(self._input) if end < 0 else end + 1)
        if end < 0:
            return False
        # a command line may end in CR LF, and that LF is not the first character of the text
        text = self._input[:end].decode("latin-1").removeprefix("\n") if self._input[end] == CTRL_Z else None
        self._consume(end + 1)
        entry, self._entry, self._busy = self._entry, None, True
        if entry is not None:
            entry(text)
        return True

    # -- what the modem says ----------------------------------------------------------------------
    def answer(self, said: Sequence[Sequence[str]], final: str, behind: Sequence[str] = ()) -> None:
        """The command line is done: its information lines in the pieces that they come in, and its final line.

        What was typed meanwhile is read now.
        """
        self._busy = False
        self._say("".join(map(self._information, said)) + self._final(final))
        self._held.extend(behind)
        self._catch_up()
        self.pump()

    def _information(self, lines: Sequence[str]) -> str:
        text = "\r\n".join(lines)
        return f"\r\n{text}\r\n" if self.verbose else f"{text}\r\n"

    def _final(self, line: str) -> str:
        if self.mute:
            return ""
        return f"\r\n{line}\r\n" if self.verbose else f"{NUMBERS.get(line, line)}\r"

    def lose_answer(self) -> None:
        """The command is done and nobody hears of it."""
        self._busy = False
        self._catch_up()
        self.pump()

    def interject(self, text: str) -> None:
        """Something said at once, a prompt or not."""
        if not self.hung:
            self._say(f"\r\n{text}\r\n")

    def restore(self) -> None:
        """Echo and final lines as they are after power-up (V.250 §6.2)."""
        self.echo, self.verbose, self.mute = True, True, False

    def _catch_up(self) -> None:
        while self._held and not self._quiet:
            self._say(f"\r\n{self._held.popleft()}\r\n")

    def unsolicited(self, text: str) -> None:
        """Something that happened; two-line codes hold their own CR LF."""
        if self._quiet:
            self._held.append(text)
        else:
            self._say(f"\r\n{text}\r\n")

    @property
    def _quiet(self) -> bool:
        return self._entry is not None or self.hung

    def _say(self, text: str) -> None:
        self._write(text.encode("utf-8", "surrogateescape"))

    def hang(self) -> None:
        """Stop reading and answering; what comes in meanwhile is kept."""
        self.hung = True

    def unhang(self) -> None:
        """Go on where it stopped, late answers and all."""
        self.hung = False
        self._catch_up()
        self.pump()


def _typed(raw: bytes | bytearray) -> str:
    """A line as it was meant: without control characters, and with its corrections made (V.250 §5.2.2)."""
    typed: list[str] = []
    for byte in raw:
        if byte == BACKSPACE:
            typed[-1:] = []
        elif byte >= 0x20:
            typed.append(chr(byte))
    return "".join(typed)
