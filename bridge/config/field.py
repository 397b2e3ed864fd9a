"""Settings as dataclass fields with help texts, and the checks of their values.

The settings themselves are in `bridge.config.schema`.
"""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import field
from typing import Any, TypeVar, get_type_hints
from urllib.parse import SplitResult, parse_qs, urlsplit

from bridge.model.opt_out import LANGUAGES
from bridge.networks import network
from bridge.zones import zone

T = TypeVar("T")
#: says what is wrong with a value of the right type; "" when nothing is
Check = Callable[[Any], str]

#: stands for what nobody else may see
MASK = "********"
SQLITE = "sqlite:///"
POSTGRESQL = "postgresql://"
_MAIL = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")


class Secret(str):
    """A text that is masked in `repr`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{MASK}'"


def setting(default: T, help: str, example: str = "", check: Check | None = None) -> T:
    """Declare a setting with its help; `example` is shown when the type is wrong."""
    made: T = field(default=default, metadata={"help": help, "example": example, "check": check})
    return made


def within(low: float, high: float) -> Check:
    """A number between two others, both included."""
    return lambda value: "" if low <= value <= high else f"must be between {low} and {high}, not {value}"


def at_least(low: float) -> Check:
    """A number that is at least `low`."""
    return lambda value: "" if value >= low else f"must be {low} or more, not {value}"


def one_of(words: tuple[str, ...]) -> Check:
    """One of these words."""
    return lambda value: "" if value in words else f'must be one of {", ".join(words)}, not "{value}"'


def web_address(value: str) -> str:
    """An http(s) URL, or ""."""
    parts = _split(value)
    if not value or (parts is not None and parts.scheme in {"http", "https"} and parts.netloc):
        return ""
    return f'must be an address such as "https://sms.example.com", not "{value}"'


def is_this_machine(host: str) -> bool:
    """Whether a host name or address means this machine."""
    return host in {"localhost", "::1"} or host.startswith("127.")


def networks(value: tuple[str, ...]) -> str:
    """IP addresses and networks."""
    for each in value:
        try:
            network(each)
        except ValueError:
            return f'must be addresses or networks such as "192.0.2.0/24", not "{each}"'
    return ""


def store_url(value: str) -> str:
    """The URL of a store."""
    if value.startswith(SQLITE) and len(value) > len(SQLITE):
        return ""
    parts = _split(value)
    if parts is not None and (parts.password is not None or "password" in parse_qs(parts.query)):
        return "must not have the password in it: put that into store.password"
    if parts is not None and value.startswith(POSTGRESQL):
        return ""
    shown = re.sub("//.*@", f"//{MASK}@", value)
    return (
        'must look like "sqlite:////var/lib/sms-bridge/bridge.db" (four slashes: an absolute path), or like '
        f'"postgresql://user@host/database", not "{shown}"'
    )


def _split(url: str) -> SplitResult | None:
    """The parts of a URL; None where a bracket of an IPv6 address is missing."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def time_zone(value: str) -> str:
    """A time zone by its IANA name."""
    try:
        zone(value)
    except (KeyError, ValueError, OSError):
        return f'must be a time zone such as "Europe/Paris" or "UTC", not "{value}"'
    return ""


def path_prefix(value: str) -> str:
    """A URL path prefix, or ""."""
    if re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", value):
        return ""
    return f'must be a path such as "/vendor", without a slash at its end, not "{value}"'


def mail_address(value: str) -> str:
    """A mail address, or ""."""
    return (
        "" if not value or _MAIL.fullmatch(value) else f'must be a mail address such as "me@example.com", not "{value}"'
    )


def mail_addresses(value: tuple[str, ...]) -> str:
    """Mail addresses."""
    return next(filter(None, map(mail_address, value)), "")


def known_languages(value: tuple[str, ...]) -> str:
    """Languages with words for STOP and START."""
    unknown = next((each for each in value if each not in LANGUAGES), "")
    return f'must be some of {", ".join(LANGUAGES)}, not "{unknown}"' if unknown else ""


def fields(kind: type[Any]) -> dict[str, tuple[Any, dataclasses.Field[Any]]]:
    """Name → (type, field) of a section."""
    hints = get_type_hints(kind)
    return {each.name: (hints[each.name], each) for each in dataclasses.fields(kind)}
