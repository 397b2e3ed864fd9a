"""Validates the options of devices, for all drivers. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any


def problems_of(given: Mapping[str, Any], known: Mapping[str, tuple[type, str]]) -> Sequence[str]:
    """Unknown options and those of the wrong type, each as `key: message`."""
    found = [f"{name}: no such option" for name in given if name not in known]
    found += [
        f"{name}: must be {_word(known[name][0])}"
        for name, value in given.items()
        if name in known and not _is(value, known[name][0])
    ]
    return found


def _is(value: object, wanted: type) -> bool:
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if wanted is list:
        return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    return isinstance(value, wanted)


def _word(wanted: type) -> str:
    words = {str: 'a text in quotes, like "…"', int: "a whole number", float: "a number", bool: "true or false"}
    return words.get(wanted, "a table" if wanted is dict else "a list of texts")
