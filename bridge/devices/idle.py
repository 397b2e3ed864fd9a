"""Who is called for a message: one line that has nothing to send, of those that serve its route."""

from collections.abc import Sequence
from typing import Protocol


class Callee(Protocol):
    """A line with nothing to send."""

    def call(self, route: str) -> None:
        """There is a message of this route: ask the store for it, or pass the call on."""
        ...


class IdleLines:
    """The lines of all devices that found nothing to send, the one that has waited longest first.

    A message is somebody's as soon as one of them is called for it: one who is called and cannot ask for it calls
    the next. With nobody idle it waits for the first line that has finished another.
    """

    def __init__(self) -> None:
        self._idle: dict[Callee, Sequence[str]] = {}

    def add(self, line: Callee, routes: Sequence[str]) -> None:
        """It may be called for messages of these routes, once."""
        self._idle[line] = routes

    def remove(self, line: Callee) -> None:
        """It has something to do. Harmless when it was called."""
        self._idle.pop(line, None)

    def call(self, route: str, count: int = 1) -> None:
        """There are so many more messages of a route."""
        for line in [line for line, routes in self._idle.items() if route in routes][:count]:
            del self._idle[line]
            line.call(route)
