"""The serial connection to a modem: one port, one reader thread, one question at a time.

`Transport` takes the place of the library's own transport under its modem class, so the library's connect and write
come here.
"""

import logging
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import serial
from gsmmodem.exceptions import TimeoutException
from gsmmodem.serial_comms import SerialComms

from device_drivers._silence import Silence
from device_drivers.gsm_modem import port_reader
from device_drivers.gsm_modem.answers import Answer, Dialogue, Failed, Misshapen, News, Silent, Unresponsive
from device_drivers.gsm_modem.framing import OK

log = logging.getLogger(__name__)

ESC = "\x1b"
CTRL_Z = "\x1a"

#: seconds without a byte that count as quiet
QUIET = 0.05
#: seconds for the right answer after an OK that came without what it must tell; it also bounds how often that happens
SHAPE_GRACE = 1.0
#: what wakes a modem; then results in words, for another program may have chosen numbers, or none
KNOCK = ("AT", "AT", "ATE0Q0V1")
#: seconds that the network has to take a message before its modem is suspected
SENDING = 10.0
#: what follows the name of a command: it may be a secret, or new each time
_COMMAND = re.compile("[=?;]")
#: what brings a modem back into step: a question whose answer carries its name cannot be mistaken for a late one.
#: Before the second try, results are asked for in words: another program may have chosen numbers, or none
RESYNC = (("AT+CMGF?", True), ("ATE0Q0V1", False), ("AT+CMEE?", True), ("AT", False))


class PortLost(serial.SerialException):  # type: ignore[misc,unused-ignore]
    """The port is gone: unplugged, reset or closed."""


class Transport(SerialComms):  # type: ignore[misc]
    """Runs one question at a time and passes news to `notifyCallback` from the reader thread."""

    def __init__(
        self,
        port: str,
        baudrate: int = 115200,
        notifyCallbackFunc: Callable[[News], None] | None = None,  # noqa: N803 - the library's name
        fatalErrorCallbackFunc: Callable[[Exception], None] | None = None,  # noqa: N803 - the library's name
        *,
        rtscts: bool = False,
        dsrdtr: bool = False,
        patience: float = 10.0,
    ) -> None:
        super().__init__(port, baudrate, notifyCallbackFunc, fatalErrorCallbackFunc)
        self._rtscts, self._dsrdtr = rtscts, dsrdtr
        #: seconds an ordinary command may take
        self.patience = patience
        self._dialogue = Dialogue()
        #: guards the dialogue; told when an answer is complete or the port is gone
        self._turn = threading.Condition()
        self._told: Answer | None = None
        self._closing = threading.Event()
        self._loss: Exception | None = None
        #: False after a time-out: what comes next may belong to the past
        self.in_step = True
        #: how often the modem had to be brought back into step
        self.resyncs = 0
        #: a question that the modem answers with a line of its name, to be asked behind an ERROR that may be nobody's
        self.barrier = ""
        self._unsure = False
        #: it echoes commands
        self.always_echoes = False
        #: commands that this modem answers with a bare OK, as it did twice in a row, in step
        self._terse: set[str] = set()
        self._short: set[str] = set()
        #: monotonic seconds of the last byte heard
        self.heard_at = 0.0
        #: what it was asked and has not answered
        self.silence = Silence(lambda: self.heard_at)

    def connect(self) -> None:
        """Open the port exclusively, start listening and wake the modem. Raises serial.SerialException, Silent."""
        port = port_reader.open_exclusively(self.port, self.baudrate, self._rtscts, self._dsrdtr)
        self._closing = threading.Event()
        self._loss = None
        self.in_step = True
        self._dialogue.clear()
        self.serial = port
        self.alive = True
        self.heard_at = time.monotonic()
        self.rxThread = port_reader.start(port, self, self._closing)
        self.knock()

    def knock(self) -> None:
        """Leave an open prompt and wake the modem. Raises Silent when AT is not answered."""
        self._put(ESC)
        self._wait_for_quiet()
        patience = min(self.patience, 2.0)
        for command in KNOCK:
            self.in_step = True  # nothing has been asked yet that could come late
            with suppress(Silent):
                self.exchange(command, timeout=patience)
                return
        raise Silent("AT", len(KNOCK) * patience)

    def hang_up(self, reason: str = "the port was closed") -> None:
        """Stop listening and release waiters, without waiting."""
        self.alive = False
        if hasattr(self, "serial"):
            port_reader.hang_up(self.serial, self._closing)
            with suppress(Exception):
                self.serial.cancel_write()
        self._wake(PortLost(reason))

    def close(self) -> None:
        """Close the port; the reader thread has ended on return. Harmless when repeated."""
        self.hang_up()
        thread = getattr(self, "rxThread", None)
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    # -- asking ---------------------------------------------------------------------------------
    def ask(self, command: str, timeout: float | None = None) -> list[str]:
        """Run a command; returns the answer without the final OK. Raises Failed, Silent, PortLost."""
        answer = self.exchange(command, timeout=timeout)
        if not answer.ok:
            raise Failed(command, answer.final, answer.lines)
        return list(answer.lines)

    def exchange(
        self,
        text: str,
        ending: str = "\r",
        *,
        timeout: float | None = None,
        result: str = "",
        prompt: bool = False,
        named_only: bool = False,
        grace: float = SHAPE_GRACE,
    ) -> Answer:
        """Send a line and wait for its final result, at most `timeout` seconds between lines.

        Raises PortLost, Silent, and its kind Misshapen `grace` seconds after an OK without what it had to tell.
        """
        seconds = self.patience if timeout is None else timeout
        with self._txLock:
            if ending == "\r":
                self.come_into_step()
            with self._turn:
                self._dialogue.begin(
                    text, result=result, prompt=prompt, named_only=named_only, terse=text in self._terse
                )
            if result == "+CMGS":
                self.silence.asked("a message", least=SENDING)
            else:
                self.silence.asked("AT+CMGS" if prompt else _COMMAND.split(text, maxsplit=1)[0])
            self._put(text + ending)
            try:
                answer = self._take_answer(text, seconds, grace)
            except Misshapen:
                self.silence.answered()
                raise
            except Silent:
                self.silence.given_up()
                raise
            self.silence.answered()
        self._unsure = answer.final == "ERROR" and bool(self.barrier)
        return answer

    def _take_answer(self, text: str, seconds: float, grace: float) -> Answer:
        with self._turn:
            progress = -1
            while not self._is_nearly_answered() and self._dialogue.progress > progress:
                progress = self._dialogue.progress  # a long list goes on as long as something comes
                self._turn.wait_for(self._is_nearly_answered, seconds)
            if self._dialogue.is_nearly_answered:
                self._turn.wait_for(self._is_answered, min(grace, seconds))
            answer, short, so_far = self._dialogue.answer, self._dialogue.came_short, self._dialogue.abandon()
        if answer is not None:
            self._short.discard(text)
            return answer
        self._check_alive()
        self.in_step = False
        if self._dialogue.has_result:
            return Answer(so_far, OK)  # the OK got lost, or another program wanted it otherwise
        if not short:
            raise Silent(text, seconds, so_far)
        self._terse |= self._short & {text}
        self._short.add(text)
        raise Misshapen(text, seconds, so_far)

    def _is_answered(self) -> bool:
        """Whether this question is answered and earlier news was passed on, or no answer can come."""
        answer = self._dialogue.answer
        return not self.alive or (answer is not None and answer is self._told)

    def _is_nearly_answered(self) -> bool:
        return self._is_answered() or self._dialogue.is_nearly_answered

    def come_into_step(self) -> None:
        """Make sure that the next answer belongs to the next question. Raises Unresponsive, PortLost."""
        with self._turn:
            at_prompt = self._dialogue.at_prompt
        if at_prompt or not self.in_step:
            self.resync()
        elif self._unsure:
            self._unsure = False
            try:
                self.exchange(self.barrier, timeout=min(self.patience, 3.0), named_only=True)
            except Silent:
                self.resync()

    def resync(self) -> None:
        """Leave any prompt, let late answers pass, and ask something unmistakable. Raises Unresponsive, PortLost."""
        patience = min(self.patience, 3.0)
        with self._txLock:
            self.resyncs += 1
            for command, named_only in RESYNC:
                self._put(ESC)
                self._wait_for_quiet()
                self._forget_prompt()
                self.in_step = True  # or else asking would bring us back here
                self._unsure = False
                with suppress(Silent):
                    self.exchange(command, timeout=patience, named_only=named_only, grace=patience)
                    if named_only or command == "AT":
                        return
            raise Unresponsive("AT", patience)

    def break_off(self) -> None:
        """Leave a prompt that may still open, without waiting. Raises PortLost."""
        self._put(ESC)
        self.in_step = False

    def _forget_prompt(self) -> None:
        with self._turn:
            self._dialogue.forget_prompt()

    def expect_late_result(self, expected: bool) -> None:
        """A `+CMGS` was abandoned after its PDU was sent, or its result has come."""
        with self._turn:
            self._dialogue.expects_late_result = expected

    def pass_barrier(self, timeout: float) -> bool:
        """Whether the modem has finished all earlier commands. Interrupts nothing. Raises PortLost."""
        with self._txLock:
            self.in_step, self._unsure = True, False
            try:
                self.exchange(self.barrier or RESYNC[0][0], timeout=timeout, named_only=True, grace=timeout)
            except Silent:
                return False
            return True

    @property
    def finals_to_nothing(self) -> int:
        """The number of final results since the last PDU, or its answer, that ended nothing that was asked."""
        return self._dialogue.finals_to_nothing

    def count_echoes(self) -> int:
        """The number of echoed lines since the last call."""
        with self._turn:
            count, self._dialogue.echoes = self._dialogue.echoes, 0
        return count

    @property
    def stragglers(self) -> int:
        """The number of lines that came for a question already answered."""
        return self._dialogue.stragglers

    @property
    def echoes_again(self) -> bool:
        """Whether a line was echoed since the last count, on a modem that does not usually echo."""
        return not self.always_echoes and self._dialogue.echoes > 0

    def _wait_for_quiet(self) -> None:
        """Wait until nothing has come for a moment, with a limit, as some modems never stop."""
        deadline = time.monotonic() + 10 * QUIET
        self._closing.wait(QUIET)
        while time.monotonic() - self.heard_at < QUIET and time.monotonic() < deadline:
            self._closing.wait(QUIET / 2)

    def _put(self, text: str) -> None:
        self._check_alive()
        try:
            self.serial.put(text.encode("latin-1", "replace"))
        except (OSError, TypeError) as error:
            self.lost(error)
            self._check_alive()

    def _check_alive(self) -> None:
        if not self.alive:
            raise PortLost(str(self._loss or "the port is closed"))

    # -- the library's way ----------------------------------------------------------------------
    def write(
        self,
        data: str,
        waitForResponse: bool = True,  # noqa: N803 - the library's name
        timeout: float = 10,
        expectedResponseTermSeq: str | None = None,  # noqa: N803 - the library's name
    ) -> list[str] | None:
        """Called by the library: returns the answer with its final line. Raises TimeoutException, PortLost."""
        text, ending = data[:-1], data[-1:]
        if not waitForResponse:
            with self._txLock:
                self._put(data)
            return None
        result = "+CMGS" if ending == CTRL_Z else ""
        try:
            answer = self.exchange(
                text, ending, timeout=timeout, result=result, prompt=expectedResponseTermSeq is not None
            )
        except Misshapen as short:
            return [*short.answer, OK]  # what it gave, and nothing more
        except Silent as silent:
            raise TimeoutException(list(silent.answer) or None) from silent
        return [*answer.lines, answer.final]

    # -- the reader thread ----------------------------------------------------------------------
    def heard(self, data: bytes) -> None:
        """Take in what the modem said; called by the reader thread."""
        self.heard_at = time.monotonic()
        with self._turn:
            news = self._dialogue.feed(data)
            answer, short = self._dialogue.answer, self._dialogue.is_nearly_answered
        # news first: it must be processed before the code that waits for the answer continues
        for item in news:
            try:
                self.notifyCallback(item)
            except Exception:
                # not the item itself: it may be an SMS
                log.exception("%s: could not make anything of a %s", self.port, type(item).__name__)
        if answer is not None or short:
            with self._turn:
                self._told = answer
                self._turn.notify_all()

    def lost(self, error: Exception) -> None:
        """The port is gone; called by the reader thread, and by a write that fails."""
        if not self._wake(error) or self._closing.is_set():
            return
        log.info("%s: lost: %s", self.port, error)
        self._closing.set()
        with suppress(Exception):
            self.serial.cancel_read()
        self.fatalErrorCallback(error)

    def _wake(self, error: Exception) -> bool:
        """Release waiters; True the first time."""
        with self._turn:
            first = self._loss is None
            if first:
                self._loss = error
            self.alive = False
            self._turn.notify_all()
        return first
