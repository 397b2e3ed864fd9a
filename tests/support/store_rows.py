"""Accounts and messages for tests of stores."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bridge.model.account import Account, Author
from bridge.model.message import Message, State
from bridge.ports.store import Store
from bridge.ports.store_rows import Outcome

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


async def claimed(store: Store, expected: Message, line: str = "office") -> int:
    """A line takes the message that is expected; returns the index of the part."""
    claim = await store.claim(line, ("", line), NOW)
    assert claim is not None
    assert claim.message.id == expected.id
    return claim.index


async def sent(store: Store, which: Message, index: int, reference: int | None) -> Message:
    """A part was handed over, with this reference."""
    return await store.record(Outcome(which.id, index, State.SENT, reference), NOW + 1)
