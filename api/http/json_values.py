"""Counts the values of a JSON text before it is parsed.

A parser makes an object of fifty bytes and more of each `{}`: of a short body with a million of them that is more
memory than the body, and all callers wait until it is made. Bodies of honest callers have a few hundred values.
"""

import re

#: values of a body that is parsed as a whole; the longest that means anything has a thousand
MOST = 10_000
#: a string, or the beginning of one that does not end; never tried twice from the same place
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)


def too_many(raw: bytes) -> bool:
    """Whether it may have more than `MOST` values."""
    # commas within texts count too at first: most bodies have so few that nobody need tell them apart
    return len(raw) > MOST and _count(raw) > MOST and _count(_STRING.sub(b"", raw)) > MOST


def _count(raw: bytes) -> int:
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{")
