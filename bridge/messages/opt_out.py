"""Whether an SMS asks to be left in peace (STOP), or to hear from us again (START). Pure."""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from bridge.dataclass import dataclass
from bridge.model.opt_out import DEFAULT_LANGUAGES, LANGUAGES, Scope

Words = tuple[str, ...]
#: a longer text is not an opt-out
LONGEST = 100
_WORD = re.compile(r"[^\W_]+")


class Kind(StrEnum):
    """What a recipient asks for."""

    STOP = "stop"
    START = "start"


class Wish(NamedTuple):
    """What a recipient asks for, and by which word."""

    kind: Kind
    #: in capitals, for people
    word: str


@dataclass(frozen=True, slots=True)
class OptOut:
    """What counts as STOP and START, whom it holds for, and what is answered ("" for nothing)."""

    scope: Scope = Scope.LINE
    languages: Words = DEFAULT_LANGUAGES
    #: words and phrases beside those of the languages
    stop_words: Words = ()
    start_words: Words = ()
    answer: str = ""
    start_answer: str = ""

    def wish(self, text: str) -> Wish | None:
        """What a text asks for that is nothing but such a word: case, punctuation and courtesies change nothing.

        "Stop by at noon" asks for nothing.
        """
        if len(text) > LONGEST:
            return None
        words = _bare(_words(text), _courtesies(self.languages))
        for kind, own in ((Kind.STOP, self.stop_words), (Kind.START, self.start_words)):
            for phrase in _phrases(kind, self.languages, own):
                if _repeats(words, phrase):
                    return Wish(kind, " ".join(phrase).upper())
        return None


@lru_cache(maxsize=8)
def _phrases(kind: Kind, languages: Words, own: Words) -> tuple[Words, ...]:
    known = (LANGUAGES[each] for each in languages)
    theirs = (phrase for each in known for phrase in (each.stop if kind is Kind.STOP else each.start))
    return tuple(dict.fromkeys(map(_words, (*own, *theirs))))


@lru_cache(maxsize=8)
def _courtesies(languages: Words) -> tuple[Words, ...]:
    return tuple(_words(each) for name in languages for each in LANGUAGES[name].courtesies)


def _bare(words: Words, courtesies: tuple[Words, ...]) -> Words:
    """Without the courtesies at both ends."""
    before: Words = ()
    while words != before:
        before = words
        for each in courtesies:
            words = words[len(each) :] if words[: len(each)] == each else words
            words = words[: -len(each)] if words[-len(each) :] == each else words
    return words


def _words(text: str) -> Words:
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def _repeats(words: Words, phrase: Words) -> bool:
    """Whether the words are the phrase, once or several times: people write "stop stop"."""
    times, rest = divmod(len(words), len(phrase)) if phrase else (0, 1)
    return times > 0 and not rest and words == phrase * times
