"""What a `[devices.x]` table of this driver may hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field, fields
from typing import Any
from urllib.parse import urlsplit

from bridge.dataclass import dataclass
from device_drivers._options import problems_of

OPTIONS: Mapping[str, tuple[type, str]] = {
    "url": (str, "where the site's native API is, such as https://shop.example:8443; what stands before /v1"),
    "key": (str, "API key of an account of the site, with the scopes send, read and inbox"),
    "join": (str, "written by `sms-bridge site add`: the site joins by a code, and tells url and key itself"),
    "dial_key": (str, "of a site that cannot be reached: the key by which it dials in, instead of url"),
    "ca": (str, "file with the authorities that the site's certificate may be of, instead of the system's"),
    "lines": (list, "names of the site's lines to use here (default: all that its account may send by)"),
    "timeout": (float, "seconds to wait for an answer of the site (default 10)"),
    "patience": (float, "seconds for which the site may be out of reach before its lines are absent (default 30)"),
    "send_timeout": (float, "seconds after which a message that the site has not sent is taken back (default 600)"),
}
_JOIN = re.compile(r"[0-9a-f]{64}\.[0-9]{1,11}")
#: seconds; a part that is longer in a device's hands is not told by its reports any more
_LONGEST = 900


@dataclass(frozen=True, slots=True)
class Options:
    """A device's options with their defaults."""

    url: str = ""
    key: str = field(default="", repr=False)
    join: str = field(default="", repr=False)
    dial_key: str = field(default="", repr=False)
    ca: str = ""
    lines: tuple[str, ...] = ()
    timeout: float = 10.0
    patience: float = 30.0
    send_timeout: float = 600.0

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Options":
        """From the configuration, which `problems` found nothing wrong with."""
        known = {each.name for each in fields(cls)}
        given = {name: value for name, value in options.items() if name in known}
        return cls(**{**given, "lines": tuple(given.get("lines", ()))})

    @property
    def base(self) -> str:
        """What paths are added to."""
        return self.url.rstrip("/")


def problems(options: Mapping[str, Any]) -> Sequence[str]:
    """Everything wrong, each as `key: message`."""
    needed = () if options.get("join") else ("key",) if options.get("dial_key") else ("url", "key")
    missing = [f"{name}: is missing; {OPTIONS[name][1]}" for name in needed if not options.get(name)]
    return [*problems_of(options, OPTIONS), *missing] or _contents(Options.of(options))


def _contents(options: Options) -> list[str]:
    found = [f"{name}: must be more than 0" for name in ("timeout", "patience") if getattr(options, name) <= 0]
    if not 0 < options.send_timeout <= _LONGEST:
        found.append(f"send_timeout: must be more than 0 and at most {_LONGEST}")
    if options.join and not _JOIN.fullmatch(options.join):
        found.append("join: is not as `sms-bridge site add` writes it; run that again")
    if options.url and options.dial_key:
        found.append("dial_key: leave it out where url says how the site is reached, or leave out url")
    if (options.join or options.dial_key) and not options.url:
        pass  # the site tells it, or dials in
    elif not _is_http(options.url):
        found.append("url: must begin with https:// or http:// and name a host, such as https://shop.example:8443")
    elif options.base.endswith("/v1"):
        found.append("url: leave out /v1; it is added")
    if not (options.key.isascii() and options.key.isprintable()):
        found.append("key: an API key has printable ASCII characters only; copy it again")
    return found


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not parts.query
    except ValueError:
        return False
