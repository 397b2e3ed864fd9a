"""The dialects, one folder each; a module `declarations` holds what one registers with the core:

- `CREDENTIALS`: kinds of credentials that its callers have (`bridge.accounts.credentials.CredentialKind`),
- `FORMATS`: payload formats of its webhooks (`bridge.model.payload_format.Wording` by name); its module `payloads`
  writes them (`BODIES`, by the same names).

Importing this package makes all of them known, without importing the dialects themselves.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from datetime import tzinfo
from pathlib import Path

from bridge.accounts import credentials
from bridge.model import payload_format
from bridge.model.event import Event

#: what a webhook says of an event, in a time zone
Body = Callable[[Event, tzinfo], Mapping[str, object]]


def installed() -> list[str]:
    """The names of all dialects, sorted."""
    return sorted(info.name for info in pkgutil.iter_modules(__path__))


def declare() -> None:
    """Register the declarations of all dialects with the core."""
    for name in _with("declarations"):
        declared = importlib.import_module(f"{__name__}.{name}.declarations")
        credentials.declare(*getattr(declared, "CREDENTIALS", ()))
        payload_format.declare(getattr(declared, "FORMATS", {}))


def bodies() -> dict[str, Body]:
    """The body writers of the payload formats that dialects declare."""
    found: dict[str, Body] = {}
    for name in _with("payloads"):
        found |= importlib.import_module(f"{__name__}.{name}.payloads").BODIES
    return found


def _with(module: str) -> list[str]:
    """Dialects that have a module of this name."""
    return [name for name in installed() if any((Path(place) / name / f"{module}.py").exists() for place in __path__)]


declare()
