"""What was accepted, what the world outside saw of it, and whether the two agree."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.cluster.stage import Stage

#: of a message that goes on by itself
UNDER_WAY = ("scheduled", "queued", "sending")
#: seconds until nothing is under way any more
PATIENCE = 90.0
_PAUSE = 0.25  # s


@dataclass(slots=True)
class Books:
    """One run."""

    #: text → the id that a 2xx gave it
    accepted: dict[str, str] = field(default_factory=dict)
    #: by which process
    by: Counter[str] = field(default_factory=Counter)
    #: requests that were repeated elsewhere, with the same key, because no answer came
    repeated: int = 0
    #: what customers wrote to the lines
    written: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Balance:
    """The conservation table."""

    rows: Sequence[tuple[str, int, str]]
    lost: int
    doubled: int


async def settled(stage: Stage, books: Books) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All messages and the whole inbox, once nothing is under way and every webhook is made."""
    async with asyncio.timeout(PATIENCE):
        while True:
            messages = await stage.rows("/v1/messages", "messages")
            inbox = await stage.rows("/v1/inbox", "messages")
            owed = await stage.rows("/v1/ledger", "deliveries")
            if (
                all(row["state"] not in UNDER_WAY for row in messages)
                and len({row["text"] for row in inbox}) >= len(books.written)
                and all(row["state"] != "owed" for row in owed)
            ):
                return messages, inbox
            await asyncio.sleep(_PAUSE)


async def balance(stage: Stage, books: Books) -> Balance:
    """Compare. Raises TimeoutError when something goes on for too long."""
    messages, inbox = await settled(stage, books)
    states = Counter(row["state"] for row in messages)
    by_text = {row["text"]: row["state"] for row in messages}
    handsets = (stage.world.network.handset(number) for number in stage.world.customers)
    air = Counter(sms.text for handset in handsets for sms in handset.received)
    heard = Counter(row["text"] for row in inbox)
    owed = {row["event_id"] for row in await stage.rows("/v1/ledger", "deliveries")}
    # what the device of a killed bridge had in hand is unknown, which is said, not lost
    gone = [text for text in books.accepted if text not in by_text]
    gone += [text for text, state in by_text.items() if state in ("sent", "delivered") and text not in air]
    rows = [
        ("accepted", len(books.accepted), _each(books.by)),
        *((state, count, _EXPLAINED.get(state, "")) for state, count in sorted(states.items())),
        ("on the air", air.total(), f"{len(air)} different"),
        ("written by customers", len(books.written), ""),
        ("received", heard.total(), f"{len(heard)} different"),
        ("webhooks owed", len(owed), ""),
        ("webhooks made", len(stage.hook.heard), _again(stage.hook.heard)),
    ]
    lost = len(gone) + len(set(books.written) - heard.keys()) + len(owed - stage.hook.heard.keys())
    doubled = sum(count - 1 for count in (*air.values(), *heard.values())) + len(messages) - len(by_text)
    return Balance(rows, lost, doubled)


_EXPLAINED = {
    "delivered": "confirmed by the recipient's phone",
    "sent": "taken by the network",
    "unknown": "in a modem's hands when its bridge was killed: never sent again unasked",
}


def _each(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} by {name}" for name, count in sorted(counts.items()))


def _again(heard: Mapping[str, int]) -> str:
    again = sum(count - 1 for count in heard.values())
    return f"{again} of them again, with the same id" if again else "each once"
