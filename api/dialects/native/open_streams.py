"""Counts the event streams that an account has open, and ends them; `events` sends what goes through them."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from bridge.errors import BridgeError

PER_ACCOUNT = 32  # streams open at once


class TooMany(BridgeError):
    """Too many event streams are open."""


class Streams:
    """The open streams of an application; `closing` is set at shutdown."""

    def __init__(self, closing: asyncio.Event, heartbeat: float, patience: float) -> None:
        self.closing = closing
        #: seconds of silence after which a comment is written
        self.heartbeat = heartbeat
        #: seconds a caller may take to read what was written
        self.patience = patience
        self._open: Counter[str] = Counter()

    @contextmanager
    def place(self, account: str) -> Iterator[None]:
        """Reserve a stream for an account. Raises TooMany."""
        if self._open[account] >= PER_ACCOUNT:
            raise TooMany(f"{PER_ACCOUNT} event streams of this account are open; close one first.")
        self._open[account] += 1
        try:
            yield
        finally:
            self._open[account] -= 1
