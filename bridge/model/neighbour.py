"""Bridges on the same database, as each of them knows the others."""

from collections.abc import Sequence
from dataclasses import replace

from bridge.dataclass import dataclass
from bridge.model.line import Line, LineState

#: signs of life that may be missing before another takes over
MISSED = 3


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A bridge of a database."""

    name: str
    version: str
    #: ms since its last sign of life, by the server's clock
    silent_ms: int
    #: it said that it ends
    ended: bool
    #: of its devices, as it told them last
    lines: Sequence[Line] = ()
    #: what it does of the work of a bridge; "" for one of a release that does not tell
    role: str = ""
    #: it does what only one does
    on_duty: bool = False

    def is_there(self, lease: float) -> bool:
        """Whether it gives signs of life; `lease`: seconds for which it may be silent."""
        return not self.ended and self.silent_ms <= lease * 1000

    def seen(self, lease: float) -> "Neighbour":
        """The same with its name at its lines, and with what is wrong with them where it is away."""
        away: dict[str, str] = {}
        if not self.is_there(lease):
            how = "has ended" if self.ended else f"was last heard of {self.silent_ms // 1000} s ago"
            away = {"state": LineState.ABSENT, "reason": f"its bridge, {self.name}, {how}"}
        return replace(self, lines=[replace(line, bridge=self.name, **away) for line in self.lines])  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Beat:
    """What a sign of life brings back."""

    #: this bridge does what only one does, until it is told otherwise
    on_duty: bool
    #: Unix ms by the server's clock
    at: int
