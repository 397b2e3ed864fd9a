"""Notices that a modem is silent, and decides how to recover it, mildest stage first, and how often. No I/O."""

import logging
import time
from collections.abc import Callable
from enum import StrEnum

from device_drivers.gsm_modem.tries import Tries

log = logging.getLogger(__name__)

#: seconds without a byte before the modem is asked for a sign of life
WATCH_EVERY = 30.0
#: questions without an answer before it is restarted
MISSES = 3
#: after a miss the next question comes this much sooner
HURRY = 10.0
#: times that it is opened in vain before USB is reset, and before the configured command runs
REOPENS, REOPENS_BEFORE_COMMAND = 2, 3


class Stage(StrEnum):
    """Recovery stages in order."""

    #: it was asked for a sign of life, and gave none
    PROBE = "probe"
    #: ESC, late answers run out, asked something unmistakable
    RESYNC = "resync"
    #: AT+CFUN=1,1 or the maker's own command, into the dark
    RESTART = "restart"
    #: the port was closed and opened again
    REOPEN = "reopen"
    #: its USB device was reset, as if it had been plugged out and in
    USB_RESET = "usb_reset"
    #: the configured command ran
    COMMAND = "command"


_WORDS = {
    Stage.PROBE: "does not answer",
    Stage.RESYNC: "does not answer: leaving any prompt and asking again",
    Stage.RESTART: "does not answer: told to restart",
    Stage.REOPEN: "does not answer: its port was opened again",
    Stage.USB_RESET: "does not answer: its USB device is reset",
    Stage.COMMAND: "does not answer: recovery_command runs",
}
#: what is hard on the device is not done again before this has passed, in seconds, and twice that the next time
_REST = {Stage.RESTART: 30.0, Stage.USB_RESET: 60.0, Stage.COMMAND: 60.0}
#: one that answered for so long, in seconds, is treated as one that never failed
_WELL_FOR = 3600.0


class Recovery:
    """The recovery of one device while the bridge runs; `took` counts stages."""

    def __init__(self, device: str, took: Callable[[str], None], now: Callable[[], float] = time.monotonic) -> None:
        self._device = device
        self._took = took
        self._now = now
        #: the stages that were tried since the modem answered last
        self.tried: set[Stage] = set()
        self._tries = {stage: Tries() for stage in _REST}
        self._failed_opens = 0

    def count_for(self, took: Callable[[str], None]) -> None:
        """Another bridge of this process has taken over the device."""
        self._took = took

    def may(self, stage: Stage) -> bool:
        """Whether enough time has passed since the stage was last taken."""
        tries = self._tries.get(stage)
        return tries is None or self._now() >= tries.due

    def take(self, stage: Stage) -> None:
        """Take a stage: counted each time, logged once per outage."""
        self._took(stage.value)
        if stage not in self.tried:
            log.warning("%s: the modem %s", self._device, _WORDS[stage])
        self.tried.add(stage)
        if (rest := _REST.get(stage)) is not None:
            if self._now() > self._tries[stage].due + _WELL_FOR:
                self._tries[stage] = Tries()
            self._tries[stage].fail(rest, self._now())

    def answered(self) -> None:
        """The modem answers: the next recovery begins with the first stage."""
        if self.tried:
            log.info("%s: the modem answers again", self._device)
        self.tried.clear()
        self._failed_opens = 0

    def failed_to_open(self, silent: bool) -> Stage | None:
        """Opening failed because the modem was `silent` or its port gone: the stage to take now."""
        if not silent and not self.tried:
            return None  # unplugged: nothing to recover
        self._failed_opens += 1
        if silent:
            self.take(Stage.REOPEN)
        if self._failed_opens >= REOPENS and silent and Stage.USB_RESET not in self.tried and self.may(Stage.USB_RESET):
            return Stage.USB_RESET
        if self._failed_opens >= REOPENS_BEFORE_COMMAND and self.may(Stage.COMMAND):
            self.tried.discard(Stage.USB_RESET)  # then from there on again
            return Stage.COMMAND
        return None


class Watchdog:
    """Counts the silences of one open modem."""

    def __init__(self, interval: float = WATCH_EVERY) -> None:
        self._interval = interval
        self._misses = 0
        self._missed_at = 0.0

    def due_at(self, now: float, heard_at: float, in_step: bool) -> float:
        """When to query next, for a modem last heard at `heard_at`; monotonic seconds."""
        if self._misses:
            return self._missed_at + self._interval / HURRY
        return heard_at + self._interval if in_step else now

    def answered(self) -> bool:
        """The modem answered; returns whether that was in doubt."""
        missed, self._misses = self._misses > 0, 0
        return missed

    def missed(self, now: float) -> Stage:
        """The modem did not answer: the stage to take. The next query begins with ESC."""
        self._misses += 1
        self._missed_at = now
        if self._misses >= MISSES:
            return Stage.RESTART
        return Stage.PROBE if self._misses == 1 else Stage.RESYNC
