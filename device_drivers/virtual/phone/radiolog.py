"""The radio buffer of logcat: a ring of lines, and those who follow it."""

import asyncio
import re
from collections import deque
from collections.abc import Callable

from bridge.dataclass import dataclass

#: lines kept
SIZE = 2000
#: com.android.phone, and its main thread
PROCESS = 1542


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    #: Unix ms by the phone's clock
    at: int
    level: str
    tag: str
    text: str
    thread: int

    def printed(self) -> str:
        """As `-v epoch` prints it."""
        seconds, milliseconds = divmod(self.at, 1000)
        return f"{seconds:>10}.{milliseconds:03}  {PROCESS}  {self.thread} {self.level} {self.tag:<8}: {self.text}\n"


class RadioLog:
    """What telephony says about its work."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.entries: deque[Entry] = deque(maxlen=SIZE)
        self._followers: set[asyncio.Queue[Entry]] = set()

    def write(self, tag: str, text: str, level: str = "D", thread: int = PROCESS) -> None:
        """Add a line."""
        entry = Entry(self._now(), level, tag, text, thread)
        self.entries.append(entry)
        for follower in self._followers:
            follower.put_nowait(entry)

    def clear(self) -> None:
        """A restart forgets them."""
        self.entries.clear()

    async def logcat(self, request: "Request", write: Callable[[bytes], None]) -> None:
        """Print what is asked for; without `-d` go on for ever."""
        news: asyncio.Queue[Entry] = asyncio.Queue()
        self._followers.add(news)
        try:
            for entry in request.chosen(list(self.entries)):
                write(entry.printed().encode())
            while request.follow:
                entry = await news.get()
                if request.wants(entry):
                    write(entry.printed().encode())
        finally:
            self._followers.discard(news)


@dataclass(slots=True)
class Request:
    """The arguments of one logcat."""

    follow: bool = True
    count: int = 0
    #: Unix ms; only what is later
    since: int = 0
    #: tag → lowest level; "*" for all others
    tags: dict[str, str] | None = None

    @classmethod
    def of(cls, arguments: list[str]) -> "Request":
        """Raises ValueError for what logcat does not know, or what is not asked of the radio buffer in epoch form."""
        self, left, given = cls(), list(arguments), set()
        while left:
            word = left.pop(0)
            match word:
                case "-b" | "-v" | "-t" | "-T" if left:
                    given.add((word, left[0]))
                    self._option(word, left.pop(0))
                case "-d":
                    self.follow = False
                case "-s":
                    self.tags = {"*": "S", **(self.tags or {})}
                case _ if re.fullmatch(r"[\w*.-]+:[VDIWEFS]", word):
                    tag, level = word.split(":")
                    self.tags = {**(self.tags or {}), tag: level}
                case _ if self.tags and not word.startswith("-"):
                    self.tags[word] = "V"
                case _:
                    raise ValueError(f"logcat: {word}")
        if not {("-b", "radio"), ("-v", "epoch")} <= given:
            raise ValueError("logcat without -b radio -v epoch")
        return self

    def _option(self, name: str, value: str) -> None:
        if name in ("-t", "-T"):
            self.follow = self.follow and name == "-T"
            if value.isdecimal():
                self.count = int(value)
            else:
                self.since = round(float(value) * 1000)

    def wants(self, entry: Entry) -> bool:
        """Whether the filters let it through."""
        if self.tags is None:
            return True
        level = self.tags.get(entry.tag, self.tags.get("*", "V"))
        return level != "S" and "VDIWEF".index(entry.level) >= "VDIWEF".index(level)

    def chosen(self, entries: list[Entry]) -> list[Entry]:
        """Those of the past that are to be printed."""
        wanted = [entry for entry in entries if entry.at >= self.since and self.wants(entry)]
        return wanted[-self.count :] if self.count else wanted
