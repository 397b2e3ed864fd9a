"""What to do about a modem that falls silent: ask, ask again, restart it, let go of it. No I/O."""

from enum import Enum

#: seconds without a byte before the modem is asked for a sign of life
WATCH_EVERY = 30.0
#: questions without an answer before it is restarted
MISSES = 3
#: after a miss the next question comes this much sooner
HURRY = 10.0


class Step(Enum):
    """The stages, mildest first."""

    #: leave any prompt, drain, and ask once more
    ASK_AGAIN = "ask again"
    #: AT+CFUN=1,1 into the dark, then give the device back: it is opened anew when it has enumerated
    RESTART = "restart"


class Watchdog:
    """Counts silences of one modem."""

    def __init__(self, interval: float = WATCH_EVERY) -> None:
        self._interval = interval
        self._misses = 0
        self._missed_at = 0.0

    def due_at(self, now: float, heard_at: float, in_step: bool) -> float:
        """When the next question is due, for a modem that was heard at `heard_at`; monotonic seconds all."""
        if self._misses:
            return self._missed_at + self._interval / HURRY
        return heard_at + self._interval if in_step else now

    def answered(self) -> bool:
        """It lives; whether that was in doubt."""
        missed, self._misses = self._misses > 0, 0
        return missed

    def missed(self, now: float) -> Step:
        """It did not answer: what to do now."""
        self._misses += 1
        self._missed_at = now
        return Step.RESTART if self._misses >= MISSES else Step.ASK_AGAIN
