"""Masks free text for others to read: numbers, secrets, and addresses with either. Pure."""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from bridge.config import secrets as references
from bridge.config.field import MASK
from bridge.messages import phone_numbers

#: digits that make a phone number, an IMEI, IMSI or ICCID; what has fewer is a count, a port or a code
SHORTEST = 7
#: names of settings and fields whose values nobody else may see
_SECRET_NAME = re.compile(
    r"(?i)(^|_|-|\b)(pin|puk|pass|password|passwd|passphrase|secret|token|credentials?|signature|auth)(s?$|_|-|\b)"
    r"|(?<!public)(?<!public.)(?<!adb)key$"
)
_URL = re.compile(r"(?i)\b(?!sqlite:|file:)([a-z][a-z0-9+.-]*)://([^\s/?#\"'<>]*)([^\s\"'<>]*)")
_MAIL = re.compile(r"[\w.+-]+@(?=[\w-]+(\.[\w-]+)+)")
_NAMED = re.compile(
    r"(?i)\b((?:api[_-]?|x-api-)?key|\w*token|\w*secret|passw(?:or)?d|passphrase|\w*signature|pin2?|puk2?|bearer|basic)"
    r"(\"?'?\s*(?:[=:]|\bis\b)\s*|\s+(?=\S*\d))(\"[^\"\n]*\"|'[^'\n]*'|[^\s,;&]+)"
)
_AT_SECRET = re.compile(r"(?i)(\+(?:CPIN|CLCK|CPWD)=)[^\r\n]*")
_HEADER = re.compile(r"(?i)\b(authorization|x-api-key|(?:set-)?cookie)(\"?'?\s*[:=])[^\r\n]*")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,}")
_SPOKEN_NUMBER = re.compile(rf"\+?\(?\d(?:[\s().\-/]{{0,3}}\d){{{SHORTEST - 1},}}")
#: what looks like a number and is none: a moment, an address of the Internet, the kernel's seconds
_MOMENT = r"20\d\d-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\d-])"
_INTERNET = r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])"
_HARMLESS = re.compile(rf"(?m)(?<![\d+.-]){_MOMENT}|(?<![\d+.-]){_INTERNET}|^\[ *\d+\.\d+\]")
#: changes between upper case, lower case and digits that words do not have
_RESTLESS = 5
_QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”|(?<!\w)'[^'\n]*'(?!\w)")


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask all but the last two digits of numbers, and every known or likely secret."""
    for secret in sorted({each for each in secrets if each}, key=len, reverse=True):
        # a PIN is short: as a part of something else it is not the PIN
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)" if len(secret) < 8 else re.escape(secret), MASK, text)
    text = _URL.sub(_address, text)
    text = _MAIL.sub("…@", text)
    text = _AT_SECRET.sub(rf"\1{MASK}", text)
    text = _HEADER.sub(rf"\1\2 {MASK}", text)
    text = _NAMED.sub(rf"\1\2{MASK}", text)
    return _numbers(_TOKEN.sub(_token, text))


def quoted(text: str) -> str:
    """Remove quoted text, which in a log may be a message."""
    return _QUOTED.sub("“…”", text)


def last_two(number: str) -> str:
    """The last two digits of a number: `…00` for `+15550100`; "" for ""."""
    digits = "".join(filter(str.isdigit, number))
    return phone_numbers.masked(digits) if digits else ""


def is_secret(name: str) -> bool:
    """Whether a setting of this name is secret."""
    return _SECRET_NAME.search(name) is not None or references.is_secret(name)


def settings(value: Any, name: str = "", secrets: Iterable[str] = ()) -> Any:
    """Mask settings: secrets by name, free text by content."""
    if isinstance(value, Mapping):
        return {mask(str(key), secrets): settings(each, str(key), secrets) for key, each in value.items()}
    if is_secret(name) and value not in ("", None, False, True):
        return MASK
    if isinstance(value, list | tuple):
        return [settings(each, name, secrets) for each in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float) and mask(repr(value), secrets) == repr(value):
        return value
    return mask(str(value), secrets)


def secrets_in(value: Any, name: str = "") -> set[str]:
    """All values under names of secrets, as written."""
    if isinstance(value, Mapping):
        return {each for key, below in value.items() for each in secrets_in(below, str(key))}
    if isinstance(value, list | tuple):
        return {each for below in value for each in secrets_in(below, name)}
    if not is_secret(name) or isinstance(value, bool) or value is None:
        return set()
    return {str(value)} - {""}


def _address(found: re.Match[str]) -> str:
    """Scheme and host only; the rest of a URL may hold keys."""
    scheme, place, rest = found.groups()
    return f"{scheme}://{place.rpartition('@')[2]}{'/…' if rest.strip('/') else rest}"


def _token(found: re.Match[str]) -> str:
    text = found[0]
    kinds = ["d" if each.isdecimal() else "u" if each.isupper() else "l" if each.isalpha() else "" for each in text]
    changes = sum(1 for one, other in pairwise(kinds) if one and other and one != other)
    return f"<{len(text)} characters>" if changes >= _RESTLESS else text


def _numbers(text: str) -> str:
    """Mask numbers except those that lie wholly inside a harmless pattern."""
    harmless = [found.span() for found in _HARMLESS.finditer(text)]

    def number(found: re.Match[str]) -> str:
        inside = any(start <= found.start() and found.end() <= end for start, end in harmless)
        return found[0] if inside else last_two(found[0])

    return _SPOKEN_NUMBER.sub(number, text)
