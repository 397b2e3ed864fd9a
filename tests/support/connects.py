"""What this process connects to and looks up, as Python's own audit events tell it (PEP 578), for tests."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: whoever listens just now; a hook cannot be taken back
_listening: list[list[str]] = []
_hooked: list[bool] = []


def _hear(event: str, told: tuple[Any, ...]) -> None:
    if not _listening or event not in {"socket.connect", "socket.getaddrinfo"}:
        return
    if event == "socket.connect":
        where = told[1]
        said = f"{where[0]}:{where[1]}" if isinstance(where, tuple) else str(where)
    else:
        said = f"{told[0]}:{told[1]}"
    for heard in _listening:
        heard.append(said)


@contextmanager
def connects() -> Iterator[list[str]]:
    """Each address and name, with its port, in order."""
    if not _hooked:
        sys.addaudithook(_hear)
        _hooked.append(True)
    heard = list[str]()
    _listening.append(heard)
    try:
        yield heard
    finally:
        _listening.remove(heard)
