"""Readers for the values of fields: strings, numbers, words, times. Each raises Unfit."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from api.dialects.native.fields import Reader, Unfit, nearest, take
from bridge.errors import InvalidNumber
from bridge.messages import phone_numbers

E = TypeVar("E", bound=Enum)

#: rows on a page of a list
MAX_LIMIT = 1000
#: RFC 3339 §5.6; `datetime.fromisoformat` alone would also take week dates and times without an offset
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_SECONDS = re.compile(r"\d{1,15}(\.\d{1,9})?", re.ASCII)
#: the year 2100 in Unix seconds; what lies beyond is a caller who counts in milliseconds
_LATEST = 4_102_444_800


def text(value: object) -> str:
    """A string that can be encoded as UTF-8 and stored."""
    if not isinstance(value, str):
        raise Unfit(f"must be a string, not {kind(value)}")
    if "\0" in value:
        raise Unfit("must not hold a NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Unfit("is not valid Unicode") from None
    return value


def short(longest: int, least: int = 0) -> Reader:
    """A string of limited length."""

    def read(value: object) -> str:
        given = text(value)
        if not least <= len(given) <= longest:
            raise Unfit(f"must have {least} to {longest} characters, not {len(given)}")
        return given

    return read


def strings(longest: int, most: int, least: int = 1) -> Reader:
    """A list of strings in a JSON object."""
    read = short(longest, least=1)

    def read_all(value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise Unfit(f"must be a list of {least} to {most} strings")
        return tuple(read(item) for item in value)

    return read_all


def number(least: int, most: int) -> Callable[[object], int]:
    """A whole number in a JSON object."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Unfit(f"must be a whole number from {least} to {most}")
        return value

    return read


def digits(least: int, most: int) -> Callable[[str], int]:
    """A whole number in a query string or a header."""
    read = number(least, most)
    return lambda value: read(int(value) if value.isascii() and value.isdecimal() and len(value) <= 16 else value)


def flag(value: object) -> bool:
    """true or false in a JSON object."""
    if not isinstance(value, bool):
        raise Unfit("must be true or false")
    return value


def switch(value: str) -> bool:
    """true or false in a query string."""
    if value not in {"true", "false", "1", "0"}:
        raise Unfit("must be true or false")
    return value in {"true", "1"}


def choice(options: type[E]) -> Callable[[object], E]:
    """One word of an enumeration."""
    words = {member.value: member for member in options}

    def read(value: object) -> E:
        if not isinstance(value, str) or value not in words:
            raise Unfit(f"must be one of {', '.join(words)}" + nearest(value, words))
        return words[value]

    return read


def word(*words: str) -> Callable[[object], str]:
    """One of a few words."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise Unfit(f"must be one of {', '.join(words)}" + nearest(value, words))
        return value

    return read


def members(readers: Mapping[str, Reader]) -> Callable[[object], dict[str, Any]]:
    """An object within a JSON object."""

    def read(value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Unfit(f"must be an object, not {kind(value)}")
        return take(value, readers)

    return read


def choices(options: type[E]) -> Callable[[str], frozenset[E]]:
    """Words of an enumeration with commas between them."""
    read = choice(options)
    return lambda value: frozenset(read(word) for word in value.split(","))


def recipient(value: str) -> str:
    """A phone number of a query string, normalised; a raw `+` is accepted."""
    try:
        return phone_numbers.normalise(phone_numbers.restore_plus(text(value)))
    except InvalidNumber:
        raise Unfit("must be a phone number") from None


def sender(value: str) -> str:
    """A phone number or an alphanumeric sender."""
    try:
        return phone_numbers.normalise(phone_numbers.restore_plus(text(value)))
    except InvalidNumber:
        return str(short(100)(value))


def moment(value: object) -> int:
    """Parse RFC 3339 or Unix seconds to Unix milliseconds."""
    if isinstance(value, str) and _RFC3339.fullmatch(value):
        try:
            value = datetime.fromisoformat(value.upper()).timestamp()
        except ValueError as error:
            raise Unfit(f"is not a time that exists: {error}") from None
    elif isinstance(value, str) and _SECONDS.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit("must be an RFC 3339 time with an offset (2026-11-20T22:48:32Z) or Unix seconds")
    if not 0 <= value <= _LATEST:
        raise Unfit("must lie between 1970 and 2100; Unix time is taken in seconds, not milliseconds")
    return round(value * 1000)


def listing(**readers: Reader) -> dict[str, Reader]:
    """Readers for a list's query string: its own and those common to all lists."""
    return {**readers, "limit": digits(1, MAX_LIMIT), "cursor": short(500)}


def kind(value: object) -> str:
    """The JSON type of a value, for messages."""
    if value is None:
        return "null"
    names: dict[type, str] = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a list",
    }
    return names.get(type(value), "an object")
