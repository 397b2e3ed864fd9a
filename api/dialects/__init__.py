"""The dialects, one folder each. What one needs of the core it declares in its module `declarations`:

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
    """The names of all dialects, in order."""
    return sorted(info.name for info in pkgutil.iter_modules(__path__))


def declare() -> None:
    """Make known to the core what the dialects declare."""
    for name in _with("declarations"):
        declared = importlib.import_module(f"{__name__}.{name}.declarations")
        credentials.declare(*getattr(declared, "CREDENTIALS", ()))
        payload_format.declare(getattr(declared, "FORMATS", {}))


def bodies() -> dict[str, Body]:
    """What writes each payload format that a dialect declares."""
    found: dict[str, Body] = {}
    for name in _with("payloads"):
        found |= importlib.import_module(f"{__name__}.{name}.payloads").BODIES
    return found


def _with(module: str) -> list[str]:
    """The dialects that have a module of this name."""
    return [name for name in installed() if any((Path(place) / name / f"{module}.py").exists() for place in __path__)]


declare()
