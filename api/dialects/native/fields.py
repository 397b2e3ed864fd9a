"""Reads named values: one reader per name, and errors that say which value is wrong and why.

A reader takes what was written and returns what is meant, or raises Unfit with the second half of a
sentence ("must be a string"); the caller puts the name of the field before it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bridge.errors import BadRequest

Reader = Callable[[Any], Any]

#: characters of a made-up name that an error repeats
LONGEST_NAME = 100


class Unfit(BadRequest):
    """cannot be taken."""

    @property
    def message(self) -> str:
        """The whole sentence, with the field as subject."""
        return f"`{self.field}` {self.args[0]}"

    def within(self, place: str) -> "Unfit":
        """The same error, one level out: `to` within `messages[17]` becomes `messages[17].to`."""
        self.field = f"{place}.{self.field}" if self.field else place
        return self


def take(given: Mapping[str, Any], readers: Mapping[str, Reader]) -> dict[str, Any]:
    """Read all given fields. Raises Unfit, also for an unknown name."""
    taken = {}
    for name, value in given.items():
        reader = readers.get(name)
        if reader is None:
            raise Unfit("is not known here" + nearest(name, readers), name[:LONGEST_NAME])
        try:
            taken[name] = reader(value)
        except Unfit as error:
            raise error.within(name) from None
    return taken


def query(items: Iterable[tuple[str, str]], readers: Mapping[str, Reader]) -> dict[str, Any]:
    """Read a query string. Raises Unfit, also for a repeated name."""
    given: dict[str, str] = {}
    if not items:
        return {}
    for name, value in items:
        if name in given:
            raise Unfit("is given twice", name)
        given[name] = value
    return take(given, readers)


def need(given: Mapping[str, Any], *names: str) -> None:
    """Raises Unfit for a missing field."""
    for name in names:
        if name not in given:
            raise Unfit("is missing", name)


def renamed(given: Mapping[str, Any], **names: str) -> dict[str, Any]:
    """The fields by the names used in the core."""
    return {names.get(name, name): value for name, value in given.items()}


def nearest(given: object, known: Iterable[str]) -> str:
    """`; did you mean …?` when a known name is similar, else ""."""
    if not isinstance(given, str) or len(given) > LONGEST_NAME:
        return ""
    from difflib import get_close_matches

    near = get_close_matches(given, list(known), n=1, cutoff=0.5)
    return f"; did you mean `{near[0]}`?" if near else ""
