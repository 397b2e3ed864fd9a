"""Accounts and messages for tests of stores."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bridge.model.account import Account, Author
from bridge.model.message import Message, State
from bridge.ports.store import Store

NOW = 1_795_000_000_000
SHOP, CAFE = Account("shop", NOW), Account("cafe", NOW)
BY = Author("command line", NOW)

Opener = Callable[[], Awaitable[Store]]


def message(number: int, **changes: object) -> Message:
    plain = Message(
        id=f"{number:040x}", account="shop", recipient=f"+155501{number % 100:02}", written=f"155501{number % 100:02}",
        text=f"text {number}", state=State.QUEUED, created_at=NOW, updated_at=NOW, due_at=NOW,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]
