"""What loop-backs have shown so far, for the metrics: a plain object for each pair of lines."""

from dataclasses import dataclass, field

#: upper bounds in seconds; networks take one to ten, one that holds a message back takes minutes
BOUNDS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)


@dataclass(slots=True)
class Figures:
    """Loop-backs from one line to another since the bridge started; late ones count with their true time."""

    sender: str
    receiver: str
    #: how many arrived within each of `BOUNDS` and not within the one before it; the last: later than all of them
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    #: of all that arrived
    seconds_sum: float = 0.0
    #: the last one's; None when none arrived
    seconds_last: float | None = None
    #: did not arrive by the deadline; they may have later
    lost: int = 0
    #: Unix ms, known after a restart too; 0 for never
    last_success_at: int = 0

    @property
    def arrived(self) -> int:
        """How many did."""
        return sum(self.buckets)

    def count(self, seconds: float, at: int) -> None:
        """One arrived after so long, at `at` (Unix ms)."""
        self.buckets[next((place for place, bound in enumerate(BOUNDS) if seconds <= bound), len(BOUNDS))] += 1
        self.seconds_sum += seconds
        self.seconds_last = seconds
        self.last_success_at = at
