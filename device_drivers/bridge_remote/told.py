"""Validates what a site tells, so that it is of the right kind, bounded and legible.

A site may be anybody's. Whatever it says, this bridge, its log and its store must stand it: what makes no sense is a
ValueError here, and is left out.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bridge.messages.legible import plain
from bridge.messages.segmentation import GSM7_PART, MAX_PARTS

log = logging.getLogger(__name__)

Shape = Mapping[str, Any]
#: characters of a text, and of the hex digits of what is none
LONGEST_TEXT, LONGEST_DATA = MAX_PARTS * GSM7_PART, 2 * 140 * MAX_PARTS
#: characters of a name, number or identifier, and of a sentence
LONGEST_NAME, LONGEST_SENTENCE = 200, 1000
#: lines of a site, and alarms, that are taken in: each has states, queues and figures of its own here
MOST = 256
#: Unix ms; what is said to be later (from 2100 on) is no time
_LATEST = 4_102_444_800_000
#: what no store takes
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def parsed(body: bytes | str) -> Any:
    """Raises ValueError for what is no JSON, or is nested too deeply."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def shape(value: object) -> Shape:
    """Raises ValueError for what is no object."""
    if not isinstance(value, dict):
        raise ValueError("it is no object")
    return value


def words(value: object, longest: int = LONGEST_SENTENCE) -> str:
    """For people: one line, cut where it is too long; "" for nothing. Raises ValueError for what is no text."""
    if value is None:
        return ""
    if not isinstance(value, str | int | float):
        raise ValueError("it is no text")
    said = str(value)
    return plain(said if len(said) <= longest else f"{said[: longest - 1]}…")


def name(value: object) -> str:
    """A name or number. Raises ValueError for a longer one than there is, too: cut, it would be another."""
    said = words(value, LONGEST_SENTENCE)
    if len(said) > LONGEST_NAME:
        raise ValueError(f"a name or number has more than {LONGEST_NAME} characters")
    return said


def identifier(value: object) -> str:
    """What something is known by. Raises ValueError when it has none."""
    said = name(value)
    if not said:
        raise ValueError("it has no identifier")
    return said


def text(value: object, longest: int = LONGEST_TEXT) -> str:
    """That of a message, as it is but for what no store takes. Raises ValueError for a longer one than there is."""
    if not isinstance(value, str):
        raise ValueError("it is no text")
    if len(value) > longest:
        raise ValueError(f"a text has {len(value)} characters; {longest} is the most an SMS can carry")
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)


def integer(value: object, least: int, most: int) -> int:
    """Raises ValueError for what is no number within these bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"it is no number from {least} to {most}")
    return int(value)


def moment(written: object) -> int:
    """Unix ms of an RFC 3339 time; 0 for none."""
    try:
        at = round(datetime.fromisoformat(str(written)).timestamp() * 1000) if isinstance(written, str) else 0
    except (ValueError, OverflowError, OSError):
        return 0
    return at if 0 < at < _LATEST else 0


def is_moment(at: int) -> bool:
    """Whether these Unix ms are within the time that a clock may show."""
    return 0 < at < _LATEST


class Unread:
    """Counts what a site told that makes no sense and was left out; the first of it is logged."""

    def __init__(self, site: str) -> None:
        self._site = site
        self.count = 0

    def add(self, what: str, why: object) -> None:
        """One more."""
        self.count += 1
        words = "%s told something that makes no sense, which is left out: %s: %s"
        log.log(logging.WARNING if self.count == 1 else logging.DEBUG, words, self._site, what, why)

    def readable(self, what: str, read: Callable[[object], Shape], told: object) -> list[Shape]:
        """Those of a list that make sense, up to MOST. Raises ValueError for no list."""
        if not isinstance(told, list):
            raise ValueError("it is no list")
        if len(told) > MOST:
            self.add(what, f"there are {len(told)}, and the first {MOST} are taken in")
        found = []
        for each in told[:MOST]:
            try:
                found.append(read(each))
            except ValueError as error:
                self.add(what, error)
        return found
