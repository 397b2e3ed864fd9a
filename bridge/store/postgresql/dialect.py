"""Translates the store's statements, which are written for SQLite, into PostgreSQL's dialect.

Most are in what both have in common. What is left is here, and in functions that `schema_1.sql` makes under SQLite's
names: placeholders, hints which index to use, flags as conditions, and what each engine calls by a name of its own.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bridge.store.sql import UUID

#: statements that are remembered in PostgreSQL's words; a search has words of its own
_REMEMBERED = 1024
#: table → the column that counts its rows
_NUMBERED = {"messages": "seq", "received": "seq", "fragments": "seq", "events": "seq", "bulk": "id"}

#: texts and names in quotes stay; placeholders, and what psycopg would take for one
_PLACE = re.compile(r"('(?:[^']|'')*'|\"[^\"]*\")|\?(\d*)|(?<!:):([a-z_]\w*)|(%)")
_FLAG = r"((?:\w+\.)?(?:disabled|odd|operator|paused|report|totp|unsure))"
_RULES = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r" (?:NOT INDEXED|INDEXED BY \w+)\b", ""),
        (r"\bCROSS JOIN ((?:\w+ )?\w+)\s+ON\b", r"JOIN \1 ON"),
        # SQLite's sign that no index is to be used for this term
        (r"(?<=[ (])\+(?=[a-z])", ""),
        (r"\bIS NOT (?=[(?:])", "IS DISTINCT FROM "),
        (rf"\bNOT {_FLAG}\b", r"\1 = 0"),
        (rf"\b(WHERE|AND) {_FLAG}(?= AND|\)|$|\s+LIMIT|\n)", r"\1 \2 <> 0"),
        # a negative start counts from the end
        (r"\bsubstr\(([^(),]+), -(\d+)\)", r"right(\1, \2)"),
        (r"\bjson_object\(", "json_build_object("),
        (r"\bjson_group_array\(([^()]*)\)", r"coalesce(CAST(json_agg(\1) AS TEXT), '[]')"),
        (r"\b(about|event|received|seq) (NOT )?IN \(SELECT value FROM", r"\1 \2IN (SELECT CAST(value AS BIGINT) FROM"),
        (r"\bseq = j\.value\b", "seq = CAST(j.value AS BIGINT)"),
        (r"\bIN \(\)", "IN (SELECT CAST(NULL AS TEXT) WHERE false)"),
        # times are never negative; of those that equal an expression the server expects few, and reads all to find them
        (r"\bcoalesce\((k\.\w+), 0\) = 0", r"coalesce(\1, 0) < 1"),
        # words that PostgreSQL has for itself
        (r"(?<![\w\":])(user|offset)(?![\w\"(])", r'"\1"'),
        (r"\b(\w+_words) MATCH \?", r"\1.words @@ words_wanted(?)"),
        (r"(INSERT INTO \w+_words .*VALUES \(\?, )\?", r"\1array_to_tsvector(string_to_array(?, ' '))"),
    )
)
_INTO = re.compile(r"\s*INSERT INTO (\w+)\b")
_CHANGES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE)\b")
_MAKES = re.compile(r"\s*INSERT INTO \w+ (?:\([^()]*\) )?VALUES\b")
_MAY_NOT = re.compile(r"\bDO NOTHING\b|\bDO UPDATE\b.*\bWHERE\b", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as psycopg takes it."""

    text: str
    #: it has numbered placeholders: its values are handed over by their numbers
    numbered: bool
    #: of an INSERT that returns the number of each row that it makes, where to; "" of any other
    table: str
    #: it may change something; and it does, whatever there is
    changes: bool
    makes: bool

    def values(self, given: Sequence[Any] | Mapping[str, Any]) -> Sequence[Any] | Mapping[str, Any]:
        """The values as its placeholders want them."""
        if self.numbered and not isinstance(given, Mapping):
            return {str(number): value for number, value in enumerate(given, start=1)}
        return given


@lru_cache(_REMEMBERED)
def translated(statement: str) -> Statement:
    """Translate a statement."""
    text = statement.replace(UUID, "CAST(gen_random_uuid() AS TEXT)")
    for pattern, by in _RULES:
        text = pattern.sub(by, text)
    table = ""
    if (into := _INTO.match(text)) and into[1] in _NUMBERED and "RETURNING" not in text:
        text, table = f"{text} RETURNING {_NUMBERED[into[1]]}", into[1]
    places = _Places(numbered=any(place[2] for place in _PLACE.finditer(text)))
    changes = _CHANGES.match(text) is not None
    makes = _MAKES.match(text) is not None and _MAY_NOT.search(text) is None
    return Statement(_PLACE.sub(places.write, text), places.numbered, table, changes, makes)


class _Places:
    """Writes placeholders; one without a number has the one after the highest so far (SQLite, "Expression")."""

    def __init__(self, numbered: bool) -> None:
        self.numbered = numbered
        self._highest = 0

    def write(self, place: re.Match[str]) -> str:
        """What stands there for psycopg."""
        quoted, number, name, percent = place.groups()
        if quoted is not None:
            return quoted.replace("%", "%%")
        if percent:
            return "%%"
        if name is not None:
            return f"%({name})s"
        if not self.numbered:
            return "%s"
        here = int(number) if number else self._highest + 1
        self._highest = max(self._highest, here)
        return f"%({here})s"
