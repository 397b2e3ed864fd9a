"""What a `[devices.x]` table of this driver may hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field, fields
from typing import Any
from urllib.parse import urlsplit

from bridge.dataclass import dataclass
from device_drivers._options import problems_of

OPTIONS: Mapping[str, tuple[type, str]] = {
    "phone_number_id": (str, "Meta's id of the sending number; not the number itself"),
    "access_token": (str, "token of a system user, with the permission whatsapp_business_messaging"),
    "app_secret": (str, "secret of the Meta app, by which its webhooks are signed"),
    "verify_token": (str, "a text of your own, which you give to Meta together with the callback URL"),
    "template": (str, "approved template with one body parameter, which carries texts outside the 24-hour window"),
    "template_language": (str, "its language as Meta writes it, such as en or de_DE (default en)"),
    "version": (str, "version of the Graph API (default v25.0)"),
    "base_url": (str, "where the Graph API is (default https://graph.facebook.com)"),
    "timeout": (float, "seconds to wait for an answer (default 30)"),
    "check_interval": (float, "seconds between looks whether the API answers and the token is good (default 300)"),
    "forget_after": (float, "days for which a received message is known again when Meta repeats it (default 8)"),
}  # fmt: skip
_NEEDED = ("phone_number_id", "access_token", "app_secret", "verify_token")
_ID, _VERSION = re.compile(r"[0-9]{5,25}"), re.compile(r"v[0-9]{1,3}\.0")
_TEMPLATE, _LANGUAGE = re.compile(r"[a-z0-9_]{1,512}"), re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Options:
    """A device's options with their defaults."""

    phone_number_id: str = ""
    access_token: str = field(default="", repr=False)
    app_secret: str = field(default="", repr=False)
    verify_token: str = field(default="", repr=False)
    template: str = ""
    template_language: str = "en"
    version: str = "v25.0"
    base_url: str = "https://graph.facebook.com"
    timeout: float = 30.0
    check_interval: float = 300.0
    forget_after: float = 8.0

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Options":
        """From the configuration, which `problems` found nothing wrong with."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in options.items() if name in known})

    @property
    def number_url(self) -> str:
        """Of the number in the Graph API."""
        return f"{self.base_url.rstrip('/')}/{self.version}/{self.phone_number_id}"


def problems(options: Mapping[str, Any]) -> Sequence[str]:
    """Everything wrong, each as `key: message`."""
    missing = [f"{name}: is missing; {OPTIONS[name][1]}" for name in _NEEDED if not options.get(name)]
    return [*problems_of(options, OPTIONS), *missing] or _contents(Options.of(options))


def _contents(options: Options) -> list[str]:
    found = [f"{name}: must be more than 0" for name in ("timeout", "check_interval") if getattr(options, name) <= 0]
    if options.forget_after < 0:
        found.append("forget_after: must not be less than 0")
    if not _ID.fullmatch(options.phone_number_id):
        found.append("phone_number_id: is the number's id in Meta's dashboard, digits alone, not the phone number")
    if options.template and not _TEMPLATE.fullmatch(options.template):
        found.append("template: is a template's name: lower-case letters, digits and _")
    if not _LANGUAGE.fullmatch(options.template_language):
        found.append("template_language: is a language as Meta writes it, such as en or de_DE")
    if not _VERSION.fullmatch(options.version):
        found.append("version: is a version of the Graph API, such as v25.0")
    url = urlsplit(options.base_url)
    if not url.hostname or not (url.scheme == "https" or (url.scheme == "http" and url.hostname in _THIS_MACHINE)):
        found.append(
            "base_url: must begin with https://, for the token travels there; http:// is for this machine alone"
        )
    return found
