"""Helpers for SQL statements of all subjects."""

from collections.abc import Sequence
from typing import Any

from bridge.errors import BadRequest


def marks(values: "Sequence[Any] | frozenset[Any]") -> str:
    """A list of question marks, one for each value."""
    return ", ".join("?" * len(values))


def position(cursor: str) -> int:
    """The row number of a cursor. Raises BadRequest for an unknown cursor."""
    if not cursor:
        return 1 << 62
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        raise BadRequest("unknown cursor: use the one that came with the previous page", "cursor")
    return int(cursor)
