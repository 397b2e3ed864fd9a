"""Schedules inquiries about messages without a report: when to ask the provider, and when to stop."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bridge.dataclass import dataclass

#: seconds after a message was handed over at which the provider is asked about it
DELAYS = (30.0, 120.0, 600.0, 3600.0, 86_400.0)
#: questions that are kept; the oldest are given up first
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A part of which something is to be learned."""

    message: str
    #: 1-based
    index: int
    #: with its country code
    recipient: str
    #: Unix ms of the hand-over, at the earliest
    since: int
    #: the provider's id of it; "" where its answer never came, and nobody knows whether it went out
    id: str = ""
    #: how many times it was asked
    asked: int = 0

    @property
    def part(self) -> tuple[str, int]:
        """The part it is about."""
        return self.message, self.index


class Inquiries:
    """Those of one line. `delays` are seconds."""

    def __init__(self, delays: Sequence[float] = DELAYS) -> None:
        self._delays = tuple(delays)
        self._open: dict[tuple[str, int], Inquiry] = {}

    def add(self, inquiry: Inquiry, now: int) -> None:
        """Ask about it from now on; of questions whose time has passed already the last one is asked at once."""
        if not self._delays:
            return
        passed = sum(inquiry.since + delay * 1000 <= now for delay in self._delays)
        self._open.pop(inquiry.part, None)
        self._open[inquiry.part] = replace(inquiry, asked=max(0, passed - 1))
        if len(self._open) > MOST:
            del self._open[next(iter(self._open))]

    def drop(self, part: tuple[str, int]) -> None:
        """It is settled. Harmless when repeated."""
        self._open.pop(part, None)

    def of_number(self, recipient: str) -> list[Inquiry]:
        """All open ones of a recipient."""
        return [each for each in self._open.values() if each.recipient == recipient]

    def due(self, now: int) -> Iterator[Inquiry]:
        """Those to be asked now; each is asked again later, or given up after its last question."""
        for inquiry in [each for each in self._open.values() if self._at(each) <= now]:
            asked = inquiry.asked + 1
            if asked < len(self._delays):
                self._open[inquiry.part] = replace(inquiry, asked=asked)
            else:
                self._open.pop(inquiry.part, None)
            yield inquiry

    def pause(self, now: int) -> float:
        """Seconds until the next question; infinite when there is none."""
        return min((max(0.0, self._at(each) - now) / 1000 for each in self._open.values()), default=float("inf"))

    def _at(self, inquiry: Inquiry) -> float:
        return inquiry.since + self._delays[inquiry.asked] * 1000
