"""How far what is known here of a site is behind what happens there."""

import time
from collections.abc import Callable

#: ms; an event that came within this is news
_FRESH = 5_000
#: seconds without a word, from which on the silence counts: the site says at least every 15 that it is there
_QUIET = 20.0


class Lag:
    """What was heard of the site, and when."""

    def __init__(
        self,
        patience: float,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = lambda: time.time() * 1000,
    ) -> None:
        """`clock` in seconds, `now` in Unix ms."""
        self._quiet = min(_QUIET, patience)
        self._clock = clock
        self._now = now
        self._heard_at = clock()
        #: ms by which the last event was late
        self._late = 0

    def heard(self, at: int) -> None:
        """The site told an event of this moment, Unix ms by our clock; 0 when it only said that it is there."""
        self._heard_at = self._clock()
        late = int(self._now()) - at if at else 0
        self._late = late if late > _FRESH else 0

    def silence(self) -> float:
        """Seconds since it was heard."""
        return self._clock() - self._heard_at

    def ms(self, round_trip: int) -> int:
        """How far behind; `round_trip`: ms that an answer takes."""
        silent = self.silence()
        return max(round_trip, self._late, round(silent * 1000) if silent > self._quiet else 0)
