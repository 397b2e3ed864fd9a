"""What every answer of the API is made of: an object, a time, a page of a list."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from bridge.model.query import Page

T = TypeVar("T")
Shape = dict[str, Any]


def format_time(milliseconds: int) -> str | None:
    """Format a time as `2026-11-20T22:48:32.123Z` (RFC 3339); None for 0 ("not yet", "never")."""
    if not milliseconds:
        return None
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_second(seconds)}.{rest:03d}Z"


@lru_cache(maxsize=256)
def _second(seconds: int) -> str:
    """The seconds part, cached because the times of answers lie close together."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def page(name: str, rows: Page[T], shape: Callable[[T], Shape]) -> Shape:
    """One page of a list; `cursor` is null on the last one."""
    return {name: [shape(row) for row in rows.rows], "cursor": rows.cursor or None}
