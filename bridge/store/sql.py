"""Pieces of statements that every subject needs."""

from collections.abc import Sequence
from typing import Any

from bridge.errors import BadRequest


def marks(values: "Sequence[Any] | frozenset[Any]") -> str:
    """As many question marks as there are values."""
    return ", ".join("?" * len(values))


def position(cursor: str) -> int:
    """The row number a cursor stands for. Raises BadRequest for one that is not ours."""
    if not cursor:
        return 1 << 62
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        raise BadRequest("unknown cursor: use the one that came with the previous page", "cursor")
    return int(cursor)
