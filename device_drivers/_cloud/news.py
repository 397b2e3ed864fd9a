"""Reports and replies from a provider, whether pushed, pulled or asked for."""

import hashlib
from dataclasses import field

from bridge.dataclass import dataclass
from bridge.model.message import State

#: bits of a reference made of a provider's id: exact in every JSON reader
_BITS = 52


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message that was sent."""

    #: the provider's id of it; "" where it tells none
    id: str
    #: with its country code
    recipient: str
    state: State
    #: the carrier's own word
    detail: str = ""
    #: Unix ms; 0 when not told
    at: int = 0
    #: what was given to the provider with the message; "" where it does not tell that
    ours: str = field(default="", kw_only=True)
    #: when the provider took it, Unix ms; 0 when not told
    taken_at: int = field(default=0, kw_only=True)


@dataclass(frozen=True, slots=True)
class Written:
    """Somebody wrote to the line."""

    #: the provider's id of it, or what tells it from others
    id: str
    sender: str
    text: str
    #: Unix ms
    at: int


def reference_of(id: str) -> int:
    """The number by which reports find a message, of a provider's id."""
    return int.from_bytes(hashlib.sha256(id.encode()).digest()) >> (256 - _BITS)


def label(message: str, index: int) -> str:
    """What is given to the provider with a part, by which it is known again."""
    return f"{message}.{index}"


def part_of(ours: str) -> tuple[str, int] | None:
    """The part that a label names; None for another program's."""
    message, dot, index = ours.rpartition(".")
    return (message, int(index)) if dot and message and index.isdecimal() and index.isascii() else None
