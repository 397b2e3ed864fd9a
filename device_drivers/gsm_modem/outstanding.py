"""Assigns late results to the messages whose result is outstanding.

A modem gives its results in the order of the messages. When one was given up, and its result may have got lost or may
still come, the next result belongs to either; only a second result, or a reference that is too far on for the first
message, tells (TP-MR counts up by one: 3GPP TS 23.040 §9.2.3.6). Until then nothing is said of either. A third message
is not held up for that: by then the first result counts as lost.
"""

import threading
import time
from dataclasses import field

from bridge.dataclass import dataclass
from bridge.model.radio import Outgoing

#: seconds after which the result of a message that was given up does not come any more (u-blox: 3 minutes for +CMGS,
#: of which `send_timeout` has passed by then)
LATE_FOR = 60.0
#: TP-MR is one octet
_REFERENCES = 256


@dataclass(frozen=True, slots=True)
class Result:
    """The modem's result for a message: a reference if accepted, else the final result."""

    reference: int | None = None
    final: str = ""


@dataclass(slots=True, eq=False)
class Given:
    """A message whose PDU was sent."""

    outgoing: Outgoing
    #: what its result turned out to be
    result: Result | None = None
    #: monotonic seconds; 0 while somebody waits for its result
    given_up_at: float = field(default=0.0, kw_only=True)


class Outstanding:
    """Used by the worker thread, which hands over and waits, and by the reader thread, which brings late results."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._given: list[Given] = []
        self._results: list[Result] = []
        #: reference of the last message that was taken, as long as all messages since are in `_given`
        self._last: int | None = None

    def __bool__(self) -> bool:
        """Whether a result may still come."""
        with self._turn:
            self._drop_old()
            return bool(self._given)

    def hand_over(self, outgoing: Outgoing) -> Given:
        """The PDU is being sent."""
        with self._turn:
            self._drop_old()
            if self._results:  # it was not certain whose they are, and no more have come
                self._given, self._results, self._last = [], [], None
            given = Given(outgoing)
            self._given.append(given)
            return given

    def answered(self, given: Given, result: Result | None, patience: float) -> list[Given]:
        """The first result since `given`, if it came as an answer: returns the messages it settles.

        Waits `patience` seconds for another one while it is not certain whose it is.
        """
        with self._turn:
            if result is not None and not (result.final and self._is_complete()):
                self._results.insert(0, result)  # what came late meanwhile is behind it
            settled = self._settle()
            if given.result is None and self._turn.wait_for(self._is_complete, patience):
                settled += self._settle()
            return settled

    def late(self, result: Result) -> list[Given]:
        """A result that nobody waited for: returns the messages it settles."""
        with self._turn:
            self._drop_old()
            if self._given:
                self._results.append(result)
            self._turn.notify_all()
            # the one who waits for his own result looks through them all
            return [] if any(not given.given_up_at for given in self._given) else self._settle()

    def wait(self, patience: float) -> None:
        """Wait until nothing is outstanding, at most `patience` seconds after the last message was given up."""
        with self._turn:
            since = max((given.given_up_at for given in self._given), default=0.0)
            self._turn.wait_for(lambda: not self._given, since + patience - time.monotonic())

    def give_up(self, given: Given) -> list[Given]:
        """Stop waiting for a result that may still come; returns the messages settled nevertheless."""
        with self._turn:
            given.given_up_at = time.monotonic()
            return self._settle()

    def drop(self, given: Given) -> None:
        """Its result will not come."""
        with self._turn:
            if given in self._given:
                self._given.remove(given)
                self._last = None
                self._turn.notify_all()

    @property
    def is_ambiguous(self) -> bool:
        """Whether a result has come that may belong to one of several messages."""
        with self._turn:
            return bool(self._results) and not self._is_complete()

    # -- with the turn held -----------------------------------------------------------------------
    def _drop_old(self) -> None:
        now = time.monotonic()
        kept = [given for given in self._given if not given.given_up_at or now - given.given_up_at < LATE_FOR]
        if len(kept) < len(self._given):
            self._given, self._last = kept, None
        if not kept:
            self._results.clear()

    def _is_complete(self) -> bool:
        return len(self._results) >= len(self._given)

    def _settle(self) -> list[Given]:
        """Assign results where certain."""
        if not self._is_complete() and (ahead := self._ahead()):
            self._given = self._given[ahead:]  # the results of those before got lost
        if not self._given or not self._is_complete():
            return []
        settled, results = self._given, self._results
        self._given, self._results = [], []
        for given, result in zip(settled, results, strict=False):
            given.result = result
            # a refused message may have used up a reference
            self._last = result.reference
        self._turn.notify_all()
        return settled

    def _ahead(self) -> int:
        """How many messages the only result cannot belong to, because its reference is too far ahead."""
        if len(self._results) != 1 or self._last is None or self._results[0].reference is None:
            return 0
        ahead = (self._results[0].reference - self._last - 1) % _REFERENCES
        return ahead if ahead == len(self._given) - 1 else 0
