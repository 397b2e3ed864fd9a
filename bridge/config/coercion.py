"""Converts TOML values and environment variables to the type of a setting."""

from enum import Enum
from typing import Any, get_origin

_YES, _NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
KINDS: dict[type[Any], str] = {
    str: "a text", int: "a whole number", float: "a number", bool: "true or false",
    list: "a list of texts", dict: "a table",
}  # fmt: skip


class Wrong(Exception):
    """A value has the wrong type; the message says what is expected."""


class FromEnvironment(str):
    """A text from an environment variable, which may stand for another type."""

    __slots__ = ("variable",)
    variable: str


def described(value: Any) -> str:
    """Describe a given value for an error message."""
    if isinstance(value, str):
        return f'the text "{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    return KINDS.get(type(value), f"a {type(value).__name__}")


def convert(value: Any, type_: Any) -> Any:
    """Convert a TOML value or a variable's text to the type of a setting. Raises Wrong."""
    if get_origin(type_) is tuple:
        return tuple(_list(value))
    if type_ is list:
        return _list(value)
    if isinstance(type_, type) and issubclass(type_, Enum):
        return _word(value, type_)
    if get_origin(type_) is not None:  # Mapping[str, Any]: free options
        type_ = dict
    if isinstance(value, FromEnvironment):
        value = _from_text(value, type_)
    if type_ is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, type_) or (type_ is int and isinstance(value, bool)):
        raise Wrong(KINDS.get(type_, type_.__name__))
    return value


def _list(value: Any) -> list[str]:
    if isinstance(value, FromEnvironment):
        return [each.strip() for each in value.split(",") if each.strip()]
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise Wrong("a list of texts")


def _word(value: Any, type_: type[Enum]) -> Enum:
    words = [str(each.value) for each in type_]
    if isinstance(value, str) and value in words:
        return type_(str(value))
    raise Wrong(f"one of {', '.join(words)},")


def _from_text(text: str, type_: type[Any]) -> Any:
    """Convert a variable's text to a number or boolean; unchanged when it is neither."""
    if type_ is bool and text.lower() in _YES | _NO:
        return text.lower() in _YES
    if type_ in {int, float}:
        try:
            return type_(text)
        except ValueError:
            return text
    return str(text)
