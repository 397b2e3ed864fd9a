"""Converts the fields of `Faults` and `Rules` to and from JSON; a new field needs no code here."""

import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

#: what JSON has
_PLAIN = (bool, int, float, str, types.NoneType)
Shown = dict[str, Any]


class Wrong(ValueError):
    """There is no such field, or the value does not fit it."""


def kinds(described: type) -> dict[str, str]:
    """Each field that JSON can say, and its type: `bool`, `dict[str, int]`, `bool | None` …"""
    hints = get_type_hints(described)
    return {name: _words(hint) for name, hint in hints.items() if not name.startswith("_") and _sayable(hint)}


def shown(target: Any) -> Shown:
    """The fields of an object as they are now."""
    return {name: _json(getattr(target, name)) for name in kinds(type(target))}


def adjust(target: Any, changes: Mapping[str, Any]) -> Shown:
    """Set these fields, none of them when one is wrong; all of them then. Raises Wrong."""
    hints = get_type_hints(type(target))
    known = kinds(type(target))
    for name, value in changes.items():
        if name not in known:
            raise Wrong(f"no field {name}; there are {', '.join(known)}")
        if not _fits(value, hints[name]):
            raise Wrong(f"{name}: {value!r} does not fit {known[name]}")
    for name, value in changes.items():
        setattr(target, name, set(value) if get_origin(hints[name]) is set else value)
    return shown(target)


def _sayable(hint: Any) -> bool:
    return hint in _PLAIN or (get_origin(hint) is not None and all(_sayable(each) for each in get_args(hint)))


def _words(hint: Any) -> str:
    if hint is types.NoneType:
        return "None"
    return hint.__name__ if hint in _PLAIN else str(hint)


def _json(value: Any) -> Any:
    return sorted(value) if isinstance(value, set | frozenset) else value


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value of JSON is one of this type; a whole number is a float too, but no truth value is a number."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, Union):
        return any(_fits(value, each) for each in inner)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(each, inner[1]) for each in value.values())
    if origin is not None:
        return isinstance(value, list) and all(_fits(each, inner[0]) for each in value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, hint) and (hint is bool or not isinstance(value, bool))
