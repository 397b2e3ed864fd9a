"""Lays rows out in columns for a terminal: by the width that characters have there, within the width that it has."""

import shutil
import sys
import unicodedata
from collections.abc import Sequence

#: headings of columns whose texts may be cut where there is no room; names, numbers and ids are copied from a terminal
FREE_TEXT = frozenset({"text", "note", "error", "reason", "detail", "about"})
#: between two columns, and before what does not fit on the line of its row
GAP, INDENT = "  ", "    "
_LEAST_TEXT = 10
_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
#: vowels and ends of Hangul syllables that are written in parts (Unicode, Hangul Jamo)
_INSIDE_SYLLABLES = range(0x1160, 0x1200)


def width(text: str) -> int:
    """The columns of a terminal that a text takes (Unicode Standard Annex 11; emoji sequences as one, UTS 51)."""
    if text.isascii():
        return len(text)
    taken, last, before = 0, 0, ""
    for each in text:
        if each == _EMOJI_STYLE and last == 1:
            taken, last = taken + 1, 2
        elif before == _JOINER or (ord(each) in _SKIN_TONES and last == 2):
            pass  # drawn into the one before
        elif own := _width(each):
            taken, last = taken + own, own
        before = each
    return taken


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf") or ord(character) in _INSIDE_SYLLABLES:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, room: int) -> str:
    """A text that takes no more than `room` columns, with an ellipsis where it was longer."""
    if width(text) <= room:
        return text
    end = len(text)
    while end and width(text[:end]) > room - 1:
        end -= 1
    return f"{text[:end].rstrip(_JOINER)}…"


def terminal() -> int:
    """The columns of the terminal that this writes to; 0 where it is none, and nothing need fit."""
    if not sys.stdout.isatty():
        return 0
    return shutil.get_terminal_size().columns


def laid_out(headings: Sequence[str], rows: Sequence[Sequence[str]], room: int = 0) -> list[list[str]]:
    """The lines of the headings and of each row: one, or several where all columns do not fit into `room`."""
    widths = [max(width(row[column]) for row in (headings, *rows)) for column in range(len(headings))]
    lines = _groups(widths, headings, room)
    return [[_line(row, widths, group, room, headings) for group in lines] for row in (headings, *rows)]


def _groups(widths: Sequence[int], headings: Sequence[str], room: int) -> list[list[int]]:
    """The columns that share a line, in their order."""
    if not room:
        return [list(range(len(widths)))]
    groups: list[list[int]] = [[]]
    taken = 0
    for column, own in enumerate(widths):
        least = min(own, _LEAST_TEXT) if headings[column] in FREE_TEXT else own
        if groups[-1] and taken + len(GAP) + least > room:
            groups.append([])
        taken = taken + len(GAP) + own if groups[-1] else own + len(INDENT) * (len(groups) > 1)
        groups[-1].append(column)
    return groups


def _line(row: Sequence[str], widths: Sequence[int], group: Sequence[int], room: int, headings: Sequence[str]) -> str:
    line = INDENT if group[0] else ""
    for column in group:
        cell = row[column]
        left = room - width(line)
        if room and headings[column] in FREE_TEXT and column == group[-1] and left >= _LEAST_TEXT:
            cell = cut(cell, left)
        line += cell + (" " * (widths[column] - width(cell)) + GAP if column != group[-1] else "")
    return line.rstrip()
