"""What the world outside the bridge knows: what clients asked for, what went on air, what customers wrote and heard."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from bridge.messages.segmentation import split
from device_drivers.gsm_modem.pdu import Deliver, Malformed, decode
from device_drivers.virtual.network.message import Posting

#: stands in every part of a text of ours, and names it
TOKEN = re.compile(r"\b[oi]\d+x\d+\b")
PartKey = tuple[str, int]


@dataclass
class Order:
    """A message that a client wants to have sent, with all its tries."""

    token: str
    text: str
    recipient: str
    account: str
    dialect: str
    #: what the account, or the message, says of an unknown outcome
    policy: str
    #: the dialect knows a repeat by a key or an id of the caller's: one message at most
    once: bool
    #: seconds, 0 for the bridge's own
    ttl: int = 0
    #: the line that it is to go out on, "" for any
    line: str = ""
    cancelled: bool = False
    #: tries that were answered with success
    accepted: int = 0
    #: tries that were never answered, so nobody knows
    silent: int = 0
    #: the last refusal's words
    refusal: str = ""
    #: monotonic seconds of the first try
    asked_at: float = 0.0


@dataclass
class Written:
    """An SMS from a customer to a line of ours."""

    token: str
    text: str
    to: str


@dataclass
class Books:
    """All of a season, by token."""

    orders: dict[str, Order] = field(default_factory=dict)
    written: dict[str, Written] = field(default_factory=dict)
    #: how often each part of an order's text went on air
    on_air: Counter[PartKey] = field(default_factory=Counter)
    #: how many copies of each part of a customer's SMS the network brings: 0, 1 or 2
    copies: dict[PartKey, int] = field(default_factory=dict)
    #: webhooks of received SMS: token → the ids that they came under, one for each call
    heard: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def carried(self, posting: Posting, copies: int) -> None:
        """Listens to the network."""
        try:
            deliver = decode(posting.pdu)
        except Malformed:
            return
        if not isinstance(deliver, Deliver) or (token := token_of(deliver.text)) is None:
            return
        key = (token, deliver.concat.index if deliver.concat else 1)
        if token in self.written:
            self.copies[key] = copies
        else:
            self.on_air[key] += 1

    def air(self, token: str) -> dict[int, int]:
        """Part → how often it went on air."""
        return {index: count for (each, index), count in self.on_air.items() if each == token}

    def coming(self, token: str) -> tuple[int, int]:
        """How often at least and at most a customer's SMS arrives whole at our device."""
        copies = [count for (each, _), count in self.copies.items() if each == token]
        return min(1, min(copies, default=0)), max(copies, default=0)


def token_of(text: str) -> str | None:
    """The token in a text, None for a text that is none of ours."""
    found = TOKEN.search(text)
    return found[0] if found else None


def text_of(token: str, shape: str) -> str:
    """A text with the token whole in each of its parts: `short`, `long` (some parts), `emoji` (UCS-2) or both."""
    mark = "\N{WHITE HEAVY CHECK MARK} " if "emoji" in shape else ""
    words = {"short": 3, "emoji": 3, "long": 30, "long emoji": 14}[shape]
    while True:
        text = mark + " ".join(f"{token} {index}" for index in range(words))
        if all(token_of(part) == token for part in split(text)):
            return text
        words += 1
