"""Moments on the wire: RFC 3339 in UTC with milliseconds out; RFC 3339 or Unix seconds in."""

import re
from datetime import UTC, datetime

from api.dialects.native.fields import Unfit

#: RFC 3339 §5.6; `datetime.fromisoformat` alone would also take week dates and times without an offset
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_SECONDS = re.compile(r"\d{1,15}(\.\d{1,9})?", re.ASCII)
#: the year 2100 in Unix seconds; what lies beyond is a caller who counts in milliseconds
_LATEST = 4_102_444_800


def spoken(milliseconds: int) -> str | None:
    """`2026-11-20T22:48:32.123Z`; None for 0, which stands for "not yet" and "never"."""
    if not milliseconds:
        return None
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def heard(value: object) -> int:
    """Unix milliseconds from what a caller wrote. Raises Unfit."""
    if isinstance(value, str) and _RFC3339.fullmatch(value):
        return _from_text(value)
    if isinstance(value, str) and _SECONDS.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit("must be an RFC 3339 time with an offset (2026-11-20T22:48:32Z) or Unix seconds")
    if value > _LATEST:
        raise Unfit("is past the year 2100: Unix time is taken in seconds, not milliseconds")
    if not value >= 0:
        raise Unfit("must not lie before 1970")
    return round(value * 1000)


def _from_text(value: str) -> int:
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError as error:
        raise Unfit(f"is not a time that exists: {error}") from None
    return heard(moment.timestamp())
