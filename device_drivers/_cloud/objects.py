"""Reads values from a provider's JSON, in which any may be missing or of another type."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Object = Mapping[str, Any]


def parsed(body: bytes) -> Any:
    """Raises ValueError for what is no JSON, or is nested too deeply."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def object_in(holder: object, name: str) -> Object:
    """The member of this name that is an object; an empty one when there is none."""
    found = holder.get(name) if isinstance(holder, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def objects(value: object) -> Sequence[Object]:
    """Those of a list that are objects."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def text(holder: Object, name: str) -> str:
    """A member as text; "" when it is missing or null."""
    value = holder.get(name)
    return "" if value is None else str(value)
