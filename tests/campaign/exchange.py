"""Rounds in which several bridges are spoken to from outside and by customers, and whether their books are right."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from device_drivers.virtual.world import World
from tests.campaign.serve import Serve

HEADINGS = ("round", "troubles", "accepted", "sent", "delivered", "unknown", "failed", "expired", "inbox")
#: of a round: seconds that it lasts, messages each way, most troubles
SPAN, ORDERS, TROUBLES = 4.0, 16, 8
#: seconds until nothing moves any more
REST = 60.0
#: half seconds for which a client goes on
TRIES = 120
#: of a modem that has a message in hand
TAKES = 0.1
#: characters that are shown of the log of a bridge that ended
LAST = 350
OPEN = frozenset({"scheduled", "queued", "sending"})
#: number of a round, what does not add up, the cells of its line
Played = tuple[int, list[str], tuple[object, ...]]


@dataclass
class Told:
    """What bridges and customers tell once nothing moves any more."""

    #: of the hub, or of one of those with one database: text and state
    rows: list[tuple[str, str]]
    inbox: Counter[str]
    #: texts that customers received
    arrived: Counter[str]
    #: texts of which the bridge that had them does not know the outcome
    unsure: set[str]

    @property
    def moves(self) -> bool:
        """Whether a bridge is about to do or to learn something."""
        return any(state in OPEN or (state == "unknown" and text not in self.unsure) for text, state in self.rows)


@dataclass
class Exchange:
    """A network, its bridges, an account, and the texts that went to and fro."""

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

    @property
    def serves(self) -> Mapping[str, Serve]:
        """The processes of the bridges, by their names."""
        raise NotImplementedError

    def drawn(self, chance: Random) -> Callable[[], Awaitable[None]]:
        """Something that happens to a bridge, its modem or a way."""
        raise NotImplementedError

    async def repair(self) -> None:
        """Put right what outlasts a round."""

    async def ask(self) -> Told:
        """What the bridges and customers tell now."""
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

    # -- a round -----------------------------------------------------------------------------------
    async def play(self, number: int, chance: Random) -> Played:
        """Play one round."""
        troubles = [(chance.uniform(0.2, SPAN), self.drawn(chance)) for _ in range(chance.randint(3, TROUBLES))]
        async with asyncio.TaskGroup() as group:
            for each in range(ORDERS):
                customer, modem = self.world.customers[each % 4], chance.randrange(len(self.world.modems))
                group.create_task(self._order(f"out {number}.{each}", chance.uniform(0, SPAN), customer))
                group.create_task(self._letter(f"in {number}.{each}", chance.uniform(0, SPAN), modem, customer))
            for at, trouble in troubles:
                group.create_task(_later(at, trouble))
        await self.repair()
        told = await self.rest()
        if told is None:
            return number, self.ended(), (number, len(troubles), len(self.accepted), *("?" for _ in HEADINGS[3:]))
        states = Counter(state for _, state in told.rows)
        cells = (
            number, len(troubles), len(self.accepted), *(states[each] for each in HEADINGS[3:8]), self.written.total(),
        )  # fmt: skip
        return number, violations(self.asked, self.accepted, self.written, told), cells

    async def _order(self, text: str, at: float, recipient: str) -> None:
        await asyncio.sleep(at)
        await self.submit(text, recipient)

    async def _letter(self, text: str, at: float, modem: int, customer: str) -> None:
        await asyncio.sleep(at)
        self.letter(text, modem, customer)

    def ended(self) -> list[str]:
        """The bridges that ended by themselves."""
        return [
            f"{name} ended by itself: {serve.last_words()[-LAST:]}"
            for name, serve in self.serves.items()
            if not serve.running
        ]

    async def rest(self) -> Told | None:
        """Once nothing moves any more, or after a time in which it should have come to rest; None when one ended."""
        loop = asyncio.get_running_loop()
        end = loop.time() + REST
        while not self.ended():
            try:
                told = await self.ask()
            except (aiohttp.ClientError, TimeoutError):  # one is not there again
                if loop.time() > end:
                    raise
            else:
                if loop.time() > end or (not told.moves and told.inbox.total() >= self.written.total()):
                    return told
            await asyncio.sleep(0.5)
        return None


async def _later(at: float, trouble: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(at)
    await trouble()


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


# -- all of them -----------------------------------------------------------------------------------
async def season(stage: AbstractAsyncContextManager[Exchange], rounds: range, seed: str) -> AsyncGenerator[Played]:
    """Play these rounds with the same bridges, until one does not add up."""
    async with stage as ready:
        for number in rounds:
            played = await ready.play(number, Random(f"{seed} {number}"))
            yield played
            if played[1]:
                return


def keep(directory: Path, target: Path, found: list[str]) -> None:
    """Stores and logs of the bridges, and what does not add up."""
    shutil.rmtree(target, ignore_errors=True)
    wanted = (".db", ".db-wal", ".log", ".toml")
    for path in directory.glob("*/*"):
        if path.is_file() and path.suffix in wanted:
            (target / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target / path.parent.name)
    target.mkdir(parents=True, exist_ok=True)
    (target / "violations.txt").write_text("\n".join(found) + "\n")
