"""The values a caller may give, one reader each, and tables of them for objects and query strings.

A reader takes what was written and returns what is meant, or raises Unfit with the second half of a
sentence ("must be a string"); whoever called it puts the name of the field before it.
"""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from enum import Enum
from typing import Any, TypeVar

from aiohttp import web

from bridge.errors import BadRequest

Reader = Callable[[Any], Any]
E = TypeVar("E", bound=Enum)

#: rows on a page of a list
MAX_LIMIT = 1000


class Unfit(BadRequest):
    """does not fit."""

    @property
    def message(self) -> str:
        """The whole sentence, with the field as its subject."""
        return f"`{self.field}` {self.args[0]}"

    def kind(value: object) -> str:
    """The JSON type of a value, for people."""
    if value is None:
        return "null"
    names: dict[type, str] = {bool: "true or false", int: "a number", float: "a number", str: "a string", list: "a list"}
    return names.get(type(value), "an object")


def nearest(given: object, known: Iterable[str]) -> str:
    """`; did you mean …?` when something known is close to it, else nothing."""
    near = get_close_matches(given, list(known), n=1, cutoff=0.5) if isinstance(given, str) else []
    return f"; did you mean `{near[0]}`?" if near else ""
