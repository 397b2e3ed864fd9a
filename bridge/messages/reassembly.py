"""Decides which parts of long SMS belong together (3GPP TS 23.040 §9.2.3.24.1). Pure.

Sender and reference are not enough: references are few, some senders never change theirs, and networks deliver in any
order. But a service centre stamps (TP-SCTS) in the order in which a sender sends, and a sender sends one message after
the other. So parts of one message follow each other by their stamps, soon, in the order of their numbers.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from bridge.dataclass import dataclass

#: one part is stamped so soon after the one before it: beyond all doubt its next
STEP = 5_000  # ms
#: further apart they may still be of one message, sent from a place with bad reception
FARTHEST = 3_600_000  # ms
#: a centre of many machines may stamp a part before the one that it follows
BACKWARDS = 5_000  # ms


@dataclass(frozen=True, slots=True)
class Fragment:
    """A received part."""

    #: position in the store, grows by arrival
    seq: int
    #: 1-based
    index: int
    #: UTF-8 with lone surrogates, for a pair may be cut in two
    text: bytes
    #: user data that is not text, hex
    data: str
    #: TP-SCTS, Unix ms; 0 when absent or broken
    sent_at: int
    #: Unix ms
    arrived_at: int
    #: position of the received SMS that it is in; None while it waits, 0 when it was a repeat of another
    received: int | None = None

    def says_the_same(self, other: "Fragment") -> bool:
        """Whether both have the same text, whatever their time stamps."""
        return (self.index, self.text, self.data) == (other.index, other.text, other.data)

    def is_again(self, other: "Fragment") -> bool:
        """Whether the network delivered this part twice.

        Without a time stamp only while the other one waits: afterwards the same text may have been sent once more.
        """
        if not self.sent_at and other.received is not None:
            return False
        return self.says_the_same(other) and self.sent_at == other.sent_at


def complete(part: Fragment, waiting: Iterable[Fragment], total: int) -> list[Fragment] | None:
    """The likeliest complete message of `total` parts that contains this one; None while parts are missing."""
    by_index: dict[int, list[Fragment]] = {index: [] for index in range(1, total + 1)}
    for each in waiting:
        by_index[each.index].append(each)
    by_index[part.index] = [part]
    chains: list[tuple[int, list[Fragment]]] = [(0, [])]
    for index in range(1, total + 1):
        if not by_index[index]:
            return None
        chains = [_cheapest(chains, each) for each in sorted(by_index[index], key=lambda each: each.seq)]
    return min(chains, key=lambda chain: chain[0])[1]


def _cheapest(chains: Sequence[tuple[int, list[Fragment]]], part: Fragment) -> tuple[int, list[Fragment]]:
    cost, chain = min(
        ((cost + (_cost(chain[-1], part) if chain else 0), chain) for cost, chain in chains), key=lambda each: each[0]
    )
    return cost, [*chain, part]


def _cost(one: Fragment, following: Fragment) -> int:
    """How unlikely it is that one part follows the other in the same message."""
    step = _step(one, following)
    return step if step >= 0 else FARTHEST - step


def _step(one: Fragment, following: Fragment) -> int:
    """Milliseconds between two time stamps; 0 if either has none."""
    return following.sent_at - one.sent_at if one.sent_at and following.sent_at else 0


def is_certain(parts: Sequence[Fragment]) -> bool:
    """Whether these ordered parts certainly belong to one message."""
    return all(0 <= _step(one, next_) <= STEP * (next_.index - one.index) for one, next_ in pairwise(parts))


def is_possible(parts: Sequence[Fragment]) -> bool:
    """Whether these ordered parts can belong to one message."""
    stamps = [each.sent_at for each in parts if each.sent_at]
    near = not stamps or max(stamps) - min(stamps) <= FARTHEST
    return near and all(_step(one, next_) >= -BACKWARDS for one, next_ in pairwise(parts))


def in_order(parts: Iterable[Fragment]) -> list[Fragment]:
    """Sort parts by number."""
    return sorted(parts, key=lambda each: each.index)


def apart(waiting: Iterable[Fragment]) -> list[list[Fragment]]:
    """Group parts that waited in vain, one list per presumed message."""
    found: list[list[Fragment]] = []
    for each in sorted(waiting, key=lambda each: (each.sent_at, each.index, each.seq)):
        home = next((group for group in found if _takes(group, each)), None)
        if home is None:
            found.append([each])
        else:
            home.append(each)
    return [in_order(group) for group in found]


def _takes(group: Sequence[Fragment], part: Fragment) -> bool:
    return all(each.index != part.index for each in group) and is_possible(in_order([*group, part]))
