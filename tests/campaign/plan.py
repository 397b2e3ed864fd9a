"""What happens in a round, all of it drawn from the seed before the round begins."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from tests.campaign.books import Order, Written, text_of
from tests.campaign.catalogue import Catalogue, Trouble, device_trouble
from tests.campaign.clients import DIALECTS, ONCE
from tests.campaign.clock import STEPS

#: seconds in which everything happens
SPAN = 4.0
ORDERS, WRITTEN = 24, 12
#: what may happen to the bridge's process and around it
SURROUNDINGS = (
    "kill", "kill", "stop", "end", "end twice", "disk full", "adb dies", "receiver fails", "receiver fails",
    *(f"clock {seconds:+}" for seconds in STEPS),
)  # fmt: skip
#: dialects whose callers can say themselves what is done when the outcome is unknown
SAY_POLICY = frozenset({"native", "native ref"})
#: those whose callers can name a line
SAY_LINE = frozenset({"native", "smsmobile"})
#: fewest and most in a round
TROUBLES = (3, 12)


@dataclass(frozen=True)
class Plan:
    """One round. Moments are seconds from its beginning."""

    number: int
    orders: Sequence[tuple[float, Order]]
    cancels: Sequence[tuple[float, Order]]
    written: Sequence[tuple[float, Written, str]]
    troubles: Sequence[Trouble]
    #: seconds after which all is put right again
    span: float = SPAN

    def but(self, without: Sequence[str]) -> "Plan":
        """The same without the troubles that have one of these words in their name."""
        return replace(
            self, troubles=[each for each in self.troubles if not any(word in each.name for word in without)]
        )

    def save(self, path: Path) -> None:
        """As JSON, for the evidence."""
        told: dict[str, Any] = {
            "round": self.number,
            "orders": [{"at": at, **asdict(order)} for at, order in self.orders],
            "cancels": [{"at": at, "token": order.token} for at, order in self.cancels],
            "written": [{"at": at, "from": customer, **asdict(written)} for at, written, customer in self.written],
            "troubles": [trouble.written() for trouble in self.troubles],
        }
        path.write_text(json.dumps(told, indent=1))


def drawn(
    number: int, chance: Random, catalogue: Catalogue, accounts: Mapping[str, str], lines: Sequence[str],
    customers: Sequence[str], modems: int, phones: int,
) -> Plan:  # fmt: skip
    """A round's plan."""
    devices = [f"modem{each}" for each in range(modems)] + [f"phone{each}" for each in range(phones)]
    tokens = [f"o{number}x{each}" for each in range(ORDERS)]
    orders = [(_moment(chance), _order(token, chance, accounts, customers, devices)) for token in tokens]
    orders.sort(key=lambda pair: pair[0])
    written = [
        (_moment(chance), _written(f"i{number}x{each}", chance, lines), chance.choice(customers))
        for each in range(WRITTEN)
    ]
    troubles = [_trouble(chance, catalogue, modems, phones) for _ in range(chance.randint(*TROUBLES))]
    cancels = [(at + chance.uniform(0, 1), order) for at, order in orders if chance.random() < 0.06]
    return Plan(
        number, orders, cancels, sorted(written, key=lambda each: each[0]), sorted(troubles, key=lambda each: each.at)
    )


def _moment(chance: Random) -> float:
    return round(chance.uniform(0, SPAN), 3)


def _shape(chance: Random) -> str:
    return chance.choice(("short", "short", "short", "emoji", "long", "long emoji"))


def _order(
    token: str, chance: Random, accounts: Mapping[str, str], customers: Sequence[str], devices: Sequence[str]
) -> Order:
    account, dialect = chance.choice(sorted(accounts)), chance.choice(sorted(DIALECTS))
    policy = chance.choice(("hold", "resend", "fail")) if dialect in SAY_POLICY else accounts[account]
    ttl = chance.choice((0, 0, 0, 1, 2)) if dialect == "native" else 0
    text, recipient = text_of(token, _shape(chance)), chance.choice(customers)
    line = chance.choice(("", *devices)) if dialect in SAY_LINE else ""
    return Order(token, text, recipient, account, dialect, policy, dialect in ONCE, ttl, line)


def _written(token: str, chance: Random, lines: Sequence[str]) -> Written:
    return Written(token, text_of(token, _shape(chance)), chance.choice(lines))


def _trouble(chance: Random, catalogue: Catalogue, modems: int, phones: int) -> Trouble:
    at, lasts = _moment(chance), round(chance.choice((0.05, 0.3, 1.0, 2.0)) * chance.uniform(0.5, 1.5), 3)
    if chance.random() < 0.3:
        return Trouble(at, lasts, chance.choice(SURROUNDINGS))
    return device_trouble(chance, catalogue, modems, phones, at, lasts)
