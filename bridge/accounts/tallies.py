"""Counts that are kept in memory, by several processes of one store together.

Each tells the others once in a while what it has counted since, so that a limit holds over all of them but for what
comes in between. A process on its own tells nobody.
"""

from collections import Counter
from collections.abc import Callable, Sequence

#: what is told at a time, at most; more than so many different ones are an attack, and not told
MOST = 1000

#: what was counted, and how often
Row = tuple[Sequence[str], int]


class Tallies:
    """What this process counts and others count, too. `shared` is set where there may be others."""

    def __init__(self) -> None:
        self.shared = False
        self._counted: Counter[tuple[str, ...]] = Counter()
        self._hearing: dict[str, Callable[[Sequence[str], int], None]] = {}

    def on(self, kind: str, hear: Callable[[Sequence[str], int], None]) -> None:
        """Call `hear` with what others counted of a kind, and how often."""
        self._hearing[kind] = hear

    def add(self, kind: str, *of: str) -> None:
        """Count once, for others to hear of."""
        if self.shared and (len(self._counted) < MOST or (kind, *of) in self._counted):
            self._counted[kind, *of] += 1

    def take(self) -> Sequence[Row]:
        """What was counted since this was asked last."""
        counted, self._counted = self._counted, Counter()
        return list(counted.items())

    def hear(self, rows: Sequence[Row]) -> None:
        """Take in what another process counted."""
        for (kind, *of), count in rows:
            if kind in self._hearing:
                self._hearing[kind](of, count)
