"""Decides when to query the phone's store again; each query costs the phone half a second of work.

Where the radio log has told of an SMS before its row was there, looks come rarely and the log calls for them. A row
that came without a word in the log ends that, until the log has proved itself again. Pure; seconds, monotonic.
"""

#: so long after a hint the row may come, and these are the pauses between the looks for it
PATIENCE, PAUSES = 30.0, (0.0, 0.5, 0.5, 1.0, 2.0, 4.0, 8.0)
#: a line of the log may be heard so long after the row that it is about was found
LATE = 3.0
#: the log is listened to again so long after it ended, and each time later where a phone does not let it be heard
AGAIN, SELDOM = 10.0, 600.0
#: the pauses after a hint that something else has changed
SOON = (0.0, 1.0)


class Polling:
    """The polling of one phone: every `interval` normally, every `idle` when its log is reliable."""

    def __init__(self, interval: float, idle: float, trusted: bool = False) -> None:
        self._interval, self._idle = interval, max(interval, idle)
        #: the log tells of what comes in
        self.trusted = trusted
        #: when an SMS was announced that was not found yet
        self._announced: float | None = None
        self._unannounced: float | None = None
        self._pauses: list[float] = []
        #: when it was listened to, when that ended, and how long that is left so
        self._heard_from = 0.0
        self._deaf_from: float | None = None
        self._again = AGAIN

    def listens(self, now: float) -> None:
        """The log is listened to."""
        self._heard_from, self._deaf_from = now, None

    def may_listen(self, now: float) -> bool:
        """Whether the log, which ended, is to be listened to again."""
        return self._deaf_from is not None and now - self._deaf_from > self._again

    def announced(self, now: float) -> None:
        """The log announced an SMS."""
        if self._unannounced is not None and now - self._unannounced < LATE:
            self.trusted, self._unannounced = True, None
            return
        self._announced = now
        self._pauses = list(PAUSES)

    def stirred(self) -> None:
        """The log reported another change."""
        self._pauses = self._pauses or list(SOON)

    def deaf(self, now: float) -> None:
        """The log has ended."""
        self.trusted, self._deaf_from = False, now
        self._again = AGAIN if now - self._heard_from > AGAIN else min(2 * self._again, SELDOM)

    def found(self, came: bool, now: float, asked: float) -> None:
        """A query that was `asked` at that moment is done, with or without a new SMS."""
        if came and self._announced is not None and self._announced >= asked:
            self.trusted = True  # of another SMS, perhaps: its row may not have been there yet
        elif came and self._announced is not None:
            self.trusted, self._announced, self._pauses = True, None, []
        elif came:
            self.trusted, self._unannounced = False, now
        elif self._announced is not None and now - self._announced > PATIENCE:
            self._announced = None

    def pause(self, in_doubt: bool) -> float:
        """Seconds until the next query. `in_doubt`: a message's trace is being looked for."""
        rest = self._idle if self.trusted and not in_doubt else self._interval
        if self._pauses:
            return min(self._pauses.pop(0), rest)
        return min(PAUSES[-1], rest) if self._announced is not None else rest
