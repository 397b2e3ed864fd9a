"""Other bridges on the same database, as this one knows them."""

from collections.abc import Sequence

from bridge.dataclass import dataclass
from bridge.model.line import Line


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another bridge."""

    name: str
    version: str
    #: ms since its last sign of life, by the server's clock
    silent_ms: int
    #: it said that it ends
    ended: bool
    #: of its devices, as it told them last
    lines: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class Beat:
    """What a sign of life brings back."""

    #: this bridge does what only one does, until it is told otherwise
    on_duty: bool
    #: Unix ms by the server's clock
    at: int
