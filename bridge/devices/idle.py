"""Chooses which idle line to wake for a message: one line that serves its route."""

from collections.abc import Sequence
from typing import Protocol


class IdleLine(Protocol):
    """A line with nothing to send."""

    def call(self, route: str) -> None:
        """A message of this route is due: claim it, or pass the call on."""
        ...

    def look(self) -> None:
        """Ask for a message again."""
        ...


class IdleLines:
    """The idle lines of all devices, longest idle first.

    A message is somebody's as soon as one of them is called for it: one who is called and cannot ask for it calls
    the next. With nobody idle it waits for the first line that has finished another.
    """

    def __init__(self) -> None:
        self._idle: dict[IdleLine, Sequence[str]] = {}

    def add(self, line: IdleLine, routes: Sequence[str]) -> None:
        """Add an idle line; it is called at most once for messages of these routes."""
        self._idle[line] = routes

    def remove(self, line: IdleLine) -> None:
        """Remove a line that is busy again. Harmless when it was called already."""
        self._idle.pop(line, None)

    def call(self, route: str, count: int = 1) -> None:
        """Wake lines for this many more messages of a route."""
        for line in [line for line, routes in self._idle.items() if route in routes][:count]:
            del self._idle[line]
            line.call(route)

    def call_all(self) -> None:
        """Wake every idle line: it is not known for what."""
        for line in list(self._idle):
            line.look()
