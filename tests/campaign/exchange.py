"""What is said to bridges from outside and by customers, and whether their books are right about it."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from device_drivers.virtual.world import World
from tests.campaign.serve import Serve

#: half seconds for which a client goes on
TRIES = 120
OPEN = frozenset({"scheduled", "queued", "sending"})


@dataclass
class Exchange:
    """A network, an account, and the texts that went to and fro."""

    world: World
    http: aiohttp.ClientSession
    key: str
    #: texts that were handed in, those answered by a 2xx, and those that customers wrote
    asked: set[str] = field(default_factory=set, kw_only=True)
    accepted: set[str] = field(default_factory=set, kw_only=True)
    written: Counter[str] = field(default_factory=Counter, kw_only=True)

    @property
    def door(self) -> str:
        """The URL of a bridge that takes messages."""
        raise NotImplementedError

    async def rows(self, serve: Serve, key: str, path: str) -> list[dict[str, Any]]:
        """A list of a bridge, whole."""
        found: list[dict[str, Any]] = []
        query = {} if path.endswith("lines") else {"limit": "500"}
        while True:
            headers = {"Authorization": f"Bearer {key}"}
            async with self.http.get(f"{serve.url}{path}", params=query, headers=headers) as answer:
                answer.raise_for_status()
                page = await answer.json()
            found += page["lines" if path.endswith("lines") else "messages"]
            if not page.get("cursor"):
                return found
            query["cursor"] = page["cursor"]

    async def submit(self, text: str, recipient: str) -> None:
        """Hand one in until it is taken; a repeat is known by its key."""
        self.asked.add(text)
        body = {"to": recipient, "text": text}
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": text.replace(" ", "-")}
        for _ in range(TRIES):
            try:
                async with self.http.post(f"{self.door}/v1/messages", json=body, headers=headers) as answer:
                    if answer.status in (200, 202):
                        self.accepted.add(text)
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass  # it is killed just now
            await asyncio.sleep(0.5)

    def letter(self, text: str, modem: int, customer: str) -> None:
        """A customer writes to the SIM in a modem."""
        self.written[text] += 1
        self.world.network.handset(customer).send(self.world.modems[modem].number, text)

    def arrived(self) -> Counter[str]:
        """How often each text came to a customer."""
        network = self.world.network
        return Counter(sms.text for customer in self.world.customers for sms in network.handset(customer).received)


@dataclass
class Told:
    """What hub, sites and customers tell once nothing moves any more."""

    #: of the hub: text and state
    rows: list[tuple[str, str]]
    inbox: Counter[str]
    #: texts that customers received
    arrived: Counter[str]
    #: texts of which a site does not know the outcome
    unsure: set[str]

    @property
    def moves(self) -> bool:
        """Whether the hub is about to do or to learn something."""
        return any(state in OPEN or (state == "unknown" and text not in self.unsure) for text, state in self.rows)


def violations(asked: set[str], accepted: set[str], written: Counter[str], told: Told) -> list[str]:
    """What does not add up."""
    states, arrived, inbox = dict(told.rows), told.arrived, told.inbox
    found = [f"{text}: accepted and lost" for text in sorted(accepted - states.keys())]
    found += [f"{text}: nobody asked for it" for text in sorted((states.keys() | arrived.keys()) - asked)]
    found += [f"{text}: sent {count} times" for text, count in arrived.items() if count > 1]
    rows = Counter(text for text, _ in told.rows)
    found += [f"{text}: there {count} times" for text, count in rows.items() if count > 1]
    for text, state in states.items():
        if state in OPEN:
            found.append(f"{text}: still {state}")
        if state in ("sent", "delivered") and text not in arrived:
            found.append(f"{text}: {state}, and it did not arrive")
        if state in ("failed", "expired", "cancelled") and text in arrived:
            found.append(f"{text}: {state}, and it arrived")
        if state == "unknown" and text not in told.unsure:
            found.append(f"{text}: unknown, and its site knows better")
    for text in sorted(written.keys() | inbox.keys()):
        if inbox[text] != written[text]:
            found.append(f"{text}: written {written[text]} times, received {inbox[text]}")
    return found
