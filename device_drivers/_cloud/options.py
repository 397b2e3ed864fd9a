"""The options that the cloud providers' devices have in common."""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, fields
from typing import Any, Self
from urllib.parse import urlsplit

from bridge.dataclass import dataclass
from bridge.messages.templates import places
from bridge.model.forms import Form
from device_drivers._cloud.inquiries import DELAYS
from device_drivers._options import problems_of

COMMON: Mapping[str, tuple[type, str]] = {
    "sign_name": (str, "text of the approved signature, without its brackets"),
    "templates": (dict, "id of each approved template = its text, as {name} or ${name} and without the signature"),
    "foreign_templates": (dict, "the same for templates that are approved for numbers of other countries"),
    "signatures": (dict, "id of a template = its own signature, where it is not sign_name"),
    "endpoint": (str, "URL of the API"),
    "timeout": (float, "seconds to wait for an answer (default 15)"),
    "check_interval": (float, "seconds between looks whether the API answers and the key is good (default 300)"),
    "ask": (bool, "ask about messages without a report, after 30 s, 2 min, 10 min, 1 h and a day (default true)"),
    "forget_after": (float, "days for which a received message is known again when it is repeated (default 2)"),
    "callback_secret": (str, "a long random text of your own: callbacks go to /callbacks/DEVICE/THIS (none: refused)"),
    "callback_addresses": (list, "addresses and networks that callbacks may come from (default any)"),
}  # fmt: skip
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_SECRET = re.compile(r"[A-Za-z0-9_.~-]{16,200}")


@dataclass(frozen=True, slots=True)
class Options:
    """A device's options with their defaults; each provider adds its own."""

    sign_name: str = ""
    templates: Mapping[str, str] = field(default_factory=dict)
    foreign_templates: Mapping[str, str] = field(default_factory=dict)
    signatures: Mapping[str, str] = field(default_factory=dict)
    endpoint: str = ""
    timeout: float = 15.0
    check_interval: float = 300.0
    ask: bool = True
    forget_after: float = 2.0
    callback_secret: str = field(default="", repr=False)
    callback_addresses: Sequence[str] = ()
    #: seconds; for tests, which cannot wait a day
    ask_after: Sequence[float] = DELAYS

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """From the configuration, which `problems` found nothing wrong with."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in options.items() if name in known and value != ""})

    @property
    def forms(self) -> tuple[Form, ...]:
        """The texts that the line carries."""
        home = (Form(*each) for each in self.templates.items())
        return (*home, *(Form(*each, abroad=True) for each in self.foreign_templates.items()))

    def signature(self, form: Form) -> str:
        """The signature that goes with a form."""
        return self.signatures.get(form.id, self.sign_name)


def problems(
    given: Mapping[str, Any],
    known: Mapping[str, tuple[type, str]],
    needed: Sequence[str],
    contents: Callable[[Mapping[str, Any]], Sequence[str]] = lambda given: (),
) -> Sequence[str]:
    """Everything wrong, each as `key: message`; `contents` looks at what is the provider's own."""
    missing = [f"{name}: is missing; {known[name][1]}" for name in needed if not given.get(name)]
    if not given.get("templates") and not given.get("foreign_templates"):
        missing.append(f"templates: is missing; {known['templates'][1]}")
    return [*problems_of(given, known), *missing] or [*_contents(Options.of(given)), *contents(given)]


def _contents(options: Options) -> list[str]:
    found = [f"{name}: must be more than 0" for name in ("timeout", "check_interval") if getattr(options, name) <= 0]
    if options.forget_after < 0:
        found.append("forget_after: must not be less than 0")
    for name in ("templates", "foreign_templates", "signatures"):
        for key, text in getattr(options, name).items():
            if not isinstance(text, str) or not text.strip():
                found.append(f'{name}: must be texts, written as {key} = "…"')
    if found:
        return found
    found += [
        f"templates: the text of {form.id} is its places alone, without a word" for form in options.forms
        if not _has_words(form) and len(places(form.text)) > 1
    ]  # fmt: skip
    unknown = sorted(set(options.signatures) - {form.id for form in options.forms})
    found += [f"signatures: there is no template {each}" for each in unknown]
    if any(not options.signature(form) for form in options.forms if not form.abroad):
        found.append("sign_name: is missing; providers send nothing without a signature")
    if options.callback_secret and not _SECRET.fullmatch(options.callback_secret):
        found.append("callback_secret: must be 16 or more letters, digits and - _ . ~, for it is a part of a URL")
    found += [f"callback_addresses: {each!r} is no address or network" for each in _wrong(options.callback_addresses)]
    url = urlsplit(options.endpoint)
    secure = url.scheme == "https" or (url.scheme == "http" and url.hostname in _THIS_MACHINE)
    if options.endpoint and not (url.hostname and secure):
        found.append("endpoint: must begin with https://; http:// is for this machine alone")
    return found


def _has_words(form: Form) -> bool:
    rest = form.text
    for name in places(form.text):
        rest = rest.replace(f"${{{name}}}", "").replace(f"{{{name}}}", "")
    return bool(rest.strip())


def _wrong(addresses: Sequence[str]) -> list[str]:
    return [each for each in addresses if not _is_network(each)]


def _is_network(written: str) -> bool:
    try:
        ipaddress.ip_network(written, strict=False)
    except ValueError:
        return False
    return True


def may_call(address: str, networks: Sequence[str]) -> bool:
    """Whether a callback may come from this address; from any where none are named."""
    if not networks:
        return True
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return False
    caller = getattr(caller, "ipv4_mapped", None) or caller
    return any(caller in ipaddress.ip_network(each, strict=False) for each in networks)
